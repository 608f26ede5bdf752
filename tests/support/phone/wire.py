"""The phone's UDP socket for SIP, and its log of what went over the wire.

A waiter that fails shows this log. ``Changes`` is how everything here waits: for a condition,
with a deadline, never by sleeping and hoping.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import NamedTuple


class PhoneFailure(AssertionError):
    """What a test waited for did not happen; the text holds the wire log."""


class Line(NamedTuple):
    """One message; ``way``: ``->`` sent, ``<-`` got, ``x>`` lost on purpose, ``--`` a note."""

    t: float
    way: str
    text: str


class WireLog:
    """Lines in order; times are those of the event loop."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: list[Line] = []
        self.started = asyncio.get_running_loop().time()

    def add(self, way: str, text: str) -> None:
        self.lines.append(Line(asyncio.get_running_loop().time(), way, text))

    def __str__(self) -> str:
        rows = [f"  {line.t - self.started:8.3f} {line.way} {line.text}" for line in self.lines]
        return "\n".join([f"wire log of phone {self.name}:", *rows])


class Changes:
    """Wakes whoever waits for a condition; each notification makes them look again."""

    def __init__(self, describe: Callable[[], str]) -> None:
        self._describe = describe
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, condition: Callable[[], bool], within: float, what: str) -> None:
        """Wait; raises :class:`PhoneFailure` when it is not so ``within`` seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while not condition():
            future: asyncio.Future[None] = loop.create_future()
            self._waiting.add(future)
            try:
                async with asyncio.timeout_at(deadline):
                    await future
            except TimeoutError:
                if condition():
                    return
                message = f"{what} did not happen within {within:g} s\n{self._describe()}"
                raise PhoneFailure(message) from None
            finally:
                self._waiting.discard(future)


class Udp:
    """A bound, non-blocking UDP socket that hands each datagram to ``receive``."""

    def __init__(
        self, ip: str, port: int, receive: Callable[[bytes, tuple[str, int]], None]
    ) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._receive = receive
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self._socket.bind((ip, port))
        except OSError:
            self._socket.close()
            raise
        self.ip, self.port = ip, int(self._socket.getsockname()[1])
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._readable)
        self.closed = False

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        """Send, or lose it as UDP may."""
        if self.closed:
            return
        try:
            self._socket.sendto(data, to)
        except (BlockingIOError, ConnectionRefusedError):
            return

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _readable(self) -> None:
        while not self.closed:
            try:
                data, source = self._socket.recvfrom(65535)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self._receive(data, source)


def even_udp(ip: str, receive: Callable[[bytes, tuple[str, int]], None]) -> Udp:
    """A socket on a free even port, as RTP wants it."""
    for _ in range(200):
        udp = Udp(ip, 0, receive)
        if udp.port % 2 == 0:
            return udp
        udp.close()
    raise OSError(f"no free even UDP port on {ip}")
