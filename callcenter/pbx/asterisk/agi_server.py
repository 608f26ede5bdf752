"""The port on which Asterisk hands us channels; a stranger or garbage on it harms nobody.

panoramisk's FastAGI server spins for ever when a client connects and closes, and has no limits;
this one has a limit on every line, a time for the opening block, and a key in its path.
"""

import asyncio
import hmac
import socket
from collections.abc import Callable
from contextlib import suppress

import structlog

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk.agi_session import AgiSession
from callcenter.pbx.asterisk.agi_wire import parse_environment

OPENING_SECONDS = 5.0
STRANGERS = 64
"""Connections that have not shown the key; the oldest makes room for a new one."""

_LINE_BYTES = 16 * 1024
_OPENING_LINES = 200
_CLOSING_SECONDS = 2.0
_log = structlog.get_logger(__name__)


class AgiServer:
    """Listens, checks, and calls ``on_session`` with each channel that shows the key."""

    def __init__(
        self, host: str, port: int, key: str, on_session: Callable[[AgiSession], None]
    ) -> None:
        self._host, self._port, self._key = host, port, key
        self._on_session = on_session
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._strangers: dict[asyncio.StreamWriter, None] = {}

    @property
    def port(self) -> int:
        """The port in use; chosen by the system when 0 was asked for."""
        if self._server is None or not self._server.sockets:
            return self._port
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen.

        Raises:
            PbxProblem: the port cannot be had.
        """
        try:
            self._server = await asyncio.start_server(
                self._connected, self._host, self._port, limit=_LINE_BYTES
            )
        except OSError as error:
            raise PbxProblem(
                f"Calls cannot be taken on {self._host}:{self._port} ({error.strerror}): "
                "another program holds the port or the address is not ours; choose another."
            ) from None

    async def stop(self) -> None:
        """Stop listening and let go of every channel."""
        if self._server is None:
            return
        self._server.close()
        handlers = dict(self._open)
        for writer in handlers.values():
            writer.close()
        if handlers:
            await asyncio.wait(handlers, timeout=_CLOSING_SECONDS)
        for writer in handlers.values():
            writer.transport.abort()
        await self._server.wait_closed()
        self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._open[task] = writer
        try:
            await self._converse(reader, writer)
        finally:
            del self._open[task]
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._strangers) >= STRANGERS:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            oldest.transport.abort()
        self._strangers[writer] = None
        try:
            environment = await _opening(reader)
        finally:
            self._strangers.pop(writer, None)
        if environment is None or not self._knows_key(environment):
            _log.warning("a stranger was refused on the FastAGI port")
            return
        _keep_alive(writer)
        session = AgiSession(environment, writer.write, writer.close)
        try:
            self._on_session(session)
            await _read(reader, session)
        finally:
            session.ended()

    def _knows_key(self, environment: dict[str, str]) -> bool:
        shown = environment.get("network_script", "").partition("/")[0]
        return bool(self._key) and hmac.compare_digest(shown.encode(), self._key.encode())


async def _opening(reader: asyncio.StreamReader) -> dict[str, str] | None:
    lines: list[str] = []
    with suppress(asyncio.LimitOverrunError, asyncio.IncompleteReadError, OSError, ValueError):
        async with asyncio.timeout(OPENING_SECONDS):
            while len(lines) < _OPENING_LINES:
                line = await _line(reader)
                if not line:
                    return parse_environment(lines)
                lines.append(line)
    return None


async def _read(reader: asyncio.StreamReader, session: AgiSession) -> None:
    with suppress(asyncio.LimitOverrunError, asyncio.IncompleteReadError, OSError):
        while True:
            session.feed(await _line(reader))


async def _line(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\n")).decode("utf-8", "replace").rstrip("\r\n")


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Notice within a minute that a PBX on another machine has vanished."""
    connection = writer.get_extra_info("socket")
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
