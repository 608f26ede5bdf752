"""The one clock everything waits through.

Production uses :class:`LoopClock` on a plain asyncio loop. Tests run the same class on a loop whose
time jumps to the next timer (``callcenter.kernel.turned``); the simulator has a clock of its own.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Timer(Protocol):
    """A call that has been asked for and can be called off."""

    def cancel(self) -> None:
        """Forget the call; harmless when it was made already."""


class Clock(Protocol):
    """Time as the engine sees it: ``now`` for records, ``monotonic`` (seconds) for durations."""

    def now(self) -> datetime:
        """Wall time, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call ``call`` after ``seconds``."""

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds``."""


class LoopClock:
    """The clock of the running asyncio loop.

    ``start`` fixes the wall time at the loop's present moment (tests); without it, wall time is
    the machine's.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._start = start
        self._start_monotonic = self._loop.time()

    def now(self) -> datetime:
        if self._start is None:
            return datetime.now(UTC)
        return self._start + timedelta(seconds=self.monotonic() - self._start_monotonic)

    def monotonic(self) -> float:
        return self._loop.time()

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return self._loop.call_later(seconds, call)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
