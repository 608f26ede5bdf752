"""What agents say and what is seen of their phones."""

import random
from collections.abc import Callable
from datetime import timedelta

from callcenter.acd.model import Cue, OverflowReason, SeatState, SeatStatus
from callcenter.acd.rings import OWES, Rings
from callcenter.acd.seat import Seat
from callcenter.acd.told import Disposed, StatusChanged, WrapUpSet
from callcenter.acd.waiting import Waiting
from callcenter.kernel.clock import Clock
from callcenter.kernel.errors import NotFound, Refused
from callcenter.pbx.port import DeviceState

_PHONE_CUES = {
    DeviceState.UNREACHABLE: Cue.PHONE_LOST,
    DeviceState.IDLE: Cue.PHONE_IDLE,
    DeviceState.IN_USE: Cue.PHONE_IN_USE,
}  # ringing for somebody else says nothing yet


OUTSIDE = "outside:"
"""Before the number of an outside telephone that is a seat's (S3)."""


class Desk(Rings):
    """The agents' side of the dispatcher."""

    def __init__(
        self,
        clock: Clock,
        tell: Callable[[object], None],
        *,
        explain: bool = True,
        lot: random.Random | None = None,
    ) -> None:
        super().__init__(clock, tell, explain=explain, lot=lot)
        self._phones: dict[str, DeviceState] = {}

    def seat(self, number: str) -> Seat:
        """A seat by its number.

        Raises:
            NotFound: there is none.
        """
        try:
            return self._index.seats[number]
        except KeyError:
            raise NotFound(f"There is no seat {number}.") from None

    def seats(self) -> list[Seat]:
        """All seats, by number."""
        return [self._index.seats[number] for number in sorted(self._index.seats)]

    def phones(self) -> dict[str, DeviceState]:
        """Every phone that was seen, as it was seen last."""
        return dict(self._phones)

    def seat_at(self, extension: str) -> Seat | None:
        """The seat that is logged in at this extension."""
        return self._index.at(extension)

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
        seat.misses.clear()
        if seat.owes and seat.state is not SeatState.WRAP_UP:
            seat.say(SeatStatus.BUSY, by=by, reason=OWES, extension=extension)
        else:
            seat.say(SeatStatus.READY, by=by, extension=extension)
        self._follow_phone(seat)
        self.refresh(seat)

    def log_out(self, number: str, *, by: str) -> None:
        """The agent leaves; a running talk goes on and is still theirs."""
        seat = self.seat(number)
        if seat.offer is None:
            seat.cancel_timer()
            seat.wrap_up_until = seat.resting_until = 0.0
            if seat.state is not SeatState.IDLE:
                seat.cue(Cue.LOGGED_OUT)
        seat.say(SeatStatus.LOGGED_OUT, by=by, extension=seat.extension if seat.offer else "")
        for queue in {line.queue for line in seat.lines}:
            if not queue.logged_in and queue.plan.limits.needs_seat:
                for waiting in list(queue.callers.values()):
                    self._send_on(waiting, queue.plan.name, OverflowReason.NO_SEAT)

    def ready(self, number: str, *, by: str) -> None:
        """The agent takes calls again; also ends wrap-up.

        Raises:
            Refused: not logged in, or a disposition is owed.
        """
        seat = self._logged_in(number)
        if seat.owes and seat.offer is None:
            raise Refused(f"Seat {number} first has to say what came of its last call.")
        seat.misses.clear()
        seat.resting_until = 0.0
        if seat.status is not SeatStatus.READY:
            seat.say(SeatStatus.READY, by=by, extension=seat.extension)
        if seat.state is SeatState.WRAP_UP:
            self._wrap_up_over(seat)
        self.refresh(seat)

    def busy(self, number: str, reason: str, *, by: str, limit: timedelta | None = None) -> None:
        """The agent takes no calls for a while, and says why; ``limit`` is how long that may be.

        Raises:
            Refused: not logged in.
        """
        seat = self._logged_in(number)
        seat.say(SeatStatus.BUSY, by=by, reason=reason, extension=seat.extension, limit=limit)

    def wrap_up(self, number: str, seconds: float) -> None:
        """Add ``seconds`` to the wrap-up of this seat; an idle seat begins one (Q7).

        Raises:
            Refused: not logged in, or neither idle nor in wrap-up.
        """
        seat = self._logged_in(number)
        if seat.state is SeatState.IDLE and seat.offer is None:
            seat.cue(Cue.WRAP_UP_ASKED)
            self._wrap_up_for(seat, seconds)
        elif seat.state is SeatState.WRAP_UP:
            left = max(0.0, seat.wrap_up_until - self._clock.monotonic())
            self._wrap_up_for(seat, left + seconds)
        else:
            raise Refused(f"Seat {number} is {seat.state.value}; wrap-up comes after a call.")

    def wrap_up_once_free(self, number: str, seconds: float) -> None:
        """As :meth:`wrap_up`, asked for from the seat's own phone, which is engaged by asking.

        Raises:
            Refused: not logged in, or on a call.
        """
        seat = self._logged_in(number)
        if seat.state is not SeatState.ENGAGED or seat.offer is not None:
            self.wrap_up(number, seconds)
            return
        left = max(0.0, seat.wrap_up_until - self._clock.monotonic())
        self._wrap_up_for(seat, left + seconds)
        seat.cancel_timer()  # begins when the phone is down, see _follow_phone

    def dispose(self, number: str, code: str, *, by: str) -> None:
        """The agent says what came of the last call, of a queue that has codes (Q7).

        May be said while still talking, and again until the next call: the last word counts.

        Raises:
            Refused: there was no such call, or the queue has no such code.
        """
        seat = self._logged_in(number)
        call, name = self._subject(seat)
        queue = self._index.queues.get(name)
        codes = queue.plan.dispositions if queue else ()
        if codes and code not in codes:
            raise Refused(f"{code!r} is none of: {', '.join(codes)}.")
        seat.owes = None
        seat.disposed = call
        now = self._clock.now()
        self._tell(Disposed(seat=number, call=call, queue=name, code=code, at=now, by=by))
        if seat.status is SeatStatus.BUSY and seat.reason == OWES:
            self.ready(number, by=by)

    def codes(self, number: str) -> tuple[str, ...]:
        """What may be said of the last call of this seat.

        Raises:
            Refused: there was no call to say anything of.
        """
        queue = self._index.queues.get(self._subject(self._logged_in(number))[1])
        return queue.plan.dispositions if queue else ()

    def restore_status(self, said: StatusChanged) -> None:
        """What an agent had said to an earlier engine."""
        if (seat := self._index.seats.get(said.seat)) is not None:
            seat.restore(said)

    def restore_wrap_up(self, said: WrapUpSet) -> None:
        """The rest of a wrap-up that began under an earlier engine, and what was owed (Q7)."""
        seat = self._index.seats.get(said.seat)
        if seat is None or seat.status is SeatStatus.LOGGED_OUT:
            return
        if said.owes:
            seat.owes = seat.last = (said.call, said.queue)
        left = (said.until - self._clock.now()).total_seconds()
        if left > 0 and seat.cue(Cue.WRAP_UP_ASKED):
            self._wrap_up_for(seat, left)
        elif seat.owes and seat.status is SeatStatus.READY:
            seat.say(SeatStatus.BUSY, by="engine", reason=OWES, extension=seat.extension)

    def phone_seen(self, extension: str, state: DeviceState) -> None:
        """A phone was seen in a state; the seat at it, if any, follows."""
        self._phones[extension] = state
        if (seat := self.seat_at(extension)) is not None:
            self._follow_phone(seat)
            self.refresh(seat)

    def engage(self, number: str, call: str) -> bool:
        """Offer this seat nobody while its phone is in ``call`` by another way: as a listener.

        ``False``: the seat is on a call, or its phone is in use.
        """
        seat = self.seat(number)
        free = seat.state in (SeatState.IDLE, SeatState.WRAP_UP)
        if seat.offer is not None or seat.engaged or not free:
            return False
        seat.engaged = call
        self._follow_phone(seat)
        return True

    def disengage(self, number: str) -> None:
        """The phone is out of that call; the seat is as its phone is."""
        seat = self._index.seats.get(number)
        if seat is None or not seat.engaged:
            return
        seat.engaged = ""
        self._follow_phone(seat)
        self.refresh(seat)

    # -- inside -------------------------------------------------------------------------------

    def _subject(self, seat: Seat) -> tuple[str, str]:
        """Call and queue of which the agent speaks: the present one, else the last."""
        offer = seat.offer
        if offer is not None and offer.queue and seat.state is not SeatState.RINGING:
            return offer.call, offer.queue
        found = seat.owes or seat.last
        if found is None:
            raise Refused(f"Seat {seat.plan.number} has had no call to say anything of.")
        return found

    def _logged_in(self, number: str) -> Seat:
        seat = self.seat(number)
        if seat.status is SeatStatus.LOGGED_OUT:
            raise Refused(f"Seat {number} is not logged in.")
        return seat

    def _follow_phone(self, seat: Seat) -> None:
        """The state of the phone where the seat sits; wrap-up and rest outlast a phone's absence
        only as far as they had still to run."""
        if seat.offer is not None or seat.status is SeatStatus.LOGGED_OUT:
            return
        outside = seat.extension.startswith(OUTSIDE)  # nothing is seen of that telephone
        unknown = DeviceState.IDLE if outside else DeviceState.UNREACHABLE
        phone = self._phones.get(seat.extension, unknown)
        if seat.engaged and phone is not DeviceState.UNREACHABLE:
            phone = DeviceState.IN_USE  # or about to be
        if phone is DeviceState.IDLE and seat.state is SeatState.IDLE:
            return
        cue = _PHONE_CUES.get(phone)
        if cue is None or not seat.cue(cue):
            return
        if seat.state is SeatState.UNREACHABLE:
            seat.resting_until = 0.0
            seat.cancel_timer()
        elif seat.state is SeatState.IDLE:
            left = seat.wrap_up_until - self._clock.monotonic()
            if left > 0 and seat.cue(Cue.WRAP_UP_ASKED):
                self._wrap_up_for(seat, left)

    def _send_on(self, waiting: Waiting, queue: str, reason: OverflowReason, to: str = "") -> None:
        """See :class:`callcenter.acd.dispatcher.Dispatcher`."""
        raise NotImplementedError


def code_at(codes: tuple[str, ...], keys: str) -> str | None:
    """A disposition by keys: the code itself where codes are digits, else its place in the list."""
    if keys in codes:
        return keys
    if keys.isdigit() and 0 < int(keys) <= len(codes) and not any(map(str.isdigit, codes)):
        return codes[int(keys) - 1]
    return None
