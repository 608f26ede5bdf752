"""What is alike in both PBXs' wires when a test plays them: a server, and a call's connection."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self

PATIENCE = 5.0


class PlayedServer:
    """Listens on loopback; what is said on a connection is of who extends it."""

    line_limit = 64 * 1024  # bytes of what is read at once

    def __init__(self) -> None:
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Self]:
        """Serve while the block runs."""
        await self.start()
        try:
            yield self
        finally:
            await self.stop()

    async def start(self) -> None:
        """Listen, on the port of the last time if there was one."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=self.line_limit
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

    async def cut_anywhere(self, stream: bytes, *, most: int = 3000, seed: int = 7) -> None:
        """Bytes in pieces of any length up to ``most``."""
        chance = random.Random(seed)
        while stream:
            size = chance.randint(1, most)
            self.send(stream[:size])
            stream = stream[size:]
            await asyncio.sleep(0)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that came in makes the condition true."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class PlayedCall:
    """The PBX's end of one connection that a channel made."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def command(self) -> str:
        """The next command."""
        async with asyncio.timeout(PATIENCE):
            return await self._read()

    async def takes(self, beginning: str) -> str:
        """The next command, which must begin like this."""
        command = await self.command()
        assert command.startswith(beginning), f"{command!r} instead of {beginning!r}"
        return command

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

    async def _read(self) -> str:
        raise NotImplementedError


class Told:
    """What a link told, in order."""

    patience = PATIENCE

    def __init__(self) -> None:
        self.told: list[str] = []
        self.changed = asyncio.Event()

    def tell(self, what: str) -> None:
        """It told this."""
        self.told.append(what)
        self.changed.set()

    async def until(self, *told: str) -> None:
        """Wait until something was told that begins with each of these, in this order."""
        async with asyncio.timeout(self.patience):
            while not self._has(told):
                self.changed.clear()
                await self.changed.wait()

    def _has(self, wanted: tuple[str, ...]) -> bool:
        told = iter(self.told)
        return all(any(one.startswith(want) for one in told) for want in wanted)
