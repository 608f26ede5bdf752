"""A caller's visit to a queue: wait with music, be offered, ring, talk; again until served."""

import asyncio
from collections.abc import Iterable

import structlog

from callcenter.acd import Offer, OfferFailure, Overflow, Skill
from callcenter.calls import (
    Answered,
    EndedBy,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferRang,
    OpenCall,
    QueueJoined,
    QueueLeft,
    QueueLeftBy,
    TalkEnded,
    TalkStarted,
)
from callcenter.conductor.context import Context
from callcenter.conductor.ending import FAILURES, OUTCOMES
from callcenter.conductor.recorder import record
from callcenter.pbx.port import (
    Channel,
    Dial,
    DialProgress,
    DialStatus,
    Hangup,
    LegAnswered,
    LegRinging,
    NodeLost,
)

_log = structlog.get_logger(__name__)


class QueueVisit:
    """One caller, one queue. ``first arrival`` is kept over restarts and failed offers."""

    def __init__(
        self,
        context: Context,
        call: OpenCall,
        channel: Channel,
        queue: str,
        *,
        music: str = "",
        priority: int = 0,
        skills: Iterable[Skill] = (),
    ) -> None:
        """``music`` "" is the queue's own; else a colour ring, which goes before it."""
        self._music = music
        self._priority = priority
        self._skills = tuple(skills)
        self._context = context
        self._call = call
        self._channel = channel
        self._queue = queue

    async def run(self) -> Overflow | None:
        """Return when a seat has served the caller and hung up (``None``), or the queue sends the
        caller on. A caller who hangs up is a :class:`Hangup`."""
        context, call = self._context, self._call
        if call.queue is None or call.queue.queue != self._queue:
            now = context.clock.now()
            joining = QueueJoined(at=now, queue=self._queue, priority=self._priority)
            context.ledger.note(call.id, joining)
        joined = call.queue
        assert joined is not None  # noqa: S101 - just noted
        told: asyncio.Queue[Offer | Overflow] = asyncio.Queue()
        waiting = context.dispatcher.join(
            call.id,
            self._queue,
            joined.at,
            told.put_nowait,
            joined.priority,
            skills=self._skills,
            caller=call.offered.caller if call.offered else "",
            on_overflow=told.put_nowait,
        )
        try:
            return await self._serve(told)
        except NodeLost:
            # The ring or talk goes on in the PBX; the seat stays taken until we know how it ended.
            if waiting.offers:
                context.held[call.id] = list(waiting.offers)
            context.dispatcher.let_go(waiting)
            raise
        finally:
            context.dispatcher.leave(waiting)

    async def _serve(self, told: "asyncio.Queue[Offer | Overflow]") -> Overflow | None:
        while True:
            plan = self._context.dispatcher.queue_plan(self._queue)
            await self._channel.music(self._music or (plan.music if plan else "default"))
            offer = await self._next(told)
            if isinstance(offer, Overflow):
                now, by = self._context.clock.now(), QueueLeftBy.OVERFLOW
                left = QueueLeft(at=now, queue=self._queue, by=by)
                self._context.ledger.note(self._call.id, left)
                return offer
            if await self._try(offer):
                return None

    async def _next(self, told: "asyncio.Queue[Offer | Overflow]") -> Offer | Overflow:
        offered = asyncio.ensure_future(told.get())
        gone = asyncio.ensure_future(self._channel.gone())
        try:
            await asyncio.wait({offered, gone}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                raise Hangup(gone.result())
            return offered.result()
        finally:
            offered.cancel()
            gone.cancel()

    async def _try(self, offer: Offer) -> bool:
        """Ring the seat; true when they talked."""
        note, now = self._context.ledger.note, self._context.clock.now
        note(
            self._call.id,
            OfferMade(
                at=now(),
                offer=offer.token,
                queue=offer.queue,
                seat=offer.seat,
                extension=offer.extension,
            ),
        )
        if offer.record:
            await record(self._context, self._call, self._channel)
        dial = Dial(extension=offer.extension, ring=offer.ring, music=self._music or offer.music)
        try:
            result = await self._channel.dial(dial, lambda step: self._progress(offer, step))
        except Hangup:
            self._over(offer, DialStatus.CANCELLED, EndedBy.CALLER)
            raise
        return self._over(offer, result.status, EndedBy.SEAT)

    def _progress(self, offer: Offer, step: DialProgress) -> None:
        note, call = self._context.ledger.note, self._call.id
        match step:
            case LegRinging():
                note(call, OfferRang(at=step.at, offer=offer.token, leg=step.leg))
            case LegAnswered():
                if not self._call.answered:  # a colour ring was heard until now
                    note(call, Answered(at=step.at))
                if not self._context.dispatcher.answered(offer):
                    _log.error("answered without holding the seat", call=call, seat=offer.seat)
                outcome = OfferOutcome.ANSWERED
                seat = offer.seat
                note(call, OfferEnded(at=step.at, offer=offer.token, seat=seat, outcome=outcome))
                note(call, QueueLeft(at=step.at, queue=offer.queue, by=QueueLeftBy.ANSWERED))
                note(call, TalkStarted(at=step.at, offer=offer.token, seat=seat, leg=step.leg))

    def _over(self, offer: Offer, status: DialStatus, by: EndedBy) -> bool:
        context, now = self._context, self._context.clock.now()
        if self._call.talk is not None:
            context.ledger.note(
                self._call.id, TalkEnded(at=now, offer=offer.token, seat=offer.seat, by=by)
            )
            context.dispatcher.talk_ended(offer)
            return True
        outcome = OUTCOMES[status]
        context.ledger.note(
            self._call.id,
            OfferEnded(at=now, offer=offer.token, seat=offer.seat, outcome=outcome),
        )
        context.dispatcher.failed(offer, FAILURES.get(outcome, OfferFailure.NO_ANSWER))
        return False
