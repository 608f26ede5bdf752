"""A queue while the engine runs: its plan, its lines, who waits."""

from bisect import bisect_left

from callcenter.acd.estimates import Pace
from callcenter.acd.line import Line
from callcenter.acd.model import QueuePlan, StrategyName
from callcenter.acd.recipes import first_tiers
from callcenter.acd.skills import ANYBODY, Need
from callcenter.acd.strategies import STRATEGIES, Strategy
from callcenter.acd.waiting import Order, Waiting

_EXACT = 256
_STALE = 1.0


class Queue:
    """``callers`` by call, from joining to answer, parked and offered ones too."""

    def __init__(self, plan: QueuePlan) -> None:
        self.follow(plan)
        self.lines: dict[Need, Line] = {}
        self.callers: dict[str, Waiting] = {}
        self.logged_in = 0
        self.turns: dict[str, int] = {}
        self.turn = 0
        self.pace = Pace()
        self._orders: list[tuple[Order, int]] = []
        self._sorted_at = -_STALE

    def follow(self, plan: QueuePlan) -> None:
        """Take over a changed plan; the lines are manned anew by the index."""
        self.plan = plan
        self.strategy: Strategy = STRATEGIES[plan.strategy]
        self.ring_seconds = plan.ring.total_seconds()
        self.simple = not plan.needs and first_tiers(plan) is None

    @property
    def on_duty(self) -> int:
        """Seats that are ready or on a call for somebody."""
        return self.lines[ANYBODY].on_duty

    def had_turn(self, number: str) -> None:
        """This seat is rung."""
        self.turn += 1
        self.turns[number] = self.turn
        if self.plan.strategy is not StrategyName.ROUND_ROBIN:
            return
        for line in self.lines.values():
            if place := line.places.get(number):
                place.turn = self.turn

    def ahead(self, order: Order, ticket: int, now: float) -> int:
        """How many callers come before this place. In long queues at most a second old: the
        places are put in order once a second, not for each who asks."""
        if len(self.callers) <= _EXACT:
            return sum((w.order, w.ticket) < (order, ticket) for w in self.callers.values())
        if now - self._sorted_at >= _STALE:
            self._orders = sorted((w.order, w.ticket) for w in self.callers.values())
            self._sorted_at = now
        return min(bisect_left(self._orders, (order, ticket)), len(self.callers) - 1)
