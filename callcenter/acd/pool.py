"""The free seats of a line, best first. Stale entries are dropped when they come to the top.

An entry holds a seat's ``stamp`` from the moment it became free; the stamp moves on when the seat
is taken, so nothing has to be looked for and removed. Costs: logarithmic to add, amortised
constant to drop.
"""

import heapq
import random
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from callcenter.acd.seat import Seat

Rank = tuple[int, ...]
_SLACK = 32


class Pool(Protocol):
    """Free seats in an order."""

    def add(self, rank: Rank, key: float, seat: "Seat") -> None:
        """A seat became free."""

    def first(self) -> "Seat | None":
        """The best free seat; it stays until its stamp moves on."""


class HeapPool:
    """Lowest rank first, then lowest key, then who was added first."""

    def __init__(self, members: int) -> None:
        self._most = 2 * members + _SLACK
        self._heap: list[tuple[Rank, float, int, Seat, int]] = []
        self._added = 0

    def add(self, rank: Rank, key: float, seat: "Seat") -> None:
        self._added += 1
        heap = self._heap
        heapq.heappush(heap, (rank, key, self._added, seat, seat.stamp))
        if len(heap) > self._most:
            heap[:] = [entry for entry in heap if entry[3].stamp == entry[4]]
            heapq.heapify(heap)

    def first(self) -> "Seat | None":
        heap = self._heap
        while heap:
            top = heap[0]
            if top[3].stamp == top[4]:
                return top[3]
            heapq.heappop(heap)
        return None


class LotPool:
    """Lowest rank first, then by lot, each free seat as likely as any other."""

    def __init__(self, members: int, lot: random.Random) -> None:
        self._most = 2 * members + _SLACK
        self._ranks: dict[Rank, list[tuple[Seat, int]]] = {}
        self._lot = lot

    def add(self, rank: Rank, key: float, seat: "Seat") -> None:
        entries = self._ranks.setdefault(rank, [])
        entries.append((seat, seat.stamp))
        if len(entries) > self._most:
            entries[:] = [entry for entry in entries if entry[0].stamp == entry[1]]

    def first(self) -> "Seat | None":
        for rank in sorted(self._ranks):
            entries = self._ranks[rank]
            while entries:
                at = self._lot.randrange(len(entries))
                seat, stamp = entries[at]
                if seat.stamp == stamp:
                    return seat
                entries[at] = entries[-1]
                entries.pop()
        return None
