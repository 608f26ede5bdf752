"""FreeSWITCH's event socket, played by a test word by word: the server that the engine connects to,
and the connections that channels bring. What is answered, when and in which pieces a test says.

What it says by itself is what FreeSWITCH 1.10.12 said when its wire was recorded: log-in, refusal,
notice before a close, replies, channel data URL-encoded line by line, events as JSON. A whole
FreeSWITCH that keeps channels is in ``tests/support/freeswitch``.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import quote

Answer = Callable[[str], bytes | None]

PASSWORD = "s3cret"
PATIENCE = 5.0
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


class EslServer:
    """Takes log-ins. What a command gets is in :attr:`answers`, by its beginning; ``None`` is
    silence. What is not there is an unknown command."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.connections = 0
        self.answers: dict[str, Answer] = {
            "auth": self._log_in,
            "event json": lambda _: reply("+OK event listener enabled json"),
            "exit": lambda _: reply("+OK bye"),
        }
        self.greets = True
        self.port = 0
        self.hands_off = asyncio.Event()
        """While it is clear, nothing is read."""
        self.hands_off.set()
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["EslServer"]:
        """Serve while the block runs."""
        await self.start()
        try:
            yield self
        finally:
            await self.stop()

    async def start(self) -> None:
        """Listen, on the port of the last time if there was one."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=64 * 1024 * 1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        assert self._server is not None
        self._server.close()
        self.drop()
        await self._server.wait_closed()

    def drop(self) -> None:
        """End every connection, as a crash does."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def send(self, data: bytes) -> None:
        """Bytes, as they are, to whoever is connected."""
        for writer in self._writers:
            writer.write(data)

    async def in_pieces(self, *pieces: bytes) -> None:
        """Bytes in pieces, each of which arrives alone."""
        for piece in pieces:
            self.send(piece)
            await asyncio.sleep(0.001)

    def named(self, beginning: str) -> list[str]:
        """Commands so far that begin so."""
        return [command for command in self.commands if command.startswith(beginning)]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that came in makes the condition true."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

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


class SocketCall:
    """FreeSWITCH's end of one connection that the dialplan's ``socket`` made for a channel."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

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

    async def command(self) -> str:
        """The next command."""
        async with asyncio.timeout(PATIENCE):
            return await read_command(self.reader)

    async def expects(self, beginning: str, answer: bytes) -> str:
        """Take the next command, which must begin like this, and answer it."""
        command = await self.command()
        assert command.startswith(beginning), f"{command!r} instead of {beginning!r}"
        self.writer.write(answer)
        return command

    async def greets(self, data: bytes = b"") -> None:
        """All that is said until the engine has the call."""
        await self.expects("connect", data or self.data())
        await self.expects("linger", reply("+OK will linger 10 seconds"))
        await self.expects("myevents json", reply("+OK Events Enabled"))

    async def ended(self) -> bytes:
        """Wait until the other end closes; what else it said is returned."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    def close(self) -> None:
        """Be gone."""
        self.writer.transport.abort()
