"""What becomes of offers: answered, failed, talked, or found going on after a restart.

Every method compares the lease first: who comes late, or twice, changes nothing.
"""

from dataclasses import replace
from datetime import timedelta

from callcenter.acd.core import GRACE, HELD, Core
from callcenter.acd.model import Cue, Offer, OfferFailure, QueuePlan, SeatState, SeatStatus
from callcenter.acd.seat import Seat
from callcenter.acd.told import WrapUpSet

_DIRECT = QueuePlan(name="", tenant="")  # of a seat rung outside any queue
_NOT_A_MISS = (OfferFailure.CALLER_GONE, OfferFailure.WITHDRAWN, OfferFailure.EXPIRED)


class Rings(Core):
    """The offers' side of the dispatcher."""

    def answered(self, offer: Offer) -> bool:
        """The seat picked up. ``False``: the lease is not theirs any more."""
        seat = self._holder(offer)
        if seat is None or seat.state is not SeatState.RINGING or not seat.cue(Cue.ANSWERED):
            return False
        now = self._clock.monotonic()
        seat.misses.clear()
        seat.calls += 1
        seat.answered_at = now
        waiting, queue = seat.waiting, self._index.queues.get(offer.queue)
        if waiting is not None and not waiting.gone:
            others = [each for each in waiting.offers if each.token != offer.token]
            self._remove(waiting)
            for other in others:
                self.failed(other, OfferFailure.WITHDRAWN)
            if queue is not None:
                queue.pace.answered(now, len(queue.callers), queue.on_duty)
        return True

    def failed(self, offer: Offer, failure: OfferFailure) -> None:
        """The ring is over without a talk: the caller is first again, the seat free or set aside.

        Nothing happens when the lease is over.
        """
        seat = self._holder(offer)
        if seat is None or seat.state is not SeatState.RINGING:
            return
        waiting, queue = seat.waiting, self._index.queues.get(offer.queue)
        seat.offer = seat.waiting = None
        seat.cue(Cue.OFFER_FAILED)
        if failure not in _NOT_A_MISS and queue is not None:
            self._missed(seat, queue.plan, failure)
        self._freed(seat)
        self._follow_phone(seat)
        if waiting is not None:
            waiting.offers = tuple(o for o in waiting.offers if o.token != offer.token)
            over = waiting.gone or waiting.offers or failure is OfferFailure.CALLER_GONE
            if not over:
                self._place(waiting)
        self.refresh(seat)

    def served(self, offer: Offer) -> None:
        """Somebody who sits at no seat has the caller for whom this seat rings."""
        seat = self._holder(offer)
        if seat is None or seat.state is not SeatState.RINGING:
            return
        if seat.waiting is not None and not seat.waiting.gone:
            self._remove(seat.waiting)
        self.failed(offer, OfferFailure.WITHDRAWN)

    def renew(self, offer: Offer, seconds: float) -> bool:
        """Hold the seat for this ring for ``seconds`` from now (a call back needs longer)."""
        seat = self._holder(offer)
        if seat is None or seat.offer is None or seat.state is not SeatState.RINGING:
            return False
        self._leases.grant(seat, seat.offer, seconds)
        return True

    def talk_ended(self, offer: Offer) -> None:
        """Caller and seat are apart; wrap-up begins."""
        seat = self._holder(offer)
        if seat is None:
            return
        if seat.state is SeatState.RINGING:  # they talked while nobody watched
            self.answered(offer)
        now = self._clock.monotonic()
        seat.talk_seconds += now - seat.answered_at
        queue = self._index.queues.get(offer.queue)
        if queue is not None:
            seat.last = (offer.call, offer.queue)
            if queue.plan.disposition_required and seat.disposed != offer.call:
                seat.owes = seat.last
        seat.served = offer.queue
        seat.offer = seat.waiting = None
        seat.cue(Cue.TALK_ENDED)
        wrap_up = self._wrap_up_after(seat, queue.plan if queue else None)
        if queue is not None:
            queue.pace.freed(now - seat.taken_at + wrap_up)
        if seat.status is SeatStatus.LOGGED_OUT or wrap_up <= 0:
            self._freed(seat)
            if seat.owes:
                self._wrap_up_for(seat, 0.0)
            self._wrap_up_over(seat)
        else:
            self._wrap_up_for(seat, wrap_up)
            self._freed(seat)

    def take(
        self,
        number: str,
        call: str,
        *,
        ring: timedelta,
        music: str = "default",
        record: bool = True,
        willing: bool = False,
    ) -> Offer | None:
        """One named seat for one caller, outside any queue: last agent, seat node, line at a seat.

        ``willing``: it is asked for from the seat itself, so it may be on a break.

        ``None`` when the seat is not free now. The offer's ``queue`` is empty; what becomes of it
        is told by :meth:`answered`, :meth:`failed` and :meth:`talk_ended` as for any other offer.
        """
        seat = self._index.seats.get(number)
        if seat is None or seat.leaving:
            return None
        if not (seat.takes_calls or (willing and seat.could_take)):
            return None
        plan = replace(_DIRECT, ring=ring, music=music, record=record)
        offer = self._offer(plan, seat, call, seat.extension)
        seat.offer, seat.waiting = offer, None
        seat.free = False
        seat.stamp += 1
        seat.taken_at = self._clock.monotonic()
        self._leases.grant(seat, offer, ring.total_seconds() + GRACE)
        seat.cue(Cue.OFFERED)
        return offer

    def pick_up(
        self, number: str, call: str, beside: Offer | None, *, seconds: float
    ) -> Offer | None:
        """The agent of this seat picks up what rings elsewhere, by ``beside`` if for a seat (S2).

        The phone is engaged by asking, so whatever the seat's state, only a call of its own stands
        in the way (``None``). The first of the two leases to be answered ends the other.
        """
        seat = self._index.seats.get(number)
        if seat is None or seat.offer is not None or seat.status is SeatStatus.LOGGED_OUT:
            return None
        holder = self._holder(beside) if beside else None
        queue = self._index.queues.get(beside.queue) if beside else None
        seat.taken_at = self._clock.monotonic()
        offer = self._offer(queue.plan if queue else _DIRECT, seat, call, seat.extension)
        seat.offer, seat.waiting = offer, holder.waiting if holder else None
        if seat.waiting is not None:
            seat.waiting.offers = (*seat.waiting.offers, offer)
        seat.cue(Cue.ADOPTED_RINGING)
        self._leases.grant(seat, offer, seconds)
        return offer

    def adopt(
        self, call: str, queue: str, number: str, extension: str, *, talking: bool
    ) -> Offer | None:
        """A ring or talk that began under an earlier engine goes on: its seat is held for it."""
        seat = self._index.seats.get(number)
        known = self._index.queues.get(queue)
        if seat is None or (known is None and queue) or seat.offer is not None:
            return None
        seat.cancel_timer()
        seat.taken_at = seat.answered_at = self._clock.monotonic()
        offer = self._offer(known.plan if known else _DIRECT, seat, call, extension)
        seat.offer = offer
        seat.cue(Cue.ADOPTED_TALKING if talking else Cue.ADOPTED_RINGING)
        if not talking:
            self._leases.grant(seat, offer, HELD)
        return offer

    def on_hold(self, call: str, *, held: bool) -> None:
        """The agent who talks with this caller pressed hold, or goes on talking."""
        for seat in self._index.seats.values():
            if seat.call == call and seat.state in (SeatState.TALKING, SeatState.ON_HOLD):
                seat.cue(Cue.HELD if held else Cue.TAKEN_OFF_HOLD)

    # -- inside -------------------------------------------------------------------------------

    def _missed(self, seat: Seat, plan: QueuePlan, failure: OfferFailure) -> None:
        misses = seat.misses.get(failure, 0) + 1
        seat.misses[failure] = misses
        if seat.status is SeatStatus.READY and misses >= _most(plan, failure):
            seat.say(SeatStatus.BUSY, by="engine", reason=failure.value, extension=seat.extension)
            return
        rest = plan.rest_after_miss.total_seconds()
        if rest > 0:
            seat.resting_until = self._clock.monotonic() + rest
            seat.wake_after(rest, lambda: self._rested(seat))

    def _rested(self, seat: Seat) -> None:
        seat.timer = None
        seat.resting_until = 0.0
        self.refresh(seat)

    def _wrap_up_after(self, seat: Seat, plan: QueuePlan | None) -> float:
        """After a call outside any queue: the longest of the queues that the seat serves (Q7)."""
        if plan is not None:
            return plan.wrap_up.total_seconds()
        number = seat.plan.number
        plans = (queue.plan for queue in self._index.queues.values())
        own = (p.wrap_up for p in plans if any(served == number for served, _ in p.seats))
        return max((each.total_seconds() for each in own), default=0.0)

    def _wrap_up_for(self, seat: Seat, seconds: float) -> None:
        seat.wrap_up_until = self._clock.monotonic() + seconds
        seat.until = self._clock.now() + timedelta(seconds=seconds)
        call, queue = seat.owes or ("", "")
        number, owes = seat.plan.number, seat.owes is not None
        self._tell(WrapUpSet(seat=number, call=call, queue=queue, until=seat.until, owes=owes))
        seat.wake_after(seconds, lambda: self._wrap_up_over(seat))

    def _wrap_up_over(self, seat: Seat) -> None:
        seat.cancel_timer()
        seat.wrap_up_until = 0.0
        if seat.owes and seat.status is SeatStatus.READY:
            seat.say(SeatStatus.BUSY, by="engine", reason=OWES, extension=seat.extension)
        if seat.cue(Cue.WRAP_UP_OVER):
            self._follow_phone(seat)
            self.refresh(seat)

    def _follow_phone(self, seat: Seat) -> None:
        """See :class:`callcenter.acd.desk.Desk`."""
        raise NotImplementedError


OWES = "disposition"


def _most(plan: QueuePlan, failure: OfferFailure) -> int:
    by_cause = {
        OfferFailure.REJECTED: plan.most_rejected,
        OfferFailure.UNREACHABLE: plan.most_unreachable,
    }.get(failure)
    return plan.most_misses if by_cause is None else by_cause
