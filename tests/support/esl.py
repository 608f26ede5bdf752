"""FreeSWITCH's event socket, played by a test word by word: the server that the engine connects to,
and the connections that channels bring. What is answered, when and in which pieces a test says.

What it says by itself is what FreeSWITCH 1.10.12 said when its wire was recorded: log-in, refusal,
notice before a close, replies, channel data URL-encoded line by line, events as JSON. A whole
FreeSWITCH that keeps channels is in ``tests/support/freeswitch``.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from urllib.parse import quote

import pytest

from callcenter.pbx.freeswitch.hub import GeventThread
from tests.support.played import PlayedCall, PlayedServer

Answer = Callable[[str], bytes | None]

PASSWORD = "s3cret"
GOODBYE = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
_UNQUOTED = "!$'()*,-./_~"  # what FreeSWITCH leaves as it is in a header's value


def block(headers: Mapping[str, object], body: str = "") -> bytes:
    """Headers as they are, and a body."""
    return ("".join(f"{name}: {value}\n" for name, value in headers.items()) + f"\n{body}").encode()


def reply(text: str) -> bytes:
    """The reply to a command."""
    return block({"Content-Type": "command/reply", "Reply-Text": text})


def api(body: str) -> bytes:
    """The answer to an ``api`` command."""
    length = len(body.encode())
    return block({"Content-Type": "api/response", "Content-Length": length}, body)


def event(name: str, **headers: str) -> bytes:
    """An event as JSON; ``_`` in a header's name is ``-``, but for variables'."""
    told = {"Event-Name": name}
    for header, value in headers.items():
        told[header if header.startswith("variable_") else header.replace("_", "-")] = value
    return event_of(told)


def event_of(told: Mapping[str, str]) -> bytes:
    """An event as JSON out of its headers."""
    body = json.dumps(dict(told), ensure_ascii=False)
    length = len(body.encode())
    return block({"Content-Length": length, "Content-Type": "text/event-json"}, body)


def encoded(headers: Mapping[str, str]) -> str:
    """Headers with values URL-encoded, as in a channel's data and in plain events."""
    return "".join(f"{name}: {quote(value, safe=_UNQUOTED)}\n" for name, value in headers.items())


def notice(session: str = "") -> bytes:
    """What comes before FreeSWITCH closes a connection."""
    own = {"Controlled-Session-UUID": session, "Content-Disposition": "disconnect"}
    head = {"Content-Type": "text/disconnect-notice", **(own if session else {})}
    return block({**head, "Content-Length": len(GOODBYE)}, GOODBYE)


async def read_command(reader: asyncio.StreamReader) -> str:
    """The next command: its lines, and its body where ``content-length`` tells of one."""
    head = (await reader.readuntil(b"\n\n")).decode().strip("\n")
    for row in head.split("\n")[1:]:
        name, _, value = row.partition(":")
        if name.lower() == "content-length":
            return f"{head}\n\n{(await reader.readexactly(int(value))).decode()}"
    return head


class EslServer(PlayedServer):
    """Takes log-ins. What a command gets is in :attr:`answers`, by its beginning; ``None`` is
    silence. What is not there is an unknown command."""

    line_limit = 64 * 1024 * 1024

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[str] = []
        self.connections = 0
        self.answers: dict[str, Answer] = {
            "auth": self._log_in,
            "event json": lambda _: reply("+OK event listener enabled json"),
            "exit": lambda _: reply("+OK bye"),
        }
        self.greets = True
        self.hands_off = asyncio.Event()
        """While it is clear, nothing is read."""
        self.hands_off.set()

    def named(self, beginning: str) -> list[str]:
        """Commands so far that begin so."""
        return [command for command in self.commands if command.startswith(beginning)]

    def _log_in(self, command: str) -> bytes:
        good = command == f"auth {PASSWORD}"
        return reply("+OK accepted") if good else reply("-ERR invalid") + notice()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self.connections += 1
        if self.greets:
            writer.write(b"Content-Type: auth/request\n\n")
        self._changed.set()
        try:
            while not writer.is_closing():
                await self.hands_off.wait()
                command = await read_command(reader)
                self.commands.append(command)
                self._answer(command, writer)
                self._changed.set()
        except (asyncio.IncompleteReadError, OSError):
            writer.transport.abort()

    def _answer(self, command: str, writer: asyncio.StreamWriter) -> None:
        known = (one for one in self.answers if command.startswith(one))
        found = max(known, key=len, default="")
        answer = self.answers[found](command) if found else reply("-ERR command not found")
        if answer is not None:
            writer.write(answer)
            if b"disconnect-notice" in answer:
                writer.close()


class SocketCall(PlayedCall):
    """One connection that the dialplan's ``socket`` made for a channel."""

    @classmethod
    async def connect(cls, port: int) -> "SocketCall":
        """Connect; FreeSWITCH says nothing before it is asked."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    @staticmethod
    def data(key: str = "key", **changed: str) -> bytes:
        """What ``connect`` is answered with. ``_`` in a name is ``-``, but for variables'."""
        told = {
            "Event-Name": "CHANNEL_DATA",
            "Unique-ID": "1f0c7a52-0000-4000-8000-000000000001",
            "Answer-State": "ringing",
            "Caller-Caller-ID-Number": "13800000001",
            "Caller-Caller-ID-Name": "13800000001",
            "variable_cc_source": "trunk",
            "variable_cc_dialled": "4008001234",
            "variable_cc_endpoint": "trunk-world",
            "variable_cc_door": key,
        }
        for name, value in changed.items():
            told[name if name.startswith("variable_") else name.replace("_", "-")] = value
        told |= {"Content-Type": "command/reply", "Reply-Text": "+OK\n"}
        told |= {"Socket-Mode": "async", "Control": "full"}
        return (encoded(told) + "\n").encode()

    async def expects(self, beginning: str, answer: bytes) -> str:
        """Take the next command, which must begin like this, and answer it."""
        command = await self.takes(beginning)
        self.writer.write(answer)
        return command

    async def greets(self, data: bytes = b"") -> None:
        """All that is said until the engine has the call."""
        await self.expects("connect", data or self.data())
        await self.expects("linger", reply("+OK will linger 10 seconds"))
        await self.expects("myevents json", reply("+OK Events Enabled"))

    async def _read(self) -> str:
        return await read_command(self.reader)


@pytest.fixture
async def thread() -> AsyncIterator[GeventThread]:
    """The thread in which the adapter speaks."""
    made = GeventThread()
    made.start()
    yield made
    await made.stop()
