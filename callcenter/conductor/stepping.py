"""Forced acts on a call: end it, send it on, pick it up, take it over, move or prefer it waiting.

Each is done in the call's turn (:mod:`callcenter.conductor.inbox`) and returns when it is done: the
caller's channel was taken up at the new place, or the call has its CDR. A seat that is to get the
call is taken first, so nobody else gets it meanwhile.
"""

from collections.abc import Callable
from datetime import timedelta

from callcenter.acd import SeatState
from callcenter.calls import CallEnded, EndedBy, Intervened, OpenCall, Prioritised, Sent
from callcenter.conductor.context import Context
from callcenter.conductor.inbox import over
from callcenter.conductor.listening import ListeningIn
from callcenter.conductor.transferring import word_for
from callcenter.conductor.whom import seat_refusal
from callcenter.kernel.errors import PbxProblem
from callcenter.numbers import Destination, Kind
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Pbx
from callcenter.supervision import Act, why_not
from callcenter.supervision.refusals import NotWaiting, TalksAlready

_RING = timedelta(seconds=30)
_TAKEN_UP = 5.0  # seconds until a caller who was sent elsewhere has come there
_FREE = 3.0  # seconds until a phone that listened is free to be rung


class Stepping:
    """Of one engine. ``by`` is who acts, for the call's story and its CDR."""

    def __init__(self, context: Context, pbx: Pbx, listening: ListeningIn) -> None:
        self._context = context
        self._pbx = pbx
        self._listening = listening

    async def hang_up(self, call: str, by: str) -> None:
        """End the call; its CDR says by whom."""
        inboxes = self._context.inboxes

        async def work(open_: OpenCall) -> None:
            self._require(Act.HANGUP, open_)
            verdict, done = inboxes.hanging_up(call, by), False
            try:
                done = await self._pbx.hangup(open_.leg, Cause.NORMAL)
            finally:
                verdict.tell(done=done)
            await self._until(lambda: call not in self._context.ledger.open, _TAKEN_UP)
            last = open_.events[-1]
            if not done or (isinstance(last, CallEnded) and last.by is not EndedBy.SUPERVISOR):
                raise over(call)  # it was ending already; its record says by whom

        await inboxes.do(call, work)

    async def transfer(self, call: str, to: Destination, by: str) -> None:
        """Send the caller to a seat, a queue, an extension or outside; one call, one CDR."""

        async def work(open_: OpenCall) -> None:
            self._require(Act.TRANSFER, open_)
            if to.kind is Kind.SEAT:
                self._reserve(open_, to.name, willing=False)
            if to.kind is not Kind.QUEUE:
                self._keep_place(open_)
            await self._send(open_, to)
            self._note(open_, Act.TRANSFER, by, to=str(to))

        await self._context.inboxes.do(call, work)

    async def pick_up(self, call: str, seat: str, by: str) -> None:
        """A waiting or ringing caller comes to this seat."""

        async def work(open_: OpenCall) -> None:
            self._require(Act.PICKUP, open_)
            self._reserve(open_, seat, willing=True)
            self._keep_place(open_)
            await self._send(open_, Destination(kind=Kind.SEAT, name=seat))
            self._note(open_, Act.PICKUP, by, who=seat)

        await self._context.inboxes.do(call, work)

    async def take_over(self, call: str, seat: str, by: str) -> None:
        """A caller who talks with somebody comes to this seat; the other goes to wrap-up."""

        async def work(open_: OpenCall) -> None:
            self._require(Act.TAKEOVER, open_)
            if open_.talk is not None and open_.talk.seat == seat:
                raise TalksAlready(f"Seat {seat} talks with the caller of {call} already.")
            await self._stop_listening(call, seat)
            self._require(Act.TAKEOVER, open_)
            self._reserve(open_, seat, willing=True)
            self._keep_place(open_)
            await self._send(open_, Destination(kind=Kind.SEAT, name=seat))
            self._note(open_, Act.TAKEOVER, by, who=seat)

        await self._context.inboxes.do(call, work)

    async def move(self, call: str, queue: str, by: str) -> None:
        """A waiting caller waits in another queue, as long as they have waited."""

        async def work(open_: OpenCall) -> None:
            self._require(Act.MOVE, open_)
            self._keep_place(open_)
            if not self._context.dispatcher.move(call, f"{Kind.QUEUE}:{queue}"):
                self._context.kept_places.pop(call, None)
                raise NotWaiting(f"The caller of {call} is being offered to a seat; try again.")
            self._note(open_, Act.MOVE, by, to=f"{Kind.QUEUE}:{queue}")

        await self._context.inboxes.do(call, work)

    async def prioritise(self, call: str, priority: int | None, by: str) -> int:
        """A waiting caller has this priority, or comes first (``None``); returns it."""

        async def work(open_: OpenCall) -> int:
            self._require(Act.PRIORITISE, open_)
            given = self._context.dispatcher.prioritise(call, priority)
            if given is None or open_.queue is None:
                raise NotWaiting(f"The caller of {call} does not wait any more.")
            now = self._context.clock.now()
            queue = open_.queue.queue
            self._context.ledger.note(call, Prioritised(at=now, queue=queue, priority=given))
            self._note(open_, Act.PRIORITISE, by, to=str(given))
            return given

        return await self._context.inboxes.do(call, work)

    # -- inside -------------------------------------------------------------------------------

    def _require(self, act: Act, call: OpenCall) -> None:
        if call.id not in self._context.ledger.open:
            raise over(call.id)
        if refusal := why_not(act, call.id, call.state):
            raise refusal

    def _reserve(self, call: OpenCall, seat: str, *, willing: bool) -> None:
        """Take the seat for this call; ``willing``: it asked for it, a break does not matter."""
        dispatcher = self._context.dispatcher
        offer = dispatcher.take(seat, call.id, ring=_RING, willing=willing)
        if offer is None:
            raise seat_refusal(dispatcher.seat(seat).view())
        self._context.reserved[call.id] = offer

    async def _send(self, call: OpenCall, to: Destination) -> None:
        """Returns once the caller has been taken up there, by the next script."""
        known = _sent(call)
        done = False
        try:
            done = await self._pbx.transfer(call.leg, word_for(to))
        finally:
            if not done:
                self._context.release_reserved(call.id)
                self._context.kept_places.pop(call.id, None)
        if not done:
            raise over(call.id)
        if not await self._until(lambda: _sent(call) > known, _TAKEN_UP):
            raise PbxProblem("The PBX has sent the caller on, but has not handed them back yet.")

    def _keep_place(self, call: OpenCall) -> None:
        """Should nobody pick up there, the caller waits where they waited before."""
        since = call.place or (call.queue.at if call.queue else None)
        if since is not None:
            self._context.kept_places[call.id] = since

    async def _stop_listening(self, call: str, seat: str) -> None:
        """Whoever takes over what they listen to need not put the phone down first."""
        found = next((one for one in self._listening.book.of(call) if one.seat == seat), None)
        if found is None or not found.leg:
            return
        await self._pbx.hangup(found.leg, Cause.NORMAL)
        at = self._context.dispatcher.seat(seat)
        await self._until(lambda: at.state is SeatState.IDLE and not at.engaged, _FREE)

    async def _until(self, so: Callable[[], bool], seconds: float) -> bool:
        return await self._context.inboxes.until(so, seconds)

    def _note(self, call: OpenCall, act: Act, by: str, *, who: str = "", to: str = "") -> None:
        if call.id in self._context.ledger.open:
            now = self._context.clock.now()
            self._context.ledger.note(
                call.id, Intervened(at=now, act=act.value, by=by, who=who, to=to)
            )


def _sent(call: OpenCall) -> int:
    return sum(isinstance(event, Sent) for event in call.events)
