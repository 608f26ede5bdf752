"""The door for calls (FreeSWITCH connects to us) and the link for everything else (we connect)."""

import asyncio
import hmac
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
import structlog
from gevent.server import StreamServer
from greenswitch.esl import NotConnectedError

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.freeswitch.connection import Connection, reply_text
from callcenter.pbx.freeswitch.esl_wire import Block, EslEvent, Headers, line
from callcenter.pbx.freeswitch.hub import GeventThread
from callcenter.pbx.freeswitch.sessions import CallSession, InboundSession
from callcenter.pbx.port import NodeLost

_log = structlog.get_logger(__name__)
PING = "api strepoch"
"""Costs FreeSWITCH nothing."""
PING_SECONDS = 5.0
_GREETING_SECONDS = 5.0
_RETRIES = (0.2, 0.5, 1.0, 2.0, 5.0)

Arrived = Callable[[Connection, Headers], None]


class CallDoor:
    """Takes the connections of channels. Its own accept loop: greenswitch's sleeps a tenth of a
    second. ``key`` must be among the channel's variables; whoever lacks it is hung up on."""

    def __init__(
        self, thread: GeventThread, host: str, port: int, key: str, arrived: Arrived
    ) -> None:
        self._thread, self._host, self._port, self._key = thread, host, port, key
        self._arrived = arrived
        self._loop = asyncio.get_running_loop()
        self._server: StreamServer | None = None
        self._open: set[Any] = set()

    async def start(self) -> None:
        """Listen.

        Raises:
            PbxProblem: the port cannot be had.
        """
        begun: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._thread.spawn(lambda: self._listen(begun))
        if why := await begun:
            raise PbxProblem(
                f"Calls cannot be taken at {self._host}:{self._port} ({why}); free that port."
            )

    async def stop(self) -> None:
        """Take no more, and let go of the calls: they go round the dialplan's loop."""
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._thread.spawn(lambda: self._close(done))
        with suppress(TimeoutError):
            async with asyncio.timeout(_GREETING_SECONDS):
                await done

    def _listen(self, begun: "asyncio.Future[str]") -> None:
        listener = gevent.socket.socket()
        try:
            listener.setsockopt(gevent.socket.SOL_SOCKET, gevent.socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
            listener.listen(256)
            self._server = StreamServer(listener, self._take)
            self._server.start()
        except OSError as error:
            listener.close()
            self._thread.tell(begun.set_result, str(error))
            return
        self._thread.tell(begun.set_result, "")

    def _close(self, done: "asyncio.Future[str]") -> None:
        if self._server is not None:
            self._server.stop(timeout=0)
        gevent.joinall([gevent.spawn(session.close) for session in list(self._open)])
        self._thread.tell(_finish, done, "")

    def _take(self, sock: Any, address: Any) -> None:
        connection = Connection(self._thread, self._loop)

        def ended(why: str) -> None:
            self._open.discard(session)
            connection.ended(why)

        session = CallSession(address, sock, on_event=connection.heard, on_end=ended)
        self._open.add(session)
        connection.use(session)
        try:
            with gevent.Timeout(_GREETING_SECONDS, PbxProblem("it says nothing")):
                about = session.send("connect").headers
                _require_key(about, self._key)
                for command in ("linger 10", "myevents json"):
                    session.send(command)
        except (PbxProblem, NotConnectedError, OSError) as error:
            _log.warning("a connection for a call was refused", peer=str(address), why=str(error))
            session.close()
            return
        self._thread.tell(self._arrived, connection, about)


class EventLink:
    """Our connection to FreeSWITCH: comes back by itself, asks again for its events.

    ``on_up`` runs when commands are taken and events come, ``on_down`` with why when not.
    """

    def __init__(
        self,
        thread: GeventThread,
        host: str,
        port: int,
        password: str,
        *,
        events: str,
        on_event: Callable[[EslEvent], None],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
    ) -> None:
        self._thread, self._host, self._port, self._password = thread, host, port, password
        self._events, self._on_event = events, on_event
        self._on_up, self._on_down = on_up, on_down
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect, for ever."""
        self._task = asyncio.create_task(self._keep(), name="freeswitch events")

    async def stop(self) -> None:
        """Disconnect and stay so."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def api(self, *words: str) -> str:
        """Run an API command; its answer, ``-ERR ...`` included.

        Raises:
            NodeLost: there is no connection. The command may still have been carried out; nothing
                is ever sent again.
        """
        return reply_text(await self._ask(line("api", *words)))

    async def send(self, command: str) -> str:
        """Any other command; its reply."""
        return reply_text(await self._ask(command))

    async def _ask(self, command: str) -> Block:
        if self._connection is None:
            raise NodeLost("FreeSWITCH is not connected.")
        return await self._connection.ask(command)

    async def _keep(self) -> None:
        tries, told = 0, ""
        while True:
            connection = Connection(self._thread, asyncio.get_running_loop())
            try:
                await self._connect(connection)
                self._connection, tries, told = connection, 0, ""
                self._on_up()
                connection.listen(self._on_event)
                why = f"{await self._end_of(connection)}."
            except PbxProblem as error:
                why = str(error)
            finally:
                self._connection = None
                await connection.closed()
            if why != told:
                _log.warning("FreeSWITCH's event socket is away", why=why)
                self._on_down(why)
            told = why
            await asyncio.sleep(_RETRIES[min(tries, len(_RETRIES) - 1)])
            tries += 1

    @staticmethod
    async def _end_of(connection: Connection) -> str:
        """Asks now and then whether FreeSWITCH is still there; no reply in time is the end."""
        while not connection.over.done():
            await asyncio.wait([connection.over], timeout=PING_SECONDS)
            with suppress(NodeLost):
                await connection.ask(PING)
        return connection.over.result()

    async def _connect(self, connection: Connection) -> None:
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def work() -> None:
            session = InboundSession(
                self._host,
                self._port,
                self._password,
                on_event=connection.heard,
                on_end=connection.ended,
            )
            connection.use(session)
            if not connection.over.done():  # we were stopped meanwhile
                self._thread.tell(_finish, done, self._begin(session))

        self._thread.spawn(work)
        if why := await done:
            raise PbxProblem(why)

    def _begin(self, session: InboundSession) -> str:
        """Connect, log in and ask for events; why not, in a sentence."""
        silent = PbxProblem(f"FreeSWITCH at {self._host}:{self._port} does not speak to us.")
        try:
            with gevent.Timeout(_GREETING_SECONDS, silent):
                session.connect()
                session.send(f"event json {self._events}")
        except PbxProblem as error:
            return str(error)
        except (NotConnectedError, OSError) as error:
            why = session.why or getattr(error, "strerror", "") or str(error).rstrip(".")
            return (
                f"FreeSWITCH's event socket {self._host}:{self._port} cannot be reached ({why}); "
                "start FreeSWITCH or correct the address."
            )
        return ""


def _finish(done: "asyncio.Future[str]", why: str) -> None:
    if not done.done():
        done.set_result(why)


def _require_key(about: Headers, key: str) -> None:
    shown = about.get("variable_cc_door", "")
    if not key or not hmac.compare_digest(shown.encode(), key.encode()):
        raise PbxProblem("it does not know the key")
