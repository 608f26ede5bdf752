"""Runs the REST API inside the engine's event loop; signals and logging stay the engine's."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from callcenter.web.api import create_api
from callcenter.web.door import Door
from callcenter.web.peer import NamedProtocol
from callcenter.web.services import Services
from callcenter.web.tcp import MOST_CONNECTIONS, TcpDoor

_log = structlog.get_logger(__name__)
_GRACE_SECONDS = 2


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class ApiServer:
    """One engine's API. :meth:`claim` early (before the journal is opened), :meth:`start` late."""

    def __init__(self) -> None:
        self._door: Door | None = None
        self._serving: dict[_Server, asyncio.Task[None]] = {}
        self.http: tuple[str, int] | None = None
        self._services: Services | None = None

    def claim(self, path: Path) -> None:
        """Become the one engine behind ``path``, or raise :class:`EngineRunning`."""
        if self._door is None:
            door = Door(path)
            door.claim()
            self._door = door

    async def start(self, services: Services, path: Path, http: TcpDoor | None = None) -> None:
        """Serve, also at ``http``; returns when requests are answered.

        Raises:
            EngineRunning: another engine does.
            BadSettings: the path is too long or cannot be written, or ``http`` cannot be used.
        """
        self.claim(path)
        if self._door is None:  # pragma: no cover - claim has set it or raised
            raise RuntimeError
        self._services = services
        api = await asyncio.to_thread(create_api, services)  # it takes a moment; calls go on
        await self._serve(api, self._door.listen())
        if http is not None:
            more = http.tls() | {"limit_concurrency": MOST_CONNECTIONS}
            door = http.listen()
            self.http = door.getsockname()[:2]
            await self._serve(api, door, **more)

    async def _serve(self, api: FastAPI, door: socket.socket, **more: Any) -> None:
        config = uvicorn.Config(
            api,
            loop="none",
            http=NamedProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            **more,
        )
        server = _Server(config)
        task = asyncio.create_task(server.serve([door]), name="api")
        task.add_done_callback(_tell_end)
        self._serving[server] = task
        listening = asyncio.create_task(server.listening.wait())
        await asyncio.wait({listening, task}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if task.done():
            await task

    async def stop(self) -> None:
        """Answer what is being asked, close, and let another engine in; harmless when not begun."""
        if self._services is not None:
            self._services.feed.close()  # its readers would stay for ever
        for server in self._serving:
            server.should_exit = True
        if self._serving:
            await asyncio.wait(self._serving.values())
        self._serving = {}
        if self._door is not None:
            self._door.close()
            self._door = None


def _tell_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("the API has ended", error=repr(error))
