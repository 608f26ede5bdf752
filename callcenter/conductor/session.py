"""One caller's session: straight-line code from the first ring to the last word.

Runs as the call's own task. It ends by :class:`Hangup` (the caller went), by the end of the flow,
or with the connection: then the call stays open and somebody will find it again.
"""

from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog

from callcenter.calls import (
    Answered,
    EndedBy,
    NodeEntered,
    Offered,
    OpenCall,
    QueueLeft,
    QueueLeftBy,
    Resumed,
    Routed,
    Sent,
    TalkEnded,
    TurnedAway,
)
from callcenter.conductor.context import Context
from callcenter.conductor.destinations import Destinations
from callcenter.conductor.ending import close, settle_dial
from callcenter.conductor.features import Features
from callcenter.conductor.flow_host import FlowHost, after_talk
from callcenter.conductor.locating import regions_ready
from callcenter.conductor.pickup import pick_up
from callcenter.conductor.surveying import besides_surveys
from callcenter.conductor.transferring import sent_to
from callcenter.conductor.voicemail_line import VoicemailLine
from callcenter.ivr import Back, Flow, SentOn, WalkEnd, Walker
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Channel, Ended, Hangup, NodeLost, Prompt, SentElsewhere, Source
from callcenter.routing import Decision, Destination, Facts, Kind, Tables, again, decide
from callcenter.routing.inside import from_extension

_log = structlog.get_logger(__name__)
_MOST_MOVES = 10


class Session:
    """One call under one engine. ``known`` is the call's story so far, if it has one."""

    def __init__(
        self, context: Context, call: str, channel: Channel, known: OpenCall | None
    ) -> None:
        self._context = context
        self._id = call
        self._channel = channel
        self._resuming = known is not None
        if known is None:
            self._offered()
        self._call = context.ledger.open[call]

    async def run(self) -> None:
        """Serve the caller; when this returns the call has its CDR, unless the node was lost."""
        try:
            await self._serve()
            await self._release(Cause.NORMAL)
        except Hangup as hangup:
            if self._call.callback is not None:
                return  # the place is kept, and with it the call
            ended = hangup.ended
            at = ended.at or self._context.clock.now()
            settle_dial(self._context, self._call, ended.dial, EndedBy.CALLER, at)
            await close(self._context, self._call, EndedBy.CALLER, ended.cause, at)
            if self._channel.arrival.gone:  # nobody else lets go of a channel without a caller
                await self._channel.release(ended.cause)
        except SentElsewhere:
            _log.info("call sent elsewhere", call=self._id)
        except NodeLost as lost:
            _log.warning("call left to the PBX", call=self._id, why=str(lost))
        except Exception:
            _log.exception("call failed", call=self._id)
            await self._apologise()

    # -- the story ----------------------------------------------------------------------------

    async def _serve(self) -> None:
        if self._resuming and self._channel.arrival.transferred_to:
            decision = self._transferred()
        else:
            if self._resuming:
                self._note_resumed()
            decision = self._decide()
        if self._channel.arrival.gone:
            raise Hangup(Ended(cause=Cause.NORMAL))
        await self._channel.adopt(self._id)
        own = self._context.snapshot  # looked up at each word: a new prompt counts at once
        self._channel.use_prompts(lambda prompt: own.now.prompts.find(decision.tenant, prompt))
        for _ in range(_MOST_MOVES):
            to = await self._go(decision)
            if to is None:
                return
            decision = self._sent_on(decision, to)
        _log.error("call sent on for ever", call=self._id)
        await Destinations(self._context, self._call, self._channel, decision).apologise()

    async def _go(self, decision: Decision) -> Destination | None:
        """Serve the caller at one place; where to go on from there, if anywhere."""
        destination = decision.destination
        match destination.kind:
            case Kind.REFUSE:
                await self._turn_away(decision)
            case Kind.FEATURE if destination.name == "voicemail":
                await self._answer()
                line = VoicemailLine(self._context, self._call, self._channel, decision.language)
                await line.run()
            case Kind.FEATURE:
                await self._answer()
                features = Features(
                    self._context.dispatcher,
                    channel=self._channel,
                    extension=self._channel.arrival.endpoint,
                    language=decision.language,
                    studio=self._context.studio,
                    plan=self._context.snapshot,
                    pick_up=partial(pick_up, self._context, self._channel),
                )
                await features.run(destination.name)
            case Kind.FLOW:
                await self._answer()
                try:
                    if await self._walk(decision) is WalkEnd.BROKEN:
                        return decision.fallback
                except SentOn as sent:
                    return sent.to
            case _:
                places = Destinations(self._context, self._call, self._channel, decision)
                to = await places.go(destination)
                if isinstance(to, Destination):
                    return to
                if to is not None:
                    await self._not_reached(places, to)
                else:
                    await self._survey(decision)
        return None

    async def _survey(self, decision: Decision) -> None:
        """A seat may have hung up: then the caller is asked about it."""
        await after_talk(self._context, self._call, self._channel, decision).run()

    def _sent_on(self, decision: Decision, to: Destination) -> Decision:
        rule = f"nobody at {decision.destination}"
        now = self._context.clock.now()
        routed = Routed(at=now, destination=str(to), rule=rule, tenant=decision.tenant)
        self._context.ledger.note(self._id, routed)
        # A fallback has no fallback of its own: nobody goes round in circles.
        fallback = None if to == decision.fallback else decision.fallback
        return replace(decision, destination=to, rule=rule, fallback=fallback)

    async def _not_reached(self, places: Destinations, cause: Cause) -> None:
        """An unanswered caller gets the cause, an answered one words."""
        if self._call.answered:
            await places.apologise()
            return
        with suppress(Hangup):
            await self._channel.reject(cause)
        now = self._context.clock.now()
        await close(self._context, self._call, EndedBy.ENGINE, cause, now)

    def _decide(self) -> Decision:
        arrival = self._channel.arrival
        # A phone may claim any number; the account that it came through it cannot.
        caller = arrival.endpoint if arrival.source is Source.EXTENSION else arrival.caller
        source, dialled = arrival.source, arrival.dialled
        if not self._resuming and arrival.transferred_by:  # as the phone that sent it might dial
            source, caller, dialled = (
                Source.EXTENSION,
                arrival.transferred_by,
                arrival.transferred_to,
            )
        now, tables = self._context.clock.now(), self._context.snapshot.now.routing
        facts = Facts(
            source=source,
            caller=caller,
            dialled=dialled,
            **self._calls_besides(dialled, tables),
        )
        decision = from_extension(facts, tables.numbers) or decide(facts, tables, now)
        if self._resuming and self._call.routed is not None:
            # It was let in; what an administrator changed since is for the next call.
            return again(self._call.routed.destination, decision)
        self._context.ledger.note(
            self._id,
            Routed(
                at=now,
                destination=str(decision.destination),
                rule=decision.rule,
                tenant=decision.tenant,
            ),
        )
        return decision

    def _transferred(self) -> Decision:
        """Where a caller goes whom a phone or a command sent there."""
        context, arrival, now = self._context, self._channel.arrival, self._context.clock.now()
        to, by = arrival.transferred_to, arrival.transferred_by
        context.ledger.note(self._id, Sent(at=now, leg=arrival.leg, to=to, by=by))
        settle_dial(context, self._call, arrival.last_dial, EndedBy.TRANSFER, now)
        if self._call.queue is not None:
            queue = self._call.queue.queue
            context.ledger.note(
                self._id, QueueLeft(at=now, queue=queue, by=QueueLeftBy.OVERFLOW, to=to)
            )
        decision = sent_to(context, self._call, arrival, self._decide())
        routed = Routed(
            at=now,
            destination=str(decision.destination),
            rule=decision.rule,
            tenant=decision.tenant,
        )
        context.ledger.note(self._id, routed)
        return decision

    def _calls_besides(self, dialled: str, tables: Tables) -> dict[str, int]:
        """How many other calls this number and its tenant have, where that is limited.

        Those that were let in count: of two that arrive together the first to be routed gets in.
        """
        if not tables.is_limited(dialled):
            return {}
        tenant = tables.numbers.numbers[dialled].tenant
        others = [
            call
            for call in self._context.ledger.open.values()
            if call.id != self._id
            and call.routed
            and not call.routed.destination.startswith(Kind.REFUSE)
        ]
        return {
            "calls_now": sum(
                c.offered is not None and c.offered.dialled == dialled for c in others
            ),
            "tenant_calls_now": sum(call.tenant == tenant for call in others),
        }

    async def _answer(self) -> None:
        await self._channel.answer()
        if not self._call.answered:
            self._context.ledger.note(self._id, Answered(at=self._context.clock.now()))

    async def _turn_away(self, decision: Decision) -> None:
        cause = decision.destination.cause
        now = self._context.clock.now()
        self._context.ledger.note(
            self._id, TurnedAway(at=now, rule=decision.rule, cause=int(cause))
        )
        with suppress(Hangup):
            await self._channel.reject(cause)
        await close(self._context, self._call, EndedBy.ENGINE, cause, self._context.clock.now())

    async def _walk(self, decision: Decision) -> WalkEnd:
        at = self._node_since_routed()
        flow = self._flow(decision, at)
        if flow is None:
            _log.error("no such flow in force", call=self._id, flow=decision.destination.name)
            await self._channel.play([Prompt(f"{decision.language}/apology")])
            return WalkEnd.BROKEN
        await regions_ready()
        here = at if at is not None and at.flow == flow.name else None
        host = FlowHost(self._context, self._call, self._channel, decision)
        values = here.values if here else {}
        back = self._back
        if back is Back.SERVED:  # perhaps a seat hung up while no engine listened
            await host.survey(values.get("_language", ""))
        walker = Walker(flow, self._channel, host, decision.language, values)
        return await walker.walk(here.node if here else "", back)

    @property
    def _back(self) -> Back:
        """What the caller was doing at the last node when the earlier engine ended."""
        if not self._resuming:
            return Back.NO
        if self._call.queue is not None:
            return Back.WAITING
        for event in reversed(besides_surveys(self._call.events)):
            if isinstance(event, NodeEntered):
                break
            if isinstance(event, TalkEnded):
                return Back.SERVED
        return Back.NO

    def _node_since_routed(self) -> NodeEntered | None:
        """Where the caller is in the present flow; a flow that sent them on is over."""
        for event in reversed(besides_surveys(self._call.events)):
            if isinstance(event, Routed):
                break
            if isinstance(event, NodeEntered):
                return event
        return None

    def _flow(self, decision: Decision, at: NodeEntered | None) -> Flow | None:
        snapshot = self._context.snapshot.now
        flow = snapshot.flow(at.flow, at.version) if at else None
        return flow or snapshot.flow(decision.destination.name)

    # -- entries ------------------------------------------------------------------------------

    def _offered(self) -> None:
        arrival = self._channel.arrival
        self._context.ledger.note(
            self._id,
            Offered(
                at=self._context.clock.now(),
                leg=arrival.leg,
                source=arrival.source,
                caller=arrival.caller,
                caller_name=arrival.caller_name,
                dialled=arrival.dialled or arrival.transferred_to,
                endpoint=arrival.endpoint,
            ),
        )

    def _note_resumed(self) -> None:
        now, arrival = self._context.clock.now(), self._channel.arrival
        self._context.ledger.note(self._id, Resumed(at=now, leg=arrival.leg))
        settle_dial(self._context, self._call, arrival.last_dial, EndedBy.SEAT, now)

    # -- the end ------------------------------------------------------------------------------

    async def _release(self, cause: Cause) -> None:
        await self._channel.release(cause)
        if self._id in self._context.ledger.open:
            now = self._context.clock.now()
            await close(self._context, self._call, EndedBy.ENGINE, cause, now)

    async def _apologise(self) -> None:
        """Something of ours broke: the caller hears so, and the call ends on paper too."""
        with suppress(Hangup, NodeLost):
            await self._channel.answer()
            await self._channel.play([Prompt("zh/apology"), Prompt("en/apology")])
        try:
            await self._release(Cause.FAILURE)
        except NodeLost:
            _log.warning("call left to the PBX", call=self._id)
