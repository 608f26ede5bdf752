"""Asterisk's two wires, played by a test: an AMI server, and the PBX's end of FastAGI calls."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Headers = dict[str, str]
Answer = Callable[[Headers], str | None]

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
PATIENCE = 5.0


class AmiServer:
    """Speaks AMI. What an action gets for an answer is in :attr:`answers`; ``None`` is silence."""

    def __init__(self) -> None:
        self.actions: list[Headers] = []
        self.logins = 0
        self.answers: dict[str, Answer] = {
            "Login": lambda action: "Response: Success\r\nMessage: Authentication accepted",
            "Ping": lambda action: "Response: Success\r\nPing: Pong",
        }
        self.greets_with_booted = True
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["AmiServer"]:
        """Serve while the block runs."""
        await self.start()
        try:
            yield self
        finally:
            await self.stop()

    async def start(self) -> None:
        """Listen, on the port of the last time if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
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

    def event(self, name: str, **fields: str) -> None:
        """An event to whoever is connected."""
        lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in fields.items())]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def named(self, name: str) -> list[Headers]:
        """Actions of that name that came so far."""
        return [action for action in self.actions if action["Action"] == name]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that came in makes the condition true."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(BANNER)
        try:
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                pairs = [line.partition(": ") for line in block.strip().split("\r\n")]
                self._take({name: value for name, _, value in pairs}, writer)
        except (asyncio.IncompleteReadError, OSError):
            writer.transport.abort()

    def _take(self, action: Headers, writer: asyncio.StreamWriter) -> None:
        self.actions.append(action)
        name = action["Action"]
        answer = self.answers.get(name, lambda action: None)(action)
        if answer is not None:
            writer.write(f"{answer}\r\nActionID: {action['ActionID']}\r\n\r\n".encode())
        if name == "Login" and answer is not None and "Success" in answer:
            self.logins += 1
            if self.greets_with_booted:
                writer.write(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")
        self._changed.set()


class AgiCall:
    """The PBX's end of one FastAGI connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, *, key: str = "key", **fields: str) -> "AgiCall":
        """Connect and say the opening block; ``fields`` add to it or replace lines of it."""
        environment = {
            "network": "yes",
            "network_script": f"{key}/call",
            "request": f"agi://127.0.0.1/{key}/call",
            "channel": "PJSIP/trunk-world-00000001",
            "uniqueid": "1700000000.1",
            "callerid": "13800000001",
            "calleridname": "unknown",
            "callingpres": "0",
            "context": "cc-loop",
            "extension": "s",
            "priority": "3",
            "arg_1": "call=",
            "arg_2": "source=trunk",
            "arg_3": "dialled=4008001234",
            **fields,
        }
        call = cls(*await asyncio.open_connection("127.0.0.1", port))
        lines = [f"agi_{name}: {value}\n" for name, value in environment.items()]
        call.writer.write(("".join(lines) + "\n").encode())
        return call

    async def command(self) -> str:
        """The next command."""
        async with asyncio.timeout(PATIENCE):
            return (await self._reader.readuntil(b"\n")).decode().rstrip("\n")

    async def expects(self, beginning: str, answer: str = "200 result=0") -> str:
        """Take the next command, which must begin like this, and answer it."""
        command = await self.command()
        assert command.startswith(beginning), f"{command!r} instead of {beginning!r}"
        self.say(answer)
        return command

    def say(self, *lines: str) -> None:
        """Send lines."""
        self.writer.write("".join(f"{line}\n" for line in lines).encode())

    async def ended(self) -> bytes:
        """Wait until the other end closes; what else it said is returned."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self._reader.read()
            except ConnectionError:
                return b""

    def close(self) -> None:
        """Be gone."""
        self.writer.transport.abort()
