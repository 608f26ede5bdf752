"""A line: the callers of one queue with one need, and the free seats that meet it.

Nobody stands in a line that has a free seat: whoever joins takes it, and a seat that becomes free
takes the first caller of its lines. So a decision looks at tops only.
"""

import heapq
import random
from collections.abc import Iterable
from typing import TYPE_CHECKING

from callcenter.acd.model import QueuePlan
from callcenter.acd.pool import HeapPool, LotPool, Pool, Rank
from callcenter.acd.skills import Need, level, meets, wishes_missed
from callcenter.acd.strategies import STRATEGIES
from callcenter.acd.waiting import Order, Waiting

if TYPE_CHECKING:
    from callcenter.acd.queue import Queue
    from callcenter.acd.seat import Seat

_SLACK = 64


class Place:
    """A seat's place in a line."""

    __slots__ = ("level", "position", "rank", "tier", "turn")

    def __init__(self, position: int, tier: int, level: int, rank: Rank, turn: int) -> None:
        self.position = position
        self.tier = tier
        self.level = level
        self.rank = rank
        self.turn = turn


class Line:
    """Callers and free seats that may have each other. ``callers`` counts those who hold a place
    here, offered ones too."""

    __slots__ = ("callers", "heap", "need", "on_duty", "places", "pool", "queue", "weight")

    def __init__(self, queue: "Queue", need: Need) -> None:
        self.queue = queue
        self.need = need
        self.heap: list[tuple[Order, int, Waiting, int]] = []
        self.places: dict[str, Place] = {}
        self.pool: Pool = HeapPool(0)
        self.callers = 0
        self.on_duty = 0
        self.weight = 0

    def man(self, seats: "Iterable[tuple[Seat, int, int]]", lot: random.Random) -> None:
        """Work out anew who may serve here: seats with position and tier."""
        plan = self.queue.plan
        self.weight = -plan.weight
        self.places, self.on_duty = {}, 0
        for seat, position, tier in seats:
            if meets(seat.plan, tier, self.need):
                rank = _rank(plan, seat, tier, self.need)
                turn = self.queue.turns.get(seat.plan.number, 0)
                place = Place(position, tier, level(seat.plan, self.need), rank, turn)
                self.places[seat.plan.number] = place
                seat.lines[self] = place
                self.on_duty += seat.on_duty
        draws = STRATEGIES[plan.strategy].draws
        self.pool = LotPool(len(self.places), lot) if draws else HeapPool(len(self.places))

    def stand(self, waiting: Waiting) -> None:
        """The caller takes their place."""
        heap = self.heap
        heapq.heappush(heap, (waiting.order, waiting.ticket, waiting, waiting.stamp))
        if len(heap) > 2 * self.callers + _SLACK:
            heap[:] = [entry for entry in heap if entry[2].stamp == entry[3]]
            heapq.heapify(heap)

    def first(self) -> Waiting | None:
        """Who is to be served next."""
        heap = self.heap
        while heap:
            top = heap[0]
            if top[2].stamp == top[3]:
                return top[2]
            heapq.heappop(heap)
        return None


def _rank(plan: QueuePlan, seat: "Seat", tier: int, need: Need) -> Rank:
    """What goes before the strategy: tier, wishes, then those who can do little else."""
    breadth = seat.breadth if plan.specialists_first else 0
    return (tier, wishes_missed(seat.plan, need), breadth)
