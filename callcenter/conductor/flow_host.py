"""What the walker asks of the conductor; see :class:`callcenter.ivr.Host`."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import structlog

from callcenter.acd import OverflowReason, Skill
from callcenter.calls import MenuChoice, NodeEntered, OpenCall, SurveyAnswered
from callcenter.conductor.context import Context
from callcenter.conductor.hunt import Hunt
from callcenter.conductor.queueing import QueueVisit as Visit
from callcenter.conductor.reaching import Reach
from callcenter.conductor.surveying import AfterTalk, answers_at, served
from callcenter.conductor.voicemail_line import greeting_of
from callcenter.ivr import (
    Answer,
    Comment,
    DialOutcome,
    Flow,
    MemberCheck,
    MemberOutcome,
    QueueOutcome,
    QueueVisit,
    SentOn,
    Target,
    TargetKind,
    VoicemailOutcome,
    VoicemailVisit,
    WebAnswer,
    WebRequest,
)
from callcenter.ivr.request import fetch
from callcenter.kernel.errors import NotFound, Refused
from callcenter.numbers import Destination
from callcenter.pbx.port import Channel, DialStatus
from callcenter.records import Sender
from callcenter.routing import Decision
from callcenter.routing.dialling import dial_plan
from callcenter.routing.regions import region_of

_log = structlog.get_logger(__name__)


class FlowHost:
    """One call's host. ``surveying``: the flow is the survey after a talk."""

    def __init__(
        self,
        context: Context,
        call: OpenCall,
        channel: Channel,
        decision: Decision,
        *,
        surveying: bool = False,
    ) -> None:
        self._surveying = surveying
        self._context = context
        self._call = call
        self._channel = channel
        self._decision = decision

    # -- facts --------------------------------------------------------------------------------

    def facts(self) -> Mapping[str, str]:
        """What is known of the call."""
        arrival, tenants = self._channel.arrival, self._context.snapshot.now.numbers.tenants
        tenant = tenants.get(self._decision.tenant)
        region = self._decision.region
        if region is None and arrival.caller:
            region = region_of(dial_plan(tenant.country if tenant else "CN").key(arrival.caller))
        now = self._context.clock.now().astimezone(ZoneInfo(tenant.zone if tenant else "UTC"))
        return {
            "caller": arrival.caller,
            "dialled": arrival.dialled,
            "source": str(arrival.source),
            "tenant": self._decision.tenant,
            "country": region.country if region else "",
            "province": region.province if region else "",
            "city": region.city if region else "",
            "region": (region.city or region.province or region.country) if region else "",
            "now": now.isoformat(),
        }

    def hours(self, calendar: str) -> str:
        """Open, closed or holiday; without a name the hours of the dialled number."""
        snapshot = self._context.snapshot.now
        hosted = snapshot.numbers.numbers.get(self._channel.arrival.dialled)
        name = calendar or (hosted.hours if hosted else "")
        if not name:
            return "open"
        plan = snapshot.routing.plans.get((self._decision.tenant, name))
        if plan is None:
            raise NotFound(f"There are no hours {name!r}.")
        status = plan.at(self._context.clock.now().timestamp())
        return "open" if status.open else "holiday" if status.holiday else "closed"

    def flow(self, name: str) -> Flow | None:
        """The published version."""
        return self._context.snapshot.now.flow(name)

    # -- notes --------------------------------------------------------------------------------

    def entered(self, flow: Flow, node: str, values: Mapping[str, str]) -> None:
        """Note where the caller is."""
        self._context.ledger.note(
            self._call.id,
            NodeEntered(
                at=self._context.clock.now(),
                flow=flow.name,
                version=flow.version,
                node=node,
                values=dict(values),
            ),
        )

    def chose(self, node: str, keys: str, outcome: str) -> None:
        """Note what the caller pressed."""
        now = self._context.clock.now()
        self._context.ledger.note(
            self._call.id, MenuChoice(at=now, node=node, keys=keys, outcome=outcome)
        )

    def surveyed(self, about: Answer, keys: str) -> None:
        """Note an answer."""
        self._answered(about, keys)

    def answered(self, node: str) -> Mapping[str, str]:
        """Answers noted since the caller came to the node."""
        return answers_at(self._call.events, node)

    def _answered(self, about: Answer, keys: str, comment: str = "") -> None:
        by = served(self._call.events)
        answer = SurveyAnswered(
            at=self._context.clock.now(),
            tenant=self._decision.tenant,
            survey=about.survey,
            node=about.node,
            question=about.question,
            answer=keys,
            comment=comment,
            seat=by.seat,
            queue=by.queue,
        )
        self._context.ledger.note(self._call.id, answer)

    def broke(self, flow: Flow, node: str, why: str) -> None:
        """Tell whoever reads the log."""
        _log.error("flow broke", flow=flow.name, version=flow.version, node=node, why=why)

    # -- what takes time ----------------------------------------------------------------------

    async def queue(self, visit: QueueVisit) -> QueueOutcome:
        """Let the caller wait and be served."""
        sent_on = await Visit(
            self._context,
            self._call,
            self._channel,
            visit.queue,
            priority=visit.priority,
            skills=[Skill(name=name, level=level) for name, level in visit.skills.items()],
            language=visit.language,
        ).run()
        if sent_on and sent_on.to:
            raise SentOn(Destination.parse(sent_on.to))
        if sent_on:
            return _LEFT[sent_on.reason]
        await self.survey(visit.language)
        return QueueOutcome.SERVED

    async def survey(self, language: str) -> None:
        """Ask what is to be asked after a talk."""
        if not self._surveying:
            await after_talk(
                self._context, self._call, self._channel, self._decision, language
            ).run()

    async def dial(self, target: Target) -> DialOutcome:
        """Ring somebody; they talk as in any other talk: recorded, journaled, billed."""
        tenant, name = self._decision.tenant, target.name
        reach = Reach(self._context, self._call, self._channel, tenant, self._ringing)
        match target.kind:
            case TargetKind.SEAT:
                status = await reach.seat(name, target.ring)
            case TargetKind.EXTENSION:
                status = await reach.extension(name, target.ring)
            case TargetKind.OUTSIDE:
                status = await reach.outside(name, target.ring)
            case TargetKind.LINES:
                name = name or self._channel.arrival.dialled
                group = self._context.snapshot.now.lines.groups.get(name)
                if group is None or group.tenant != tenant:
                    raise NotFound(f"There are no lines {name!r}.")
                ringing = self._ringing
                hunt = Hunt(self._context, self._call, self._channel, group, ringing=ringing)
                status = await hunt.run(target.ring)
        return _OUTCOMES.get(status, DialOutcome.UNREACHABLE)

    @property
    def _ringing(self) -> str:
        hosted = self._context.snapshot.now.numbers.numbers.get(self._channel.arrival.dialled)
        return hosted.colour_ring if hosted else ""

    async def voicemail(self, visit: VoicemailVisit) -> VoicemailOutcome:
        """Beep, record, keep; the walker has greeted."""
        sender = Sender(
            call=self._call.id,
            tenant=self._decision.tenant,
            caller=self._channel.arrival.caller,
        )
        box, tenant = visit.box, self._decision.tenant
        own = greeting_of(self._context, tenant, box, visit.language)
        message = await self._context.voicemail.take_message(
            self._channel,
            box,
            sender,
            language=visit.language,
            greeting=() if visit.greeted else (own,),
            longest=visit.longest,
        )
        return VoicemailOutcome.KEPT if message else VoicemailOutcome.EMPTY

    async def comment(self, comment: Comment) -> bool:
        """Beep, record, note the answer."""
        return await self._context.comments.take(
            self._channel,
            self._decision.tenant,
            language=comment.language,
            longest=comment.longest,
            kept=lambda path: self._answered(comment.about, "", path),
        )

    async def request(self, request: WebRequest) -> WebAnswer:
        """Ask a web service."""
        return await fetch(request, local=self._context.local_requests)

    async def member(self, number: str, pin: str) -> MemberCheck:
        """Number and PIN against the members of the tenant."""
        book, tenant = self._context.members, self._decision.tenant
        standing = await book.check(tenant, number, pin, self._context.clock.now())
        outcome = MemberOutcome(standing.value)
        if outcome is not MemberOutcome.OK:
            return MemberCheck(outcome=outcome)
        member = book.find(tenant, number)
        values = {"member": number, "member_queue": member.queue}
        plan = self._context.dispatcher.queue_plan(member.queue)
        own = member.queue if plan is not None and plan.tenant == tenant else ""
        if member.queue and not own:
            _log.warning("no such queue of a member", member=number, queue=member.queue)
        return MemberCheck(outcome=outcome, values=values, priority=member.priority, queue=own)

    async def change_pin(self, number: str, old: str, new: str) -> bool:
        """Another PIN for a member of the tenant."""
        if new == old:
            return False
        try:
            await self._context.members.change_pin(self._decision.tenant, number, new)
        except Refused:
            return False
        return True

    async def last_agent(self) -> str:
        """The seat that last spoke with this caller, if it is free."""
        caller = self._channel.arrival.caller
        seat = self._context.last_agents.of(self._decision.tenant, caller)
        if not seat:
            return ""
        try:
            return seat if self._context.dispatcher.seat(seat).takes_calls else ""
        except NotFound:
            return ""


def after_talk(
    context: Context, call: OpenCall, channel: Channel, decision: Decision, language: str = ""
) -> AfterTalk:
    """The survey of a caller whom a seat has left; ``language`` is the caller's by now."""
    return AfterTalk(
        context,
        call,
        channel,
        language=language or decision.language,
        host=lambda: FlowHost(context, call, channel, decision, surveying=True),
    )


_LEFT = {
    OverflowReason.FULL: QueueOutcome.FULL,
    OverflowReason.NO_SEAT: QueueOutcome.NO_SEAT,
    OverflowReason.WAITED: QueueOutcome.TOO_LONG,
    OverflowReason.RECIPE: QueueOutcome.TOO_LONG,
    OverflowReason.KEY: QueueOutcome.KEY,
}
_OUTCOMES = {
    DialStatus.ANSWER: DialOutcome.TALKED,
    DialStatus.BUSY: DialOutcome.BUSY,
    DialStatus.NO_ANSWER: DialOutcome.NO_ANSWER,
}
