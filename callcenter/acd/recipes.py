"""What changes for a caller while they wait (Q2, Q4): the steps that will be due, in one timer.

Which steps there are is decided here, what they do is the dispatcher's.
"""

import heapq
from collections.abc import Callable, Iterator
from datetime import timedelta

from callcenter.acd.model import Action, QueuePlan, Step
from callcenter.kernel.clock import Clock, Timer


class Schedule:
    """Calls due at clock seconds; one timer for all of them."""

    __slots__ = ("_clock", "_due", "_number", "_timer")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self._timer: Timer | None = None

    def at(self, due: float, call: Callable[[], None]) -> None:
        """Make this call then; at once is in the next turn of the clock."""
        self._number += 1
        heapq.heappush(self._due, (due, self._number, call))
        if self._due[0][1] == self._number:
            self._arm()

    def cancel(self) -> None:
        """Nothing is due any more."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        seconds = max(0.0, self._due[0][0] - self._clock.monotonic())
        self._timer = self._clock.call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._due:
            _, _, call = heapq.heappop(self._due)
            if self._due:
                self._arm()
            call()


def steps(plan: QueuePlan) -> Iterator[Step]:
    """The queue's recipe, and what its tiers come to when written as one."""
    yield from plan.recipe
    if plan.tier_after > timedelta(0):
        tiers = sorted({tier for _, tier in plan.seats})
        for number, tier in enumerate(tiers[1:], start=1):
            yield Step(after=plan.tier_after * number, action=Action.TIERS, level=tier)


def first_tiers(plan: QueuePlan) -> int | None:
    """Seats up to which tier a new caller may get; ``None``: all."""
    if plan.tier_after <= timedelta(0) or not plan.seats:
        return None
    return min(tier for _, tier in plan.seats)


def holds(step: Step, waiting: int, ready: int) -> bool:
    """The step's conditions hold."""
    if waiting < step.waiting_at_least:
        return False
    return step.ready_at_most is None or ready <= step.ready_at_most
