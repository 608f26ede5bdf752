"""Callers who hung up and keep their place, to be called back when their turn comes (Q5).

Such a call stays open: its story, its place and its one CDR go on, in the journal over a restart
too. A ticket without anybody on the line waits in the queue; the offer that it gets is one dial to
the caller. Whoever picks up comes back to the flow as after a restart of the engine, and the visit
to the queue takes ticket and offer over. Nobody is dialled twice: the dial is noted before it is
made.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from callcenter.acd import Offer, Waiting
from callcenter.calls import (
    CallbackAsked,
    CallbackDialled,
    CallbackFailed,
    EndedBy,
    OpenCall,
    Routed,
)
from callcenter.conductor.ending import close
from callcenter.kernel.errors import NotFound, PbxProblem
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Dial, DialStatus, NodeLost, Outside, Pbx, Source
from callcenter.routing import Facts, decide

if TYPE_CHECKING:
    from callcenter.conductor.context import Context

_log = structlog.get_logger(__name__)
_RING = timedelta(seconds=30)
_ARRIVES = 10.0  # seconds until an answered channel has come to us


class Callbacks:
    """Of one engine."""

    def __init__(self, context: "Context", pbx: Pbx) -> None:
        self._context = context
        self._pbx = pbx
        self._out: dict[str, tuple[Waiting, Offer]] = {}
        self._ringing: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def possible(self, number: str) -> bool:
        """Whether this caller can be called back at all."""
        return bool(number and self._context.snapshot.now.numbers.way_out())

    def park(self, call: OpenCall, waiting: Waiting, number: str) -> bool:
        """Keep the place for a caller who hangs up now; ``False`` when there is none to keep."""
        if not self._context.dispatcher.park(waiting, self._on_offer(call, waiting)):
            return False
        now = self._context.clock.now()
        self._context.ledger.note(call.id, CallbackAsked(at=now, number=number))
        return True

    def restore(self) -> None:
        """After a restart: everybody who waits for a call is in the queue again."""
        for call in list(self._context.ledger.open.values()):
            if call.callback is None or call.called_back or call.queue is None:
                continue
            tickets: list[Waiting] = []
            offers: list[Offer] = []

            def on_offer(
                offer: Offer,
                call: OpenCall = call,
                tickets: list[Waiting] = tickets,
                offers: list[Offer] = offers,
            ) -> None:
                if tickets:
                    self._offered(call, tickets[0], offer)
                else:
                    offers.append(offer)

            try:
                joined = self._context.dispatcher.join(
                    call.id,
                    call.queue.queue,
                    call.place or call.queue.at,
                    on_offer,
                    call.queue.priority,
                    virtual=True,
                )
            except NotFound as error:
                _log.warning("nobody can be called back", call=call.id, why=str(error))
                continue
            tickets.append(joined)
            for offer in offers:
                self._offered(call, joined, offer)

    def take(self, call: str) -> tuple[Waiting, Offer] | None:
        """Ticket and offer of a caller who has picked up and is here."""
        return self._out.pop(call, None)

    def keeps(self, call: OpenCall) -> bool:
        """Whether the call is open although it has no channel."""
        return call.callback is not None and (not call.called_back or call.id in self._ringing)

    # -- inside -------------------------------------------------------------------------------

    def _on_offer(self, call: OpenCall, waiting: Waiting) -> Any:
        return lambda offer: self._offered(call, waiting, offer)

    def _offered(self, call: OpenCall, waiting: Waiting, offer: Offer) -> None:
        if call.called_back:  # never twice: whoever still picks up has the place by its time
            self._out.pop(call.id, None)
            self._context.dispatcher.leave(waiting)
        else:
            self._spawn(self._call(call, waiting, offer))

    async def _call(self, call: OpenCall, waiting: Waiting, offer: Offer) -> None:
        context, numbers = self._context, self._context.snapshot.now.numbers
        asked, offered = call.callback, call.offered
        if asked is None or offered is None:
            return
        why = self._why_not(call, asked.number)
        if why or not numbers.way_out():
            await self._fail(call, waiting, why or "no trunk leads out")
            return
        for each in (offer, *offer.others):
            seconds = (_RING + offer.ring).total_seconds() + 2 * _ARRIVES
            context.dispatcher.renew(each, seconds)
        now = context.clock.now()
        context.ledger.note(call.id, CallbackDialled(at=now, number=asked.number))
        self._out[call.id] = (waiting, offer)
        self._ringing.add(call.id)
        party = Outside(number=asked.number, trunk=numbers.way_out())
        dial = Dial(parties=(party,), ring=_RING, presents=offered.dialled)
        try:
            result = await self._pbx.originate(dial, call=call.id, dialled=offered.dialled)
        except NodeLost as lost:  # perhaps it rings there: whoever comes is served, at the head
            _log.warning("a call back is left to the PBX", call=call.id, why=str(lost))
            self._out.pop(call.id, None)
            self._ringing.discard(call.id)
            context.dispatcher.leave(waiting)
            return
        except PbxProblem as problem:
            await self._fail(call, waiting, str(problem))
            return
        if result.status is not DialStatus.ANSWER:
            await self._fail(call, waiting, result.status.name.lower().replace("_", " "))
            return
        await context.clock.sleep(_ARRIVES)
        if call.callback is asked:  # it never came to us
            await self._fail(call, waiting, "hung up at once")
        self._ringing.discard(call.id)

    def _why_not(self, call: OpenCall, number: str) -> str:
        """Why the caller would not be let in now: closed, blocked, ...; "" when they would."""
        first = next((event for event in call.events if isinstance(event, Routed)), None)
        if first is None or call.offered is None:
            return "was never routed"
        facts = Facts(source=Source.TRUNK, caller=number, dialled=call.offered.dialled)
        found = decide(facts, self._context.snapshot.now.routing, self._context.clock.now())
        return "" if str(found.destination) == first.destination else found.rule

    async def _fail(self, call: OpenCall, waiting: Waiting, why: str) -> None:
        self._out.pop(call.id, None)
        self._ringing.discard(call.id)
        self._context.dispatcher.leave(waiting)
        if call.id not in self._context.ledger.open:
            return
        now = self._context.clock.now()
        self._context.ledger.note(call.id, CallbackFailed(at=now, why=why))
        await close(self._context, call, EndedBy.ENGINE, Cause.NO_ANSWER, now)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
