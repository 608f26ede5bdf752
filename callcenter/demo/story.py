"""The demo: one real call through the whole product, believed only as far as the phones saw it.

Three baresip softphones: two agents who register and log in by feature code, and a caller who
comes in by the trunk. Each line shown is something that a phone or the running engine reported.
"""

import asyncio
import json
import os
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from callcenter.demo import ears, tape
from callcenter.demo.seed import NUMBER, SEATS, SPARE, TRUNK_ADDRESS, DemoSecrets
from callcenter.demo.softphone import Softphone
from callcenter.demo.stage import EngineProcess, modules_of_baresip, prepare, sip_server
from callcenter.demo.tape import Tape
from callcenter.demo.told import Teller
from callcenter.kernel.errors import CallCenterError
from callcenter.pbx import embedded
from callcenter.settings import Settings

CALLER = "13800138000"
TALK_SECONDS = 5.0
_TONES = {"caller": 440.0, "1001": 660.0, "1002": 880.0}


class NotSeen(CallCenterError):
    """Something that had to happen was not observed; the demo has failed."""

    code = "not_seen"
    exit_status = 1


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The last line of ``--json``; times in seconds, levels RMS in dBFS."""

    calls_offered: int
    calls_answered: int
    wait_seconds: float
    talk_seconds: float
    seat: str
    cdr_legs: int
    recording: dict[str, Any]
    setup_seconds: float


def run(settings: Settings, *, as_json: bool = False, keep: bool = False) -> None:
    """Set up what is missing, make the call, show it (blocking).

    Raises:
        CallCenterError: something is missing or was not observed; one sentence says what.
    """
    began = float(os.environ.get("CALLCENTER_DEMO_STARTED") or time.time())
    teller = Teller(began)
    teller.heading("Setting up")
    secrets = prepare(settings, lambda line: teller.step("set-up", line))
    engine = EngineProcess(settings, stays=keep)
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    try:
        engine.start()
        teller.step("engine", "is up and connected to its PBX")
        summary = asyncio.run(_tell(settings, engine, secrets, teller))
    finally:
        engine.stop()
    if keep:
        _explain(settings, secrets, teller)
    if as_json:
        teller.plain(json.dumps(asdict(summary)))


async def _tell(
    settings: Settings, engine: EngineProcess, secrets: DemoSecrets, teller: Teller
) -> Summary:
    server = await sip_server(settings)
    with tempfile.TemporaryDirectory(prefix="cc-demo-") as folder:
        story = _Story(
            settings,
            engine=engine,
            secrets=secrets,
            teller=teller,
            server=server,
            folder=Path(folder),
        )
        try:
            return await story.tell()
        finally:
            await story.end()


class _Story:
    """The call, step by step."""

    def __init__(
        self,
        settings: Settings,
        *,
        engine: EngineProcess,
        secrets: DemoSecrets,
        teller: Teller,
        server: str,
        folder: Path,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._secrets = secrets
        self._teller = teller
        self._server = server
        self._folder = folder
        self._step = teller.step
        self._agents = {number: self._phone(number, "127.0.0.2") for number in SEATS}
        self._caller = self._phone("caller", TRUNK_ADDRESS)

    async def tell(self) -> Summary:
        """Everything, in order; raises :class:`NotSeen` at the first thing that is missing."""
        self._teller.heading("Two agents register their phones and log in")
        await asyncio.gather(*(self._log_in(number) for number in SEATS))
        setup_seconds = self._teller.seconds
        self._teller.heading("A customer calls")
        known = {row["id"] for row in await asyncio.to_thread(self._engine.client.cdrs)}
        await self._reach_the_queue()
        seat = await self._ring_and_talk()
        self._teller.heading("Afterwards")
        await self._wrap_up(seat)
        cdr = await self._cdr(known)
        file = self._settings.home / "demo-recording.wav"
        client = self._engine.client
        heard = await self._until(
            lambda: tape.fetch(client, cdr["id"], file), 10, "export the recording", threaded=True
        )
        return self._summary(cdr, heard, seat, setup_seconds)

    async def end(self) -> None:
        """Put every receiver down."""
        await asyncio.gather(*(phone.stop() for phone in (*self._agents.values(), self._caller)))

    # -- steps --------------------------------------------------------------------------------

    async def _log_in(self, number: str) -> None:
        phone, name = self._agents[number], SEATS[number]
        await phone.start()
        await phone.registered(within=10)
        self._step(name, f"phone {number} registered over SIP with its password")
        await phone.dial("*11")
        await phone.established(within=10)
        self._step(name, "dials *11")
        await self._until_heard(phone, "agent-number", within=10, partly=True)
        self._step(name, "is asked for her seat number, and keys in number and PIN")
        await phone.press(f"{number}#{self._secrets.pins[number]}#")
        await self._until_heard(phone, "login-ok", within=10)
        await phone.closed(within=10)
        row = await self._seat_is(number, status="ready", state="idle")
        self._step(name, f"hears that she is logged in; seat {number} is {row['status']}")

    async def _reach_the_queue(self) -> None:
        caller = self._caller
        await caller.start()
        await caller.dial(NUMBER)
        self._step("caller", f"dials {NUMBER}")
        await caller.established(within=10)
        await self._until_heard(caller, "welcome", within=10)
        self._step("caller", "hears the welcome")
        await self._until_heard(caller, "menu-main", within=10, partly=True)
        self._step("caller", "hears the menu and presses 1")
        await caller.press("1")
        await self._until_heard(caller, "please-wait", within=15)
        self._step("caller", "is asked to wait")

    async def _ring_and_talk(self) -> str:
        caller = self._caller
        rings = {asyncio.create_task(p.ringing(within=15)): n for n, p in self._agents.items()}
        done, pending = await asyncio.wait(rings, return_when=asyncio.FIRST_COMPLETED)
        seat = rings[done.pop()]
        phone, name = self._agents[seat], SEATS[seat]
        self._step(name, f"phone {seat} rings")
        await self._until(self._hears_music, 5, "hear the music at the caller's phone")
        self._step("caller", f"hears the music, {caller.heard(last=0.5).rms_dbfs:.0f} dBFS")
        await phone.answer()
        await phone.established(within=5)
        self._step(name, "picks up")
        await asyncio.sleep(TALK_SECONDS)
        self._both_hear(seat)
        if any(task.done() and not task.cancelled() for task in pending):
            raise NotSeen("More than one seat was rung for one caller.")
        for task in pending:
            task.cancel()
        await caller.hang_up()
        await phone.closed(within=5)
        self._step("caller", "hangs up")
        return seat

    async def _wrap_up(self, seat: str) -> None:
        await self._seat_is(seat, state="wrap_up")
        self._step(SEATS[seat], f"seat {seat} is in wrap-up")
        await self._seat_is(seat, state="idle", status="ready")
        self._step(SEATS[seat], f"seat {seat} is ready again")

    async def _cdr(self, known: set[str]) -> dict[str, Any]:
        def fresh() -> dict[str, Any] | None:
            rows = self._engine.client.cdrs()
            return next((r for r in rows if r["id"] not in known and r["dialled"] == NUMBER), None)

        cdr = await self._until(fresh, 10, "see the CDR", threaded=True)
        self._teller.cdr(cdr)
        return dict(cdr)

    # -- what was seen ------------------------------------------------------------------------

    def _both_hear(self, seat: str) -> None:
        pairs = (
            ("caller", self._caller, _TONES[seat]),
            (SEATS[seat], self._agents[seat], _TONES["caller"]),
        )
        for name, phone, tone in pairs:
            heard = phone.heard(last=TALK_SECONDS - 1)
            samples = np.array(heard.samples, dtype=np.int16)
            if heard.seconds < TALK_SECONDS - 1.5 or not ears.has_tone(samples, tone):
                raise NotSeen(
                    f"{name} did not hear the other side: {heard.seconds:.1f} s of sound at "
                    f"{heard.rms_dbfs:.0f} dBFS, but not the {tone:g} Hz that were sent."
                )
            self._step(name, f"hears the other side's {tone:g} Hz at {heard.rms_dbfs:.0f} dBFS")

    def _summary(
        self, cdr: dict[str, Any], heard: Tape, seat: str, setup_seconds: float
    ) -> Summary:
        wrong = [
            what
            for what, right in (
                ("the result is not answered", cdr["result"] == "answered"),
                (f"the seat is not {seat}", cdr["seat"] == seat),
                ("the talk was not 5 s", abs(cdr["talk_seconds"] - TALK_SECONDS) < 1.0),
                ("it has not two legs", len(cdr["legs"]) == 2),
                ("the recording is missing", bool(cdr["recording"])),
                ("the recording is another one", cdr["sha256"] == heard.sha256),
                ("a side of the recording is silent", heard.is_loud),
            )
            if not right
        ]
        if wrong:
            raise NotSeen(f"The CDR does not tell what the phones saw: {', '.join(wrong)}.")
        self._teller.plain(
            f"Recording, kept encrypted, exported to {heard.path}: {heard.seconds:.2f} s, caller "
            f"{heard.caller_rms:.0f} dBFS (left), seat {heard.seat_rms:.0f} dBFS (right)"
        )
        return Summary(
            calls_offered=1,
            calls_answered=1,
            wait_seconds=round(cdr["wait_seconds"], 3),
            talk_seconds=round(cdr["talk_seconds"], 3),
            seat=seat,
            cdr_legs=len(cdr["legs"]),
            recording={
                "path": str(heard.path),
                "seconds": heard.seconds,
                "caller_rms": heard.caller_rms,
                "seat_rms": heard.seat_rms,
            },
            setup_seconds=round(setup_seconds, 2),
        )

    def _hears_music(self) -> bool:
        tune = ears.read_wav(self._settings.prompts / "music" / "default" / "tune.wav")
        return ears.is_part_of(np.array(self._caller.heard(last=1.0).samples, dtype=np.int16), tune)

    async def _until_heard(
        self, phone: Softphone, prompt: str, *, within: float, partly: bool = False
    ) -> None:
        wanted = ears.read_wav(self._settings.prompts / "en" / f"{prompt}.wav")
        library = {prompt: wanted}

        def heard() -> bool:
            samples = np.array(phone.heard().samples, dtype=np.int16)
            found = ears.prompts_in(samples, library)
            return any(partly or match.complete for match in found)

        await self._until(heard, within, f"hear the prompt {prompt!r} at phone {phone.name}")

    async def _seat_is(self, number: str, **wanted: str) -> dict[str, Any]:
        def shown() -> dict[str, Any] | None:
            row = next(row for row in self._engine.client.seats() if row["seat"] == number)
            return row if all(row[key] == value for key, value in wanted.items()) else None

        row = await self._until(shown, 8, f"see seat {number} {wanted}", threaded=True)
        return dict(row)

    async def _until(
        self, seen: Callable[[], Any], within: float, what: str, *, threaded: bool = False
    ) -> Any:
        deadline = time.monotonic() + within
        while True:
            found = await asyncio.to_thread(seen) if threaded else seen()
            if found:
                return found
            if time.monotonic() > deadline:
                raise NotSeen(f"The demo failed: it waited {within:g} s to {what}.")
            await asyncio.sleep(0.1)

    def _phone(self, user: str, ip: str) -> Softphone:
        microphone = self._folder / f"{user}-says.wav"
        ears.write_wav(microphone, ears.tone(_TONES[user], 10.0))
        return Softphone(
            SEATS.get(user, user),
            argv=embedded.tool(self._settings, "baresip"),
            module_path=modules_of_baresip(self._settings),
            folder=self._folder / user,
            server=self._server,
            ip=ip,
            user=CALLER if user == "caller" else user,
            password=self._secrets.sip.get(user),
            microphone=microphone,
        )


def _explain(settings: Settings, secrets: DemoSecrets, teller: Teller) -> None:
    state = embedded.running(settings)
    if state is None:
        raise NotSeen("The PBX has ended although it was to be kept.")
    teller.heading("It goes on running. To try it yourself on this machine:")
    teller.plain(f"  SIP server      127.0.0.1:{state.sip_port} (UDP)")
    teller.plain(f"  user, password  {SPARE}  {secrets.sip[SPARE]}")
    teller.plain(f"  dial            {NUMBER}, then 1 for the queue")
    for number, name in SEATS.items():
        teller.plain(
            f"  be {name:<12} user {number}, password {secrets.sip[number]}; dial *11, "
            f"{number}#, {secrets.pins[number]}#   (*12 log out, *13 ready, *14 busy)"
        )
    teller.plain(
        "  watch           callcenter seat list; callcenter call list; callcenter cdr list"
    )
    teller.plain("  stop            callcenter stop")
