"""The heart of the dispatcher: who gets whom. One step, no locks, no scanning.

Two moments decide. A caller comes (or comes back): the best free seat of their lines, or a place
in them. A seat becomes free: the first caller of its lines, or a place among the free. So nobody
ever waits in a line that has a free seat, and each decision costs a look at the tops of heaps.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import structlog

from callcenter.acd.explain import decision
from callcenter.acd.index import Index
from callcenter.acd.leases import Leases
from callcenter.acd.line import Line
from callcenter.acd.model import Cue, Offer, OfferFailure, QueuePlan, SeatPlan, SeatStatus
from callcenter.acd.places import Places
from callcenter.acd.seat import Seat
from callcenter.acd.told import LeaseExpired, Metrics
from callcenter.acd.waiting import Waiting
from callcenter.kernel.clock import Clock
from callcenter.kernel.ids import new_id

_log = structlog.get_logger(__name__)
GRACE = 10.0
"""Seconds after its ring time until a ring that nobody ended is ended here."""
HELD = 3600.0
"""The same for a ring that goes on unwatched in the PBX."""


class Core:
    """State and matching. ``tell`` receives :class:`StatusChanged`, :class:`StateChanged`,
    :class:`Decision`, :class:`Disposed` and :class:`LeaseExpired`; ``explain`` off spares the
    decisions. ``lot`` draws for the random strategy."""

    def __init__(
        self,
        clock: Clock,
        tell: Callable[[object], None],
        *,
        explain: bool = True,
        lot: random.Random | None = None,
    ) -> None:
        self._clock = clock
        self._tell = tell
        self._explain = explain
        self._index = Index(self._make_seat, lot or random.Random())  # noqa: S311 - a fair lot
        self.changed = self._index.changed
        self._leases = Leases(clock, self._expired)
        self._places = Places()
        self._ticket = count()
        self._token_prefix = new_id("o")
        self._offers_made = 0
        self._double_offers = 0
        self._expired_leases = 0
        self._stuck_seconds = 0.0

    @property
    def metrics(self) -> Metrics:
        """What must be 0, and what it is counted in."""
        return Metrics(
            offers=self._offers_made,
            double_offers=self._double_offers,
            expired_leases=self._expired_leases,
            stuck_seat_seconds=self._stuck_seconds,
        )

    def refresh(self, seat: Seat) -> None:
        """If the seat is free, serve the first caller it may have, or list it as free."""
        if seat.free or seat.leaving or not seat.takes_calls:
            return
        line = self._first_line(seat)
        if line is not None:
            waiting = line.first()
            if waiting is not None:
                self._take(line, waiting, seat)
                return
        seat.free = True
        for line, place in seat.lines.items():
            line.pool.add(place.rank, line.queue.strategy.key(seat, place), seat)

    # -- inside -------------------------------------------------------------------------------

    def _make_seat(self, plan: SeatPlan) -> Seat:
        return Seat(plan, self._clock, self._tell, self)

    def _first_line(self, seat: Seat) -> Line | None:
        """Where the caller stands whom this seat should serve next."""
        best, best_key = None, None
        for line in seat.lines:
            if line.heap and (waiting := line.first()) is not None:
                key = (line.weight, waiting.order, waiting.ticket)
                if best_key is None or key < best_key:
                    best, best_key = line, key
        return best

    def _place(self, waiting: Waiting) -> None:
        """A free seat for the caller, or a place in each of their lines."""
        for line in waiting.lines:
            if (seat := line.pool.first()) is not None:
                self._take(line, waiting, seat)
                return
        for line in waiting.lines:
            line.stand(waiting)

    def _take(self, line: Line, waiting: Waiting, seat: Seat) -> None:
        """The one place where a seat is taken."""
        if waiting.offers or waiting.gone or not seat.takes_calls:
            self._double_offers += 1
            _log.error("offer not made", call=waiting.call, seat=seat.plan.number)
            return
        queue = line.queue
        if self._explain:
            self._tell(decision(self._clock, line, waiting, seat, self._index.seats))
        waiting.stamp += 1
        offer = self._hold(line, waiting, seat)
        if queue.strategy.all and waiting.rings_many:
            others = self._hold_others(line, waiting)
            offer = self._lead(offer, others, seat)
        waiting.offers = (offer, *offer.others)
        for each in waiting.offers:
            self._index.seats[each.seat].cue(Cue.OFFERED)
        waiting.on_offer(offer)

    def _hold(self, line: Line, waiting: Waiting, seat: Seat) -> Offer:
        offer = self._offer(line.queue.plan, seat, waiting.call, seat.extension)
        seat.offer, seat.waiting = offer, waiting
        seat.free = False
        seat.stamp += 1
        seat.taken_at = self._clock.monotonic()
        line.queue.had_turn(seat.plan.number)
        self._leases.grant(seat, offer, line.queue.ring_seconds + GRACE)
        return offer

    def _hold_others(self, line: Line, waiting: Waiting) -> tuple[Offer, ...]:
        others: list[Offer] = []
        while len(others) + 1 < line.queue.plan.ring_most:
            seat = line.pool.first()
            if seat is None:
                break
            others.append(self._hold(line, waiting, seat))
        return tuple(others)

    def _lead(self, offer: Offer, others: tuple[Offer, ...], seat: Seat) -> Offer:
        plan = self._index.queues[offer.queue].plan
        lead = replace(offer, others=others)
        seat.offer = lead
        self._leases.grant(seat, lead, plan.ring.total_seconds() + GRACE)
        return lead

    def _offer(
        self,
        plan: QueuePlan,
        seat: Seat,
        call: str,
        extension: str,
    ) -> Offer:
        self._offers_made += 1
        return Offer(
            token=f"{self._token_prefix}-{self._offers_made}",
            call=call,
            queue=plan.name,
            seat=seat.plan.number,
            extension=extension,
            ring=plan.ring,
            music=plan.music,
            record=plan.record,
        )

    def _holder(self, offer: Offer) -> Seat | None:
        """The seat that this lease holds; compared by token, as leases may be told over a wire."""
        seat = self._index.seats.get(offer.seat)
        if seat is None or seat.offer is None or seat.offer.token != offer.token:
            return None
        return seat

    def _freed(self, seat: Seat) -> None:
        """The seat's call is over."""
        seat.offer = seat.waiting = None
        if seat.status is SeatStatus.LOGGED_OUT:
            seat.extension = ""
            self.changed(seat)
        if seat.leaving:
            self._index.retire(seat)

    def _remove(self, waiting: Waiting, *, hung_up: bool = False) -> None:
        """The caller waits no more."""
        waited = self._clock.monotonic() - waiting.since
        waiting.gone = True
        waiting.stamp += 1
        if waiting.schedule is not None:
            waiting.schedule.cancel()
        for name in waiting.queues:
            queue = self._index.queues[name]
            queue.callers.pop(waiting.call, None)
            queue.pace.left(waited, hung_up=hung_up)
            if not queue.callers:
                queue.pace.emptied()
        if self._index.callers.get(waiting.call) is waiting:
            del self._index.callers[waiting.call]
        self._unline(waiting)

    def _unline(self, waiting: Waiting) -> None:
        for line in waiting.lines:
            line.callers -= 1
            if not line.callers:
                self._index.close(line)
        waiting.lines = []

    def _expired(self, seat: Seat, offer: Offer) -> None:
        now = self._clock.monotonic()
        self._expired_leases += 1
        self._stuck_seconds += max(0.0, now - seat.taken_at - offer.ring.total_seconds())
        _log.error("a ring that nobody ended", call=offer.call, seat=offer.seat)
        self._tell(LeaseExpired(offer=offer, at=self._clock.now()))
        self.failed(offer, OfferFailure.EXPIRED)

    def failed(self, offer: Offer, failure: OfferFailure) -> None:
        """See :class:`callcenter.acd.rings.Rings`."""
        raise NotImplementedError
