"""Supervisors' phones in a talk: monitor, whisper, barge, switched while on; announced if need be.

Ringing a phone takes seconds and is done beside the call's turn; checking and booking are in it.
The listener's seat is offered nobody meanwhile. Whatever the phone does, the talk goes on (see
:meth:`callcenter.pbx.control.Control.eavesdrop`).
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import structlog

from callcenter.calls import Intervened, OpenCall, SteppedOut
from callcenter.conductor.context import Context
from callcenter.conductor.inbox import over
from callcenter.conductor.whom import Whom, seat_refusal, whom
from callcenter.kernel.errors import CallCenterError, PbxProblem, Refused
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    DeviceState,
    Dial,
    DialResult,
    DialStatus,
    EavesdropMode,
    LegId,
    Pbx,
    Prompt,
)
from callcenter.supervision import LISTENING, Act, Listeners, Listening, why_not
from callcenter.supervision.refusals import (
    NotListening,
    NotTalking,
    SeatTaken,
    SeatUnreachable,
)

_log = structlog.get_logger(__name__)
RING = timedelta(seconds=20)
_SETTLED = timedelta(seconds=5)  # after which a phone that is idle is certainly out of the call
_MODES = {
    Act.MONITOR: EavesdropMode.MONITOR,
    Act.WHISPER: EavesdropMode.WHISPER,
    Act.BARGE: EavesdropMode.BARGE,
}


Ring = Callable[[Dial], Coroutine[Any, Any, DialResult]]


class ListeningIn:
    """Of one engine."""

    def __init__(self, context: Context, pbx: Pbx) -> None:
        self._context = context
        self._pbx = pbx
        self.book = Listeners()
        self._ringing: dict[Listening, asyncio.Task[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.on_out: Callable[[Listening], None] = lambda _one: None

    # -- acts ---------------------------------------------------------------------------------

    async def listen(self, call: str, mode: Act, who: str, by: str) -> Listening:
        """Ring ``who``'s phone and have it listen; or switch, when it listens already.

        Returns when it listens.

        Raises:
            CallCenterError: it was not done, and why.
        """
        inboxes = self._context.inboxes
        phone = whom(self._context, who, inboxes.call(call).tenant)
        found = self.book.find(call, phone.number)
        if found is not None and found.leg and found.mode in LISTENING and mode in LISTENING:
            return await self.switch(call, mode, who, by)
        one, leg = await inboxes.do(call, lambda open_: self._begin(open_, mode, phone, by))
        return await self._ring(one, self._come_in(one, leg, phone))

    async def bring(self, call: str, phone: Whom, by: str, ring: Ring) -> Listening:
        """Have a phone join a conference by ``ring``: booked, engaged and freed as a listener."""
        one, _ = await self._context.inboxes.do(
            call, lambda open_: self._begin(open_, Act.CONFERENCE, phone, by)
        )
        return await self._ring(one, ring(Dial(parties=(phone.party,), ring=RING)))

    async def switch(self, call: str, mode: Act, who: str, by: str) -> Listening:
        """Another mode for whoever listens; ``who`` may be empty when there is one."""
        found = self._one(call, who)

        async def work(open_: OpenCall) -> Listening:
            if not await self._pbx.set_eavesdrop_mode(found.leg, _MODES[mode]):
                raise NotListening(f"{found.who} listens to {call} no more.")
            found.mode = mode
            self._stepped_in(open_, found, by)
            return found

        return await self._context.inboxes.do(call, work)

    async def leave(self, call: str, who: str) -> None:
        """Have a phone leave a call: a listener, a third party, or one that is still rung."""
        number = whom(self._context, who, self._context.inboxes.call(call).tenant).number
        found = self.book.find(call, number)
        if found is None:
            raise NotListening(f"{who} is not in call {call}.")
        if ringing := self._ringing.get(found):
            ringing.cancel()
        elif not await self._pbx.hangup(found.leg, Cause.NORMAL):
            self._out(found)

    # -- what happens -------------------------------------------------------------------------

    def leg_ended(self, leg: LegId) -> None:
        """A channel has gone; perhaps somebody listened by it."""
        if (found := self.book.on(leg)) is not None:
            self._out(found)

    def seen(self, devices: dict[str, DeviceState]) -> None:
        """Compare with what phones are seen to do: the end of a listening may have been missed."""
        since = self._context.clock.now() - _SETTLED
        for one in self.book.all():
            idle = devices.get(one.number) in (DeviceState.IDLE, DeviceState.UNREACHABLE)
            gone = one.call not in self._context.ledger.open
            if one.leg and one.since < since and (idle or gone):
                _log.warning("a listening had ended unseen", call=one.call, who=one.who)
                self._out(one)

    # -- inside -------------------------------------------------------------------------------

    async def _begin(
        self, call: OpenCall, mode: Act, phone: Whom, by: str
    ) -> tuple[Listening, LegId]:
        """Check and book, in the call's turn."""
        if refusal := why_not(mode, call.id, call.state):
            raise refusal
        talk = call.talk
        if talk is None or not talk.leg:
            raise NotTalking(f"Nobody talks with the caller of {call.id}.")
        offer = call.offer
        if phone.number in (offer.extension if offer else "", self._caller_at(call)):
            raise SeatTaken(f"{phone.who} is in call {call.id} itself.")
        one = Listening(
            call=call.id,
            tenant=call.tenant,
            who=phone.who,
            seat=phone.seat,
            number=phone.number,
            mode=mode,
            by=by,
            since=self._context.clock.now(),
        )
        self.book.begin(one, most=self._most(phone, call.tenant))
        if phone.seat and not self._engaged(phone.seat, call.id):
            self.book.drop(one)
            raise seat_refusal(self._context.dispatcher.seat(phone.seat).view())
        return one, talk.leg

    def _engaged(self, seat: str, call: str) -> bool:
        others = [one for one in self.book.all() if one.seat == seat and one.call != call]
        return bool(others) or self._context.dispatcher.engage(seat, call)

    def _most(self, phone: Whom, tenant: str) -> int:
        """How many calls may be listened to from there at once."""
        snapshot = self._context.snapshot.now
        plan, own = snapshot.plan.seats.get(phone.seat), snapshot.numbers.tenants.get(tenant)
        return (plan.listens if plan else 0) or (own.listens if own else 1)

    async def _come_in(self, one: Listening, leg: LegId, phone: Whom) -> DialResult:
        """Announce it where the law wants that, then ring."""
        tenant = self._context.snapshot.now.numbers.tenants.get(one.tenant)
        told = tenant.announce_listening if tenant else ""
        if tenant and told:
            word = Prompt(f"{tenant.language}/listening-announced")
            own = self._context.snapshot.now.prompts.find(tenant.id, word)
            if not await self._pbx.say(leg, [own], both=told == "both"):
                return DialResult(status=DialStatus.CANCELLED)
        dial = Dial(parties=(phone.party,), ring=RING)
        return await self._pbx.eavesdrop(leg, dial, _MODES[one.mode])

    async def _ring(self, one: Listening, coming: Coroutine[Any, Any, DialResult]) -> Listening:
        """Wait until the phone is in the call; whatever else becomes of it is raised."""
        ringing = asyncio.create_task(coming)
        self._ringing[one] = ringing
        try:
            result = await ringing
        except asyncio.CancelledError:
            self._out(one)
            if asyncio.current_task().cancelling():  # type: ignore[union-attr]
                raise
            raise NotListening(f"The call to {one.who} was called off.") from None
        except BaseException:
            self._out(one)
            raise
        finally:
            del self._ringing[one]
        if result.status is not DialStatus.ANSWER or result.leg is None:
            self._out(one)
            raise _not_answered(one, result.status)
        one.leg = result.leg
        call = self._context.ledger.open.get(one.call)
        if call is None:
            self.spawn_hang_up(one.leg)
            raise over(one.call)
        self._stepped_in(call, one, one.by)
        return one

    def _stepped_in(self, call: OpenCall, one: Listening, by: str) -> None:
        now = self._context.clock.now()
        noted = Intervened(at=now, act=one.mode.value, by=by, who=one.who)
        self._context.ledger.note(call.id, noted)

    def _out(self, one: Listening) -> None:
        if not self.book.drop(one):
            return
        if one.seat and not any(other.seat == one.seat for other in self.book.all()):
            self._context.dispatcher.disengage(one.seat)
        self.on_out(one)
        if one.leg and one.call in self._context.ledger.open:
            now = self._context.clock.now()
            out = SteppedOut(at=now, act=one.mode.value, who=one.who)
            self._context.ledger.note(one.call, out)

    def _one(self, call: str, who: str) -> Listening:
        listen = [one for one in self.book.of(call) if one.mode in LISTENING and one.leg]
        if who:
            number = whom(self._context, who, self._context.inboxes.call(call).tenant).number
            listen = [one for one in listen if one.number == number]
        if not listen:
            self._context.inboxes.call(call)
            raise NotListening(f"{who or 'Nobody'} listens to {call}; begin with monitor.")
        if len(listen) > 1:
            raise Refused(f"Several listen to {call}; say whose mode it is with --as.")
        return listen[0]

    def _caller_at(self, call: OpenCall) -> str:
        return call.offered.endpoint if call.offered else ""

    async def hang_up(self, leg: LegId) -> None:
        """Free a phone, or take a talk out of a room."""
        try:
            await self._pbx.hangup(leg, Cause.NORMAL)
        except PbxProblem as problem:
            _log.warning("a phone is left in a call", leg=leg, why=str(problem))

    def spawn_hang_up(self, leg: LegId) -> None:
        """The same, without waiting for it."""
        task = asyncio.create_task(self.hang_up(leg))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _not_answered(one: Listening, status: DialStatus) -> CallCenterError:
    match status:
        case DialStatus.CANCELLED:
            return NotTalking(f"The talk of call {one.call} ended before {one.who} was in it.")
        case DialStatus.BUSY:
            return SeatTaken(f"The phone of {one.who} is busy or declined.")
        case DialStatus.NO_ANSWER:
            return SeatUnreachable(f"{one.who} did not pick up.")
        case _:
            return SeatUnreachable(f"The phone of {one.who} cannot be reached.")
