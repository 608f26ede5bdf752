"""A real softphone (baresip 1.1) for the demo: registers, dials, answers, presses keys, listens.

Independent of everything of ours: what it reports was seen at the phone. It plays a WAV file as
its microphone and writes what it hears to another. Talks to baresip through :mod:`baresip`.
"""

import asyncio
import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from callcenter.demo.baresip import Baresip, SoftphoneProblem
from callcenter.demo.sound import RATE, Heard, heard_of, read_growing, write_repeated

__all__ = ["Event", "Heard", "Softphone", "SoftphoneProblem"]

_MODULES = ("g711.so", "sndfile.so", "aufile.so")
_APPLICATIONS = ("menu.so", "ctrl_tcp.so")
_KEY_SECONDS = 0.24
"""baresip holds each key for 9 packets of 20 ms and tells its end in 3 more (RFC 4733)."""

_MICROPHONE_SECONDS = 300.0
"""baresip hangs up when its microphone's file ends; no call of the demo lasts so long."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something the phone saw. ``kind`` is baresip's name, as ``CALL_ESTABLISHED``."""

    at: datetime
    kind: str
    text: str = ""
    peer: str = ""


class Softphone:
    """One phone, one account, one call at a time.

    Waits look at the events behind the one found last, so nothing is missed between two waits.
    Every wait has a deadline and raises :class:`SoftphoneProblem` when it passes.
    """

    def __init__(
        self,
        name: str,
        *,
        argv: Sequence[str],
        module_path: Path,
        folder: Path,
        server: str = "127.0.0.1:5060",
        ip: str = "127.0.0.2",
        user: str,
        password: str | None,
        microphone: Path,
    ) -> None:
        """``argv`` runs baresip; ``folder`` is this phone's own; without a password it only calls.

        ``ip`` is the loopback address it calls from.
        """
        for value in (user, password or "x"):
            if not re.fullmatch(r"[\w+.*~-]+", value, re.ASCII):
                raise SoftphoneProblem(f"Softphone {name}: user or password has odd characters.")
        self.name = name
        self.events: list[Event] = []
        self._argv, self._modules, self._folder = argv, module_path, folder
        self._server, self._ip = server, ip
        self._user, self._password = user, password
        self._microphone = microphone
        self._baresip = Baresip(name, folder, self._event)
        self._seen = 0
        self._news = asyncio.Event()
        self._in_call = False
        self.on_event: Callable[[Event], None] = lambda _: None
        """Told of each event as it arrives; for showing them."""

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._baresip.pid

    async def start(self) -> None:
        """Start the process and log in to the server; see :meth:`registered`."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.chmod(0o700)
        try:
            write_repeated(self._microphone, self._folder / "microphone.wav", _MICROPHONE_SECONDS)
        except (OSError, EOFError, ValueError) as error:
            raise SoftphoneProblem(f"Softphone {self.name} has no microphone: {error}") from None
        link = self._folder / "modules"
        link.unlink(missing_ok=True)
        link.symlink_to(self._modules.absolute())
        await self._baresip.start(self._argv, self._config())
        # Over the control connection, not in a file: no event is missed, no password is stored.
        login = f";auth_user={self._user};auth_pass={self._password}" if self._password else ""
        interval = 60 if self._password else 0
        await self._baresip.command(
            "uanew",
            f"<sip:{self._user}@{self._server}>{login};regint={interval};audio_codecs=pcmu,pcma",
        )

    async def registered(self, within: float = 5.0) -> Event:
        """Wait for the registration; a refusal raises with the server's words."""
        event = await self._next({"REGISTER_OK", "REGISTER_FAIL"}, within, "registration")
        if event.kind == "REGISTER_FAIL":
            raise SoftphoneProblem(f"{self.name} could not register: {event.text}.")
        return event

    async def dial(self, number: str) -> None:
        """Call a number or a ``sip:`` URI."""
        uri = number if number.startswith("sip:") else f"sip:{_user_part(number)}@{self._server}"
        await self._baresip.command("dial", uri)

    async def ringing(self, within: float = 10.0) -> Event:
        """Wait until the phone rings, or until the called side does."""
        kinds = {"CALL_INCOMING", "CALL_RINGING", "CALL_PROGRESS"}
        return await self._in_the_call(kinds, within, "ringing")

    async def answer(self) -> None:
        """Pick up."""
        await self._baresip.command("accept")

    async def established(self, within: float = 10.0) -> Event:
        """Wait until the call is answered and acknowledged."""
        return await self._in_the_call({"CALL_ESTABLISHED"}, within, "an answer")

    async def press(self, keys: str) -> None:
        """Press keys (RFC 4733); returns when the last was let go."""
        if not re.fullmatch(r"[0-9*#A-D]+", keys):
            raise SoftphoneProblem(f"{self.name} cannot press {keys!r}: these are not phone keys.")
        if not self._in_call:
            raise SoftphoneProblem(f"{self.name} cannot press {keys!r}: it is in no call.")
        await self._baresip.command("sndcode", keys)
        await asyncio.sleep(len(keys) * _KEY_SECONDS)

    async def hang_up(self) -> None:
        """End the call, or decline it while it rings; :meth:`closed` tells when it is over."""
        await self._baresip.command("hangup")

    async def closed(self, within: float = 10.0) -> str:
        """Wait for the end of the call; returns the reason as baresip gives it, perhaps empty."""
        return (await self._next({"CALL_CLOSED"}, within, "end of the call")).text

    def heard(self, last: float | None = None) -> Heard:
        """What the phone received in its latest call so far, or the ``last`` seconds of it."""
        files = sorted(self._folder.glob("dump-*-dec.wav"))
        samples = read_growing(files[-1]) if files else array("h")
        return heard_of(samples[-round(last * RATE) :] if last is not None else samples)

    async def stop(self) -> None:
        """Hang up, unregister, end the process; harmless when it was stopped."""
        await self._baresip.stop()

    def _config(self) -> str:
        """Only relative paths: baresip allows neither blanks nor long names in them."""
        settings = [
            ("net_interface", self._ip),
            ("sip_listen", f"{self._ip}:0"),
            ("call_max_calls", "1"),
            ("audio_source", "aufile,microphone.wav"),
            ("audio_player", "aufile,speaker.wav"),
            ("audio_alert", "aufile,alert.wav"),
            ("jitter_buffer_type", "off"),
            ("ring_aufile", "none"),
            ("ringback_disabled", "yes"),
            ("snd_path", "."),
            ("module_path", "modules"),
            *(("module", module) for module in _MODULES),
            *(("module_app", module) for module in _APPLICATIONS),
        ]
        return "".join(f"{name}\t{value}\n" for name, value in settings)

    def _event(self, message: dict[str, Any]) -> None:
        event = Event(
            at=datetime.now(UTC),
            kind=str(message.get("type", "")),
            text=str(message.get("param", "")),
            peer=str(message.get("peeruri", "")),
        )
        if event.kind == "CALL_ESTABLISHED":
            self._in_call = True
        elif event.kind in ("CALL_CLOSED", "ENDED"):
            self._in_call = False
        self.events.append(event)
        self._news.set()
        self.on_event(event)

    async def _in_the_call(self, kinds: set[str], within: float, what: str) -> Event:
        event = await self._next(kinds | {"CALL_CLOSED"}, within, what)
        if event.kind == "CALL_CLOSED":
            raise SoftphoneProblem(
                f"{self.name} waited for {what}, but the call ended: {event.text or 'hung up'}."
            )
        return event

    async def _next(self, kinds: set[str], within: float, what: str) -> Event:
        try:
            async with asyncio.timeout(within):
                while True:
                    while self._seen < len(self.events):
                        event = self.events[self._seen]
                        if event.kind == "ENDED":
                            raise self._baresip.problem(f"ended while waiting for {what}")
                        self._seen += 1
                        if event.kind in kinds:
                            return event
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            seen = ", ".join(event.kind for event in self.events[-6:]) or "nothing"
            raise SoftphoneProblem(
                f"{self.name} saw no {what} within {within:g} s; it saw last: {seen}."
            ) from None


def _user_part(number: str) -> str:
    return quote(number, safe="+*-_.!~")
