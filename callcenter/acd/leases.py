"""Offers as leases (Q6): a ring that nobody ends is ended here, so that no seat is ever stuck."""

import heapq
from collections.abc import Callable

from callcenter.acd.model import Offer, SeatState
from callcenter.acd.seat import Seat
from callcenter.kernel.clock import Clock, Timer

_SWEEP = 1.0


class Leases:
    """Rings by the moment they run out. Ended ones are dropped when that moment comes, so granting
    and ending cost next to nothing; the sweep runs once a second while anything is out."""

    def __init__(self, clock: Clock, expire: Callable[[Seat, Offer], None]) -> None:
        self._clock = clock
        self._expire = expire
        self._heap: list[tuple[float, int, Seat, Offer]] = []
        self._number = 0
        self._timer: Timer | None = None

    def grant(self, seat: Seat, offer: Offer, seconds: float) -> None:
        """The seat is held for this ring for so long, or for longer than said before."""
        seat.lease_until = self._clock.monotonic() + seconds
        self._number += 1
        heapq.heappush(self._heap, (seat.lease_until, self._number, seat, offer))
        if self._timer is None:
            self._arm()

    def _arm(self) -> None:
        wait = max(_SWEEP, self._heap[0][0] - self._clock.monotonic())
        self._timer = self._clock.call_later(wait, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        now = self._clock.monotonic()
        over = []
        while self._heap and self._heap[0][0] <= now:
            _, _, seat, offer = heapq.heappop(self._heap)
            held = seat.offer is offer and seat.state is SeatState.RINGING
            if held and seat.lease_until <= now:
                over.append((seat, offer))
        if self._heap:
            self._arm()
        for seat, offer in over:
            self._expire(seat, offer)
