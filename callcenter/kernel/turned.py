"""An asyncio loop with turned time: when nothing is ready it jumps to the next timer.

Everything that waits through asyncio (sleep, timeout, call_later) works unchanged, so tests that
last hours on the clock take milliseconds. Work for threads runs inline. It must not be mixed with
real sockets: with nothing ready and no timer it raises instead of hanging.
"""

import asyncio
import selectors
from collections.abc import Callable
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
        # The machine's nanosecond gets lost beside months of seconds in one float; a timer that
        # never counts as due would then spin for ever.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._jumping.turned

    def run_in_executor(  # type: ignore[override]
        self, _executor: object, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done
