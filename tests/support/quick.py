"""An asyncio loop whose seconds are short: for tests that wait with real sockets in between.

Turned time jumps when nothing is ready, which is wrong while bytes are under way between threads.
Here every wait just takes a third of its time, so deadlines keep their sense.
"""

import asyncio
import selectors
import time

SPEED = 3.0


class _QuickSelector(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / SPEED if timeout else timeout)


class QuickLoop(asyncio.SelectorEventLoop):
    """Its :meth:`time` runs :data:`SPEED` times as fast as the machine's."""

    def __init__(self) -> None:
        super().__init__(_QuickSelector())

    def time(self) -> float:
        return time.monotonic() * SPEED
