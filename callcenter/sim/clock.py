"""A clock that jumps from one thing to do to the next: a heap of timers, nothing else."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_START = datetime(2026, 1, 5, tzinfo=UTC)


class _Timer:
    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None] | None) -> None:
        self.call = call

    def cancel(self) -> None:
        self.call = None


class HeapClock:
    """Kept by :class:`callcenter.kernel.clock.Clock`; ``run`` lives it through."""

    def __init__(self) -> None:
        self._now = 0.0
        self._wall, self._wall_at = _START, 0.0
        self._heap: list[tuple[float, int, _Timer]] = []
        self._number = 0

    def now(self) -> datetime:
        if self._wall_at != self._now:  # asked several times in one moment
            self._wall_at = self._now
            self._wall = _START + timedelta(seconds=self._now)
        return self._wall

    def monotonic(self) -> float:
        return self._now

    def call_later(self, seconds: float, call: Callable[[], None]) -> _Timer:
        timer = _Timer(call)
        self._number += 1
        heapq.heappush(self._heap, (self._now + max(0.0, seconds), self._number, timer))
        return timer

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError("Nothing waits on this clock but timers.")

    def run(self, until: float = float("inf")) -> None:
        """Make every call that is due by then, in order; time stands at ``until`` afterwards."""
        heap, pop = self._heap, heapq.heappop
        while heap and heap[0][0] <= until:
            due, _, timer = pop(heap)
            if (call := timer.call) is not None:
                timer.call = None
                self._now = due
                call()
        if until != float("inf"):
            self._now = until
