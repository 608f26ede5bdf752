"""Takes one caller to where routing sent the call, and on to the fallback if that fails.

Flows and features are the session's; everything else that a number may lead to is here.
"""

import structlog

from callcenter.calls import Answered, OfferEnded, OfferMade, OpenCall, Routed, TalkEnded
from callcenter.conductor.context import Context
from callcenter.conductor.hunt import Hunt
from callcenter.conductor.queueing import QueueVisit
from callcenter.conductor.reaching import Reach
from callcenter.conductor.rings import ring_class
from callcenter.conductor.voicemail_line import greeting_of
from callcenter.numbers import Destination, Kind
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Channel, DialStatus, Prompt, Source
from callcenter.records import Sender
from callcenter.records.boxes import box_of_seat
from callcenter.routing import Decision

_log = structlog.get_logger(__name__)
_CAUSES = {
    DialStatus.BUSY: Cause.BUSY,
    DialStatus.NO_ANSWER: Cause.NO_ANSWER,
    DialStatus.UNREACHABLE: Cause.UNREACHABLE,
    DialStatus.CONGESTION: Cause.CONGESTION,
}


class Destinations:
    """One call's ways. ``decision`` tells for whom and in which language."""

    def __init__(
        self, context: Context, call: OpenCall, channel: Channel, decision: Decision
    ) -> None:
        self._context = context
        self._call = call
        self._channel = channel
        self._decision = decision
        hosted = context.snapshot.now.numbers.numbers.get(channel.arrival.dialled)
        self._ringing = hosted.colour_ring if hosted else ""
        self._presents = ""

    async def go(self, to: Destination) -> Destination | Cause | None:
        """Serve the caller there.

        Returns ``None`` when that is done, where to go on when it failed, or the cause with which
        a caller who was never answered is to be turned away.
        """
        match to.kind:
            case Kind.QUEUE:
                return await self._queue(to.name)
            case Kind.LINES:
                return await self._lines(to.name)
            case Kind.EXTENSION | Kind.OUTSIDE | Kind.SEAT:
                return await self._reach(to)
            case Kind.VOICEMAIL:
                await self._voicemail(to.name)
            case Kind.ANNOUNCEMENT:
                await self.answer()
                await self._channel.play([self._prompt(to.name)])
            case _:
                raise ValueError(f"{to} is not for here")
        return None

    async def answer(self) -> None:
        """Answer the caller, once."""
        await self._channel.answer()
        if not self._call.answered:
            now = self._context.clock.now()
            self._context.ledger.note(self._call.id, Answered(at=now))

    async def apologise(self) -> None:
        """Nobody could be reached and there is nowhere else to go."""
        await self.answer()
        await self._channel.play([self._prompt("all-seats-busy"), self._prompt("goodbye")])

    # -- places -------------------------------------------------------------------------------

    async def _queue(self, name: str) -> Destination | Cause | None:
        if not self._ringing:
            await self.answer()
        music = ring_class(self._context, self._decision.tenant, self._ringing)
        if self._call.queue is None and self._talked:
            return None
        language = self._decision.language
        visit = QueueVisit(
            self._context, self._call, self._channel, name, music=music, language=language
        )
        sent_on = await visit.run()
        if sent_on is None:
            return None
        if sent_on.to:
            return Destination.parse(sent_on.to)
        if self._decision.fallback is None:
            await self.apologise()
        return self._decision.fallback

    async def _lines(self, name: str) -> Destination | Cause | None:
        group = self._context.snapshot.now.lines.groups.get(name)
        if self._talked:
            return None
        if group is None or group.tenant != self._decision.tenant:
            _log.error("no such lines", call=self._call.id, lines=name)
            return self._fallback(Cause.UNREACHABLE)
        hunt = Hunt(self._context, self._call, self._channel, group, ringing=self._ringing)
        status = await hunt.run()
        if status is DialStatus.ANSWER:
            return None
        if group.fallback is not None:
            return group.fallback
        if self._decision.fallback is None:
            await self.apologise()
        return self._decision.fallback

    async def _reach(self, to: Destination) -> Destination | Cause | None:
        if self._talked:
            return None
        status = self._before(to)
        if status is None:
            reach = Reach(
                self._context, self._call, self._channel, self._decision.tenant, self._ringing
            )
            if to.kind is Kind.EXTENSION:
                status = await reach.extension(to.name)
            elif to.kind is Kind.SEAT:
                status = await reach.seat(to.name)
            else:
                status = await reach.outside(to.name, presents=self._shown())
        if status is DialStatus.ANSWER:
            return None
        if self._decision.fallback is None and (box := self._box(to)) is not None:
            return box
        return self._fallback(_CAUSES.get(status, Cause.NORMAL_UNSPECIFIED))

    async def _voicemail(self, box: str) -> None:
        await self.answer()
        arrival = self._channel.arrival
        sender = Sender(call=self._call.id, tenant=self._decision.tenant, caller=arrival.caller)
        language, tenant = self._decision.language, self._decision.tenant
        greeting = (greeting_of(self._context, tenant, box, language),)
        await self._context.voicemail.take_message(
            self._channel, box, sender, language=language, greeting=greeting
        )
        await self._channel.play([self._prompt("goodbye")])

    # -- inside -------------------------------------------------------------------------------

    def _fallback(self, cause: Cause) -> Destination | Cause:
        return self._decision.fallback or cause

    def _box(self, to: Destination) -> Destination | None:
        """Where messages are left for a seat or a telephone, if that box was set up."""
        seat = to.name
        if to.kind is Kind.EXTENSION and (found := self._context.dispatcher.seat_at(to.name)):
            seat = found.plan.number
        name = box_of_seat(seat)
        if to.kind is Kind.OUTSIDE or not self._context.snapshot.now.boxes.has(
            self._decision.tenant, name
        ):
            return None
        return Destination(kind=Kind.VOICEMAIL, name=name)

    def _shown(self) -> str:
        """What an outside number sees of an extension that calls: a number of its tenant."""
        if self._channel.arrival.source is not Source.EXTENSION:
            return ""
        numbers = self._context.snapshot.now.numbers.numbers.values()
        own = sorted(n.number for n in numbers if n.tenant == self._decision.tenant)
        return own[0] if own else ""

    @property
    def _talked(self) -> bool:
        """Under an earlier engine, since the call was sent here."""
        return any(isinstance(event, TalkEnded) for event in self._since())

    def _before(self, to: Destination) -> DialStatus | None:
        """It was rung under an earlier engine, in vain: it is not rung once more."""
        events = list(self._since())
        rung = {e.offer for e in events if isinstance(e, OfferMade) and e.extension == to.name}
        ended = any(isinstance(e, OfferEnded) and e.offer in rung for e in events)
        return DialStatus.NO_ANSWER if ended else None

    def _since(self) -> list[object]:
        events = self._call.events
        last = max((i for i, e in enumerate(events) if isinstance(e, Routed)), default=0)
        return list(events[last:])

    def _prompt(self, name: str) -> Prompt:
        return Prompt(f"{self._decision.language}/{name}")
