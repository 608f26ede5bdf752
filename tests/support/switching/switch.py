"""A node of either PBX: its control socket, and all that is done beside all else."""

import asyncio
import time
from collections.abc import Coroutine, Mapping
from typing import Any

from tests.support.ports import port_below
from tests.support.switching.channel import Channel


class Switch:
    """Runs until :meth:`stop`; an engine may come and go."""

    channels: Mapping[str, Channel]
    connections: set[Any]  # each has ``abort``

    def __init__(self) -> None:
        self.control_port, self.call_port = port_below(), port_below()
        self.registered: dict[str, Any] = {}
        self.lines: dict[str, Any] = {}  # numbers of the world
        self.database: dict[str, dict[str, str]] = {}
        self._begun = asyncio.get_running_loop().time(), time.time()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.control_port)

    async def stop(self) -> None:
        """End every channel and connection."""
        assert self._server is not None
        self._server.close()
        for channel in list(self.channels.values()):
            channel.hang_up()
        await asyncio.sleep(0.05)
        for connection in list(self.connections):
            connection.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody connected."""
        raise NotImplementedError

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Beside all else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def now(self) -> float:
        """Seconds since 1970 by this loop's clock."""
        loop, wall = self._begun
        return wall + asyncio.get_running_loop().time() - loop
