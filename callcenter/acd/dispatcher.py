"""The dispatcher: the only one who takes a seat, in one step, for one caller.

Synchronous and without locks: each method runs to its end on the loop's thread, decides, and tells
through callbacks. It needs a clock and no PBX, so the simulator can run it as it is.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

import structlog

from callcenter.acd.model import (
    Cue,
    Offer,
    OfferFailure,
    Plan,
    QueuePlan,
    QueueView,
    SeatState,
    SeatStatus,
)
from callcenter.acd.seat import Seat
from callcenter.kernel.clock import Clock
from callcenter.kernel.errors import NotFound, Refused
from callcenter.kernel.ids import new_id
from callcenter.pbx.port import DeviceState

_log = structlog.get_logger(__name__)
_PHONE_CUES = {
    DeviceState.UNREACHABLE: Cue.PHONE_LOST,
    DeviceState.IDLE: Cue.PHONE_IDLE,
    DeviceState.IN_USE: Cue.PHONE_IN_USE,
}  # ringing for somebody else says nothing yet
_NOT_A_MISS = (OfferFailure.CALLER_GONE, OfferFailure.WITHDRAWN)
_DIRECT = QueuePlan(name="", tenant="")  # wrap-up and rest of a seat rung outside any queue


@dataclass(order=True)
class Waiting:
    """A caller in a queue: higher priority first, then by first arrival."""

    order: tuple[int, datetime, int]
    call: str = field(compare=False)
    queue: str = field(compare=False)
    joined_at: datetime = field(compare=False)
    on_offer: Callable[[Offer], None] = field(compare=False)
    offer: Offer | None = field(default=None, compare=False)
    gone: bool = field(default=False, compare=False)


class _Queue:
    def __init__(self, plan: QueuePlan) -> None:
        self.plan = plan
        self.heap: list[Waiting] = []
        self.callers: dict[str, Waiting] = {}

    def first(self) -> Waiting | None:
        """The caller to be served next; those who left or are being offered are dropped."""
        while self.heap and (self.heap[0].gone or self.heap[0].offer is not None):
            heapq.heappop(self.heap)
        return self.heap[0] if self.heap else None


class Dispatcher:
    """Callers, seats and who gets whom.

    ``tell`` receives :class:`StatusChanged` and :class:`StateChanged`.
    """

    def __init__(self, clock: Clock, tell: Callable[[object], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._queues: dict[str, _Queue] = {}
        self._seats: dict[str, Seat] = {}
        self._phones: dict[str, DeviceState] = {}
        self._ticket = count()

    # -- plan ---------------------------------------------------------------------------------

    def configure(self, plan: Plan) -> None:
        """Take over a new plan; callers and seats that stay are not disturbed."""
        for number, seat_plan in plan.seats.items():
            if seat := self._seats.get(number):
                seat.plan = seat_plan
            else:
                self._seats[number] = Seat(seat_plan, self._clock, self._tell)
        for number in [n for n in self._seats if n not in plan.seats]:
            if self._seats[number].offer is None:
                del self._seats[number]
        for name, queue_plan in plan.queues.items():
            if queue := self._queues.get(name):
                queue.plan = queue_plan
            else:
                self._queues[name] = _Queue(queue_plan)
        for name in [n for n, q in self._queues.items() if n not in plan.queues and not q.callers]:
            del self._queues[name]
        self._match_all()

    def seat(self, number: str) -> Seat:
        """A seat by its number.

        Raises:
            NotFound: there is none.
        """
        try:
            return self._seats[number]
        except KeyError:
            raise NotFound(f"There is no seat {number}.") from None

    def seats(self) -> list[Seat]:
        """All seats, by number."""
        return [self._seats[number] for number in sorted(self._seats)]

    def seat_at(self, extension: str) -> Seat | None:
        """The seat that is logged in at this extension."""
        for seat in self._seats.values():
            if seat.extension == extension and seat.status is not SeatStatus.LOGGED_OUT:
                return seat
        return None

    def queue_plan(self, name: str) -> QueuePlan | None:
        """How this queue is set up; ``None`` when there is none."""
        queue = self._queues.get(name)
        return queue.plan if queue else None

    def queues(self) -> list[QueueView]:
        """One row per queue, by name."""
        return [self._queue_view(self._queues[name]) for name in sorted(self._queues)]

    # -- what agents say ----------------------------------------------------------------------

    def log_in(self, number: str, extension: str, *, by: str) -> None:
        """Put the agent of this seat at a phone, ready.

        Raises:
            Refused: the seat is on a call elsewhere, or the phone is another seat's.
        """
        seat = self.seat(number)
        holder = self.seat_at(extension)
        if holder is not None and holder is not seat:
            raise Refused(f"Extension {extension} is in use by seat {holder.plan.number}.")
        if seat.offer is not None and seat.extension != extension:
            raise Refused(f"Seat {number} is on a call at extension {seat.extension}.")
        seat.misses = 0
        seat.say(SeatStatus.READY, by=by, extension=extension)
        self._follow_phone(seat)
        self._match_seat(seat)

    def log_out(self, number: str, *, by: str) -> None:
        """The agent leaves; a running talk goes on and is still theirs."""
        seat = self.seat(number)
        if seat.offer is None:
            seat.cancel_timer()
            seat.state = SeatState.IDLE
        seat.say(SeatStatus.LOGGED_OUT, by=by, extension=seat.extension if seat.offer else "")

    def ready(self, number: str, *, by: str) -> None:
        """The agent takes calls again; also ends wrap-up.

        Raises:
            Refused: not logged in.
        """
        seat = self._logged_in(number)
        seat.misses = 0
        seat.resting_until = 0.0
        if seat.status is not SeatStatus.READY:
            seat.say(SeatStatus.READY, by=by, extension=seat.extension)
        if seat.state is SeatState.WRAP_UP:
            self._wrap_up_over(seat)
        self._match_seat(seat)

    def busy(self, number: str, reason: str, *, by: str) -> None:
        """The agent takes no calls for a while, and says why.

        Raises:
            Refused: not logged in.
        """
        seat = self._logged_in(number)
        seat.say(SeatStatus.BUSY, by=by, reason=reason, extension=seat.extension)

    def phone_seen(self, extension: str, state: DeviceState) -> None:
        """A phone was seen in a state; the seat at it, if any, follows."""
        self._phones[extension] = state
        if (seat := self.seat_at(extension)) is not None:
            self._follow_phone(seat)
            self._match_seat(seat)

    # -- callers ------------------------------------------------------------------------------

    def join(
        self,
        call: str,
        queue: str,
        joined_at: datetime,
        on_offer: Callable[[Offer], None],
        priority: int = 0,
    ) -> Waiting:
        """Put a caller in a queue; ``on_offer`` is called when a seat was taken for them.

        Raises:
            NotFound: there is no such queue.
        """
        if queue not in self._queues:
            raise NotFound(f"There is no queue {queue!r}.")
        waiting = Waiting(
            order=(-priority, joined_at, next(self._ticket)),
            call=call,
            queue=queue,
            joined_at=joined_at,
            on_offer=on_offer,
        )
        self._queues[queue].callers[call] = waiting
        heapq.heappush(self._queues[queue].heap, waiting)
        self._match(self._queues[queue])
        return waiting

    def leave(self, waiting: Waiting) -> None:
        """The caller waits no more; an offer still out is withdrawn."""
        if waiting.gone:
            return
        if waiting.offer is not None:
            self.failed(waiting.offer, OfferFailure.CALLER_GONE)
        self.let_go(waiting)

    def let_go(self, waiting: Waiting) -> None:
        """The caller waits no more, but a seat that rings or talks stays taken."""
        waiting.gone = True
        callers = self._queues[waiting.queue].callers
        if callers.get(waiting.call) is waiting:
            del callers[waiting.call]

    def take(
        self,
        number: str,
        call: str,
        *,
        ring: timedelta,
        music: str = "default",
        record: bool = True,
    ) -> Offer | None:
        """One named seat for one caller, outside any queue: last agent, seat node, line at a seat.

        ``None`` when the seat is not free now. The offer's ``queue`` is empty; what becomes of it
        is told by :meth:`answered`, :meth:`failed` and :meth:`talk_ended` as for any other offer.
        """
        seat = self._seats.get(number)
        if seat is None or not seat.takes_calls:
            return None
        plan = replace(_DIRECT, ring=ring, music=music, record=record)
        seat.offer = self._offer(plan, seat, call, seat.extension)
        seat.cue(Cue.OFFERED)
        return seat.offer

    # -- offers -------------------------------------------------------------------------------

    def answered(self, offer: Offer) -> bool:
        """The seat picked up. ``False``: the lease is not theirs any more."""
        seat = self._holder(offer)
        if seat is None or not seat.cue(Cue.ANSWERED):
            return False
        seat.misses = 0
        queue = self._queues.get(offer.queue)
        if queue is not None and (waiting := queue.callers.pop(offer.call, None)):
            waiting.gone = True
        return True

    def failed(self, offer: Offer, failure: OfferFailure) -> None:
        """The ring is over without a talk: the caller is first again, the seat free or set aside.

        Nothing happens when the lease is over.
        """
        seat = self._holder(offer)
        if seat is None:
            return
        seat.offer = None
        seat.cue(Cue.OFFER_FAILED)
        if failure not in _NOT_A_MISS:
            self._missed(seat, self._plan_of(offer), failure)
        if (queue := self._queues.get(offer.queue)) is not None:
            waiting = queue.callers.get(offer.call)
            if waiting is not None:
                waiting.offer = None
                if failure is not OfferFailure.CALLER_GONE:
                    heapq.heappush(queue.heap, waiting)
            self._match(queue)
        self._match_seat(seat)

    def talk_ended(self, offer: Offer) -> None:
        """Caller and seat are apart; wrap-up begins."""
        seat = self._holder(offer)
        if seat is None:
            return
        seat.offer = None
        if not seat.cue(Cue.TALK_ENDED):
            return
        if seat.status is SeatStatus.LOGGED_OUT:
            seat.extension = ""
            self._wrap_up_over(seat)
            return
        wrap_up = self._plan_of(offer).wrap_up.total_seconds()
        seat.timer = self._clock.call_later(wrap_up, lambda: self._wrap_up_over(seat))

    def adopt(
        self, call: str, queue: str, number: str, extension: str, *, talking: bool
    ) -> Offer | None:
        """A ring or talk that began under an earlier engine goes on: its seat is held for it."""
        seat = self._seats.get(number)
        plan = self.queue_plan(queue) if queue else _DIRECT
        if seat is None or plan is None or seat.offer is not None:
            return None
        seat.offer = self._offer(plan, seat, call, extension)
        seat.state = SeatState.TALKING if talking else SeatState.RINGING
        return seat.offer

    # -- inside -------------------------------------------------------------------------------

    def _logged_in(self, number: str) -> Seat:
        seat = self.seat(number)
        if seat.status is SeatStatus.LOGGED_OUT:
            raise Refused(f"Seat {number} is not logged in.")
        return seat

    def _holder(self, offer: Offer) -> Seat | None:
        seat = self._seats.get(offer.seat)
        return seat if seat is not None and seat.offer is offer else None

    def _plan_of(self, offer: Offer) -> QueuePlan:
        queue = self._queues.get(offer.queue)
        return queue.plan if queue else _DIRECT

    def _missed(self, seat: Seat, plan: QueuePlan, failure: OfferFailure) -> None:
        seat.misses += 1
        if seat.misses >= plan.most_misses:
            seat.say(SeatStatus.BUSY, by="engine", reason=failure.value, extension=seat.extension)
            return
        rest = plan.rest_after_miss.total_seconds()
        seat.resting_until = self._clock.monotonic() + rest
        seat.cancel_timer()
        seat.timer = self._clock.call_later(rest, lambda: self._rested(seat))

    def _follow_phone(self, seat: Seat) -> None:
        cue = _PHONE_CUES.get(self._phones.get(seat.extension, DeviceState.UNREACHABLE))
        if cue is not None and seat.offer is None and seat.cue(cue):
            seat.resting_until = 0.0
            if seat.state is SeatState.UNREACHABLE:
                seat.cancel_timer()

    def _rested(self, seat: Seat) -> None:
        seat.resting_until = 0.0
        self._match_seat(seat)

    def _wrap_up_over(self, seat: Seat) -> None:
        seat.cancel_timer()
        if seat.cue(Cue.WRAP_UP_OVER):
            self._follow_phone(seat)
            self._match_seat(seat)

    def _match_all(self) -> None:
        for queue in self._queues.values():
            self._match(queue)

    def _match_seat(self, seat: Seat) -> None:
        if not seat.takes_calls:
            return
        number = seat.plan.number
        mine = [q for q in self._queues.values() if any(s == number for s, _ in q.plan.seats)]
        firsts = [first for queue in mine if (first := queue.first())]
        if firsts:
            self._match(self._queues[min(firsts).queue])

    def _match(self, queue: _Queue) -> None:
        while (waiting := queue.first()) is not None:
            seat = self._longest_idle(queue.plan)
            if seat is None:
                return
            offer = self._offer(queue.plan, seat, waiting.call, seat.extension)
            seat.offer = waiting.offer = offer
            seat.cue(Cue.OFFERED)
            heapq.heappop(queue.heap)
            waiting.on_offer(offer)

    def _longest_idle(self, plan: QueuePlan) -> Seat | None:
        free = [
            (tier, seat.idle_since, number, seat)
            for number, tier in plan.seats
            if (seat := self._seats.get(number)) is not None and seat.takes_calls
        ]
        return min(free)[3] if free else None

    def _offer(self, plan: QueuePlan, seat: Seat, call: str, extension: str) -> Offer:
        return Offer(
            token=new_id("o"),
            call=call,
            queue=plan.name,
            seat=seat.plan.number,
            extension=extension,
            ring=plan.ring,
            music=plan.music,
            record=plan.record,
        )

    def _queue_view(self, queue: _Queue) -> QueueView:
        now = self._clock.now()
        seats = [self._seats[number] for number, _ in queue.plan.seats if number in self._seats]
        waits = [(now - w.joined_at).total_seconds() for w in queue.callers.values()]
        return QueueView(
            queue=queue.plan.name,
            tenant=queue.plan.tenant,
            waiting=len(waits),
            longest_wait=max(waits, default=0.0),
            seats_ready=sum(seat.takes_calls for seat in seats),
            seats_logged_in=sum(seat.status is not SeatStatus.LOGGED_OUT for seat in seats),
        )
