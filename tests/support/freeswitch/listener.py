"""One connection of the event socket, whichever side made it: what is said on it, and events."""

import asyncio
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.support import esl
from tests.support.freeswitch.channel import Channel

if TYPE_CHECKING:
    from tests.support.freeswitch.switch import FakeFreeswitch

_NAMES = (
    "ANSWER BRIDGE EXECUTE EXECUTE_COMPLETE HANGUP HANGUP_COMPLETE ORIGINATE PARK PROGRESS "
    "PROGRESS_MEDIA UNBRIDGE UNPARK"
)
MINE = frozenset([*(f"CHANNEL_{name}" for name in _NAMES.split()), "DTMF"])
"""What ``myevents`` asks for, as far as we tell it."""


class Listener:
    """``session`` is the channel that brought the connection, if one did."""

    def __init__(
        self,
        switch: "FakeFreeswitch",
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        session: Channel | None = None,
    ) -> None:
        self._switch, self._reader, self._writer = switch, reader, writer
        self.session = session
        self.over = False
        self._authed = session is not None
        self._wanted: set[str] = set()
        self._linger: float | None = None

    async def run(self) -> None:
        """Until either side ends it."""
        if not self._authed:
            self._writer.write(b"Content-Type: auth/request\n\n")
        try:
            while not self.over:
                command = await esl.read_command(self._reader)
                self._writer.write(await self._answer(command))
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.close()

    def close(self) -> None:
        """End it, with the notice that comes first."""
        if not self._writer.is_closing():
            self._writer.write(esl.notice(self.session.uuid if self.session else ""))
            self._writer.close()
        self.over = True
        self._switch.connections.discard(self)
        if self.session is not None:
            self.session.break_off()  # what plays ends with the connection

    def abort(self) -> None:
        """End it as a crash does."""
        self._writer.transport.abort()

    # -- events -------------------------------------------------------------------------------

    def hear(self, name: str, headers: dict[str, str], channel: Channel | None) -> None:
        """An event, if it was asked for."""
        if name not in self._wanted or (self.session and channel is not self.session):
            return
        if not self._writer.is_closing():
            self._writer.write(esl.event_of(headers))

    def channel_ended(self) -> None:
        """Of the channel that brought it: the connection stays for a while, or not."""
        if self._linger is None:
            self.close()
            return
        assert self.session is not None
        head = {
            "Content-Type": "text/disconnect-notice",
            "Controlled-Session-UUID": self.session.uuid,
            "Content-Disposition": "linger",
            "Channel-Name": self.session.name,
            "Linger-Time": int(self._linger),
            "Content-Length": 0,
        }
        self._writer.write(esl.block(head))
        asyncio.get_running_loop().call_later(self._linger, self.close)

    # -- commands -----------------------------------------------------------------------------

    async def _answer(self, command: str) -> bytes:
        first = command.split("\n", maxsplit=1)[0]
        word, _, rest = first.partition(" ")
        if word == "exit":
            self.over = True
            return esl.reply("+OK bye")
        if not self._authed:
            return self._log_in(first)
        if word == "sendmsg":
            return esl.reply(self._message(command))
        if word in ("api", "bgapi", "sendevent"):
            return await self._act(word, rest, command)
        handler: dict[str, Callable[[str], bytes]] = {
            "connect": self._connect,
            "event": self._events,
            "myevents": self._mine,
            "linger": self._stay,
        }
        return handler.get(word, lambda _: esl.reply("-ERR command not found"))(rest)

    async def _act(self, word: str, rest: str, command: str) -> bytes:
        if word == "sendevent":
            self._switch.sent_event(rest, command)
            return esl.reply(f"+OK {uuid.uuid4()}")
        if word == "api":
            return esl.api(await self._switch.api(rest) or "-ERR no reply\n")
        job = str(uuid.uuid4())
        self._switch.spawn(self._switch.api(rest))
        head = {"Content-Type": "command/reply", "Reply-Text": f"+OK Job-UUID: {job}"}
        return esl.block({**head, "Job-UUID": job})

    def _log_in(self, command: str) -> bytes:
        if command == f"auth {self._switch.password}":
            self._authed = True
            self._switch.connections.add(self)
            return esl.reply("+OK accepted")
        self.over = command.startswith("auth ")
        return esl.reply("-ERR invalid" if self.over else "-ERR command not found")

    def _connect(self, _: str) -> bytes:
        if self.session is None:
            return esl.reply("-ERR command not found")
        told = {"Event-Name": "CHANNEL_DATA", **self.session.headers()}
        told |= {"Content-Type": "command/reply", "Reply-Text": "+OK\n"}
        told |= {"Socket-Mode": "async", "Control": "full"}
        return (esl.encoded(told) + "\n").encode()

    def _events(self, rest: str) -> bytes:
        form, _, names = rest.partition(" ")
        if not names or form != "json":
            return esl.reply("-ERR no keywords supplied")
        self._wanted |= set(names.split())
        return esl.reply("+OK event listener enabled json")

    def _mine(self, rest: str) -> bytes:
        if self.session is None or rest != "json":
            return esl.reply("-ERR command not found")
        self._wanted |= MINE
        self._switch.connections.add(self)
        return esl.reply("+OK Events Enabled")

    def _stay(self, seconds: str) -> bytes:
        if self.session is None:
            return esl.reply("-ERR not controlling a session")
        self._linger = float(seconds)
        return esl.reply(f"+OK will linger {seconds} seconds")

    def _message(self, command: str) -> str:
        lines = [row.partition(": ") for row in command.split("\n")[1:]]
        told = {name.lower(): value for name, _, value in lines}
        if self.session is None:
            return "-ERR invalid session id []"
        if self.session.up:
            self.session.mailbox.append(told)
            self.session.poke()
        return "+OK"
