"""An asyncio loop with turned time: when nothing is ready it jumps to the next timer.

Everything that waits through asyncio (sleep, timeout, call_later) works unchanged, so tests that
last hours on the clock take milliseconds. It must not be mixed with real sockets: with nothing
ready and no timer it raises instead of hanging.
"""

import asyncio
import selectors
from typing import Any


class Stalled(RuntimeError):
    """Nothing is ready and no timer is set: the program under test would wait for ever."""


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.turned = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise Stalled("nothing is ready and no timer is set")
        self.turned += timeout
        return []


class TurnedLoop(asyncio.SelectorEventLoop):
    """An event loop whose :meth:`time` moves only by jumping over idle stretches."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.turned
