"""Runs the REST API inside the engine's event loop; signals and logging stay the engine's."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import structlog
import uvicorn

from callcenter.web.api import create_api
from callcenter.web.door import Door
from callcenter.web.peer import NamedProtocol
from callcenter.web.services import Services

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
        self._server: _Server | None = None
        self._services: Services | None = None
        self._task: asyncio.Task[None] | None = None

    def claim(self, path: Path) -> None:
        """Become the one engine behind ``path``, or raise :class:`EngineRunning`."""
        if self._door is None:
            door = Door(path)
            door.claim()
            self._door = door

    async def start(self, services: Services, path: Path) -> None:
        """Serve; returns when requests are answered.

        Raises:
            EngineRunning: another engine does.
            BadSettings: the path is too long or cannot be written.
        """
        self.claim(path)
        if self._door is None:  # pragma: no cover - claim has set it or raised
            raise RuntimeError
        config = uvicorn.Config(
            create_api(services),
            loop="none",
            http=NamedProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        self._services = services
        self._server = server = _Server(config)
        self._task = asyncio.create_task(server.serve([self._door.listen()]), name="api")
        self._task.add_done_callback(_tell_end)
        listening = asyncio.create_task(server.listening.wait())
        await asyncio.wait({listening, self._task}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if self._task.done():
            await self._task

    async def stop(self) -> None:
        """Answer what is being asked, close, and let another engine in; harmless when not begun."""
        if self._services is not None:
            self._services.feed.close()  # its readers would stay for ever
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.wait({self._task})
        self._server = self._task = None
        if self._door is not None:
            self._door.close()
            self._door = None


def _tell_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("the API has ended", error=repr(error))
