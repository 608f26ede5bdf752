"""The process: settings, database, PBX, engine and API put together, in order, and taken apart.

The only module that names a concrete PBX.
"""

import asyncio
import gc
import logging
import logging.handlers
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from callcenter.engine import Engine
from callcenter.kernel import schema
from callcenter.kernel.clock import Clock, LoopClock
from callcenter.kernel.database import open_database
from callcenter.kernel.errors import BadSettings, CallCenterError
from callcenter.kernel.mail import Smtp
from callcenter.numbers import Numbers, load_numbers
from callcenter.pbx import embedded
from callcenter.pbx.asterisk import AsteriskLink, AsteriskNode
from callcenter.pbx.port import Pbx
from callcenter.records import Storage
from callcenter.services import EngineServices, Sounds
from callcenter.settings import ExternalAsterisk, ExternalFreeswitch, Settings
from callcenter.web.server import ApiServer
from callcenter.web.tcp import TcpDoor

_log = structlog.get_logger(__name__)
_LOG_BYTES = 20 << 20


def run(
    settings: Settings, *, with_pbx: bool = True, say: Callable[[str], None] = lambda _: None
) -> None:
    """Run the engine until SIGINT, SIGTERM or a stop over the API; blocking.

    ``with_pbx`` also starts the embedded PBX (or adopts the one that runs) unless another one is
    configured, and ends it at the end. ``say`` is told when calls can come.

    Raises:
        CallCenterError: it cannot start; one sentence says why and what to do.
    """
    configure_logging(settings)
    asyncio.run(_App(settings, with_pbx=with_pbx and settings.external is None, say=say).run())


def configure_logging(settings: Settings) -> None:
    """Log lines go to ``home/log/engine.log``; warnings and worse also to stderr."""
    folder = settings.home / "log"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = logging.handlers.RotatingFileHandler(
            folder / "engine.log", maxBytes=_LOG_BYTES, backupCount=5, encoding="utf-8"
        )
    except OSError as error:
        raise BadSettings(f"The log folder {folder} cannot be used: {error}.") from None
    stderr = logging.StreamHandler()
    stderr.setLevel(logging.WARNING)
    logging.basicConfig(
        level=settings.log_level.upper(), handlers=[file, stderr], format="%(message)s", force=True
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(
            getattr(logging, settings.log_level.upper())
        ),
        cache_logger_on_first_use=True,
    )


class _App:
    """One life of the process."""

    def __init__(self, settings: Settings, *, with_pbx: bool, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self._with_pbx = with_pbx
        self._stopping = asyncio.Event()
        self._started_pbx = False
        self._lived = False
        self._api = ApiServer()
        self._http = TcpDoor.of(settings.http, settings.http_certificate, settings.http_key)

    async def run(self) -> None:
        settings = self._settings
        self._api.claim(settings.socket)
        try:
            await asyncio.to_thread(schema.check, settings.database_url)
            database = open_database(settings.database_url)
            with database.connect() as connection:
                numbers = load_numbers(connection)
            clock = _clock(settings)
            pbx = await self._pbx(numbers, clock)
            try:
                engine = Engine(
                    pbx=pbx,
                    clock=clock,
                    database=database,
                    journal=settings.journal,
                    recordings=settings.recordings,
                    storage=Storage.of(settings),
                    local_requests=settings.local_requests,
                    smtp=_smtp(settings),
                )
                await self._live(engine)
            finally:
                await self._end_pbx()
            database.dispose()
        finally:
            await self._api.stop()

    async def _end_pbx(self) -> None:
        """End the PBX when we were told to stop, or started it in vain.

        Not when the engine broke down while it ran: its calls live on and wait for the next one.
        """
        in_vain = self._started_pbx and not self._lived
        if self._with_pbx and (self._stopping.is_set() or in_vain):
            await asyncio.to_thread(embedded.stop, self._settings)

    async def _live(self, engine: Engine) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        sounds = Sounds(
            built_in=self._settings.prompts,
            program=lambda name: embedded.tool(self._settings, name),
        )
        services = EngineServices(engine, self._stopping.set, lambda: self._apply(engine), sounds)
        if self._settings.external is None:
            engine.on_prompts = self._apply_rings
        try:
            await engine.start()
            await services.live.start()
            # What is loaded stays: a full collection would walk it while no call is served.
            gc.collect()
            gc.freeze()
            await self._api.start(services, self._settings.socket, self._http)
            self._lived = True
            self._say(self._greeting())
            _log.info("engine is up", socket=str(self._settings.socket), http=self._api.http)
            await self._until_stopped(engine)
        finally:
            await self._api.stop()
            await services.live.stop()
            if self._with_pbx and self._stopping.is_set():
                await engine.hang_up_all()
            await engine.stop()
            _log.info("engine has stopped")

    def _greeting(self) -> str:
        state = embedded.running(self._settings) if self._settings.external is None else None
        where = f"; phones register at 127.0.0.1:{state.sip_port} (UDP)" if state else ""
        return f"The engine is up{where}."

    async def _until_stopped(self, engine: Engine) -> None:
        stopped = asyncio.create_task(self._stopping.wait())
        failed = asyncio.create_task(engine.failed())
        await asyncio.wait({stopped, failed}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if failed.done():
            _log.error("a part of the engine has failed", error=repr(failed.exception()))
            failed.result()
        failed.cancel()

    async def _pbx(self, numbers: Numbers, clock: LoopClock) -> Pbx:
        if self._settings.external is not None:
            return external_node(self._settings, self._settings.external, clock)
        state = await asyncio.to_thread(self._embedded_state, numbers)
        return embedded_node(self._settings, state, clock)

    def _embedded_state(self, numbers: Numbers) -> embedded.EmbeddedState:
        if state := embedded.running(self._settings):
            return state
        if not self._with_pbx:
            raise BadSettings(
                "No PBX runs and none is configured; run `callcenter pbx start`, or `callcenter up`"
                " without --no-pbx, or set [asterisk] or [own_freeswitch] in the settings."
            )
        accounts, trunks = sip_plan(numbers)
        for sentence in embedded.lacks(self._settings):
            _log.warning("the PBX cannot do all", why=sentence)
        embedded.write_config(self._settings, accounts, trunks)
        self._started_pbx = True
        return embedded.start(self._settings)

    async def _apply_rings(self) -> None:
        """A new prompt may be a colour ring, which the PBX must have seen."""
        try:
            await asyncio.to_thread(embedded.reload_rings, self._settings)
        except CallCenterError as error:
            _log.error("colour rings are not up to date", why=str(error))

    async def _apply(self, engine: Engine) -> None:
        if self._settings.external is None:
            accounts, trunks = sip_plan(engine.snapshot.now.numbers)
            await asyncio.to_thread(embedded.reload_accounts, self._settings, accounts, trunks)


def external_node(
    settings: Settings, external: ExternalAsterisk | ExternalFreeswitch, clock: Clock
) -> Pbx:
    """The engine's side of a PBX that somebody else runs."""
    sounds, tenant_sounds = settings.prompts, settings.home / "prompts"
    if isinstance(external, ExternalFreeswitch):
        from callcenter.pbx.freeswitch import FreeswitchLink, FreeswitchNode

        return FreeswitchNode(
            FreeswitchLink(
                event_host=external.event_host,
                event_port=external.event_port,
                event_password=external.event_password.get_secret_value(),
                call_host=external.call_host,
                call_port=external.call_port,
                call_key=external.call_key.get_secret_value(),
                sounds=sounds,
                tenant_sounds=tenant_sounds,
            ),
            clock,
        )
    return AsteriskNode(
        AsteriskLink(
            ami_host=external.ami_host,
            ami_port=external.ami_port,
            ami_user=external.ami_user,
            ami_secret=external.ami_secret.get_secret_value(),
            fastagi_host=external.fastagi_host,
            fastagi_port=external.fastagi_port,
            fastagi_key=external.fastagi_key.get_secret_value(),
            sounds=sounds,
            tenant_sounds=tenant_sounds,
        ),
        clock,
    )


def embedded_node(settings: Settings, state: embedded.EmbeddedState, clock: Clock) -> Pbx:
    """The engine's side of the embedded PBX."""
    sounds, tenant_sounds = settings.prompts, settings.home / "prompts"
    if settings.pbx == "freeswitch":
        # Imported here: gevent comes with it, and most run an Asterisk.
        from callcenter.pbx.freeswitch import FreeswitchLink, FreeswitchNode

        return FreeswitchNode(
            FreeswitchLink(
                event_host="127.0.0.1",
                event_port=state.ami_port,
                event_password=state.ami_secret,
                call_host="127.0.0.1",
                call_port=state.fastagi_port,
                call_key=state.fastagi_key,
                sounds=sounds,
                tenant_sounds=tenant_sounds,
                lamps=embedded.lamps(settings),
            ),
            clock,
        )
    return AsteriskNode(
        AsteriskLink(
            ami_host="127.0.0.1",
            ami_port=state.ami_port,
            ami_user=state.ami_user,
            ami_secret=state.ami_secret,
            fastagi_host="127.0.0.1",
            fastagi_port=state.fastagi_port,
            fastagi_key=state.fastagi_key,
            sounds=sounds,
            tenant_sounds=tenant_sounds,
        ),
        clock,
    )


def _smtp(settings: Settings) -> Smtp:
    return Smtp(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        tls=settings.smtp_tls,
        sender=settings.smtp_from,
    )


def _clock(settings: Settings) -> LoopClock:
    if not settings.clock_offset:
        return LoopClock()
    start = datetime.now(UTC) + timedelta(seconds=settings.clock_offset)
    _log.warning("the wall clock is turned", now=start.isoformat())
    return LoopClock(start)


def sip_plan(numbers: Numbers) -> tuple[list[embedded.SipAccount], list[embedded.SipTrunk]]:
    """Phones and trunks as the embedded PBX wants them."""
    return (
        [
            embedded.SipAccount(extension=e.number, secret=e.secret, name=e.name)
            for e in numbers.extensions.values()
        ],
        [
            embedded.SipTrunk(name=trunk.name, match=trunk.match, contact=trunk.contact)
            for trunk in numbers.trunks.values()
        ],
    )
