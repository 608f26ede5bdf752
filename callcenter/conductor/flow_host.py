"""What the walker asks of the conductor; see :class:`callcenter.ivr.Host`."""

from collections.abc import Mapping

import structlog

from callcenter.calls import MenuChoice, NodeEntered, OpenCall
from callcenter.conductor.context import Context
from callcenter.conductor.queueing import QueueVisit as Visit
from callcenter.ivr import (
    DialOutcome,
    Flow,
    MemberCheck,
    NotAvailable,
    QueueOutcome,
    QueueVisit,
    Target,
    VoicemailOutcome,
    VoicemailVisit,
    WebAnswer,
    WebRequest,
)
from callcenter.pbx.port import Channel
from callcenter.routing import Decision

_log = structlog.get_logger(__name__)


class FlowHost:
    """One call's host."""

    def __init__(
        self, context: Context, call: OpenCall, channel: Channel, decision: Decision
    ) -> None:
        self._context = context
        self._call = call
        self._channel = channel
        self._decision = decision

    # -- facts --------------------------------------------------------------------------------

    def facts(self) -> Mapping[str, str]:
        """What is known of the call."""
        arrival = self._channel.arrival
        return {
            "caller": arrival.caller,
            "dialled": arrival.dialled,
            "source": str(arrival.source),
            "tenant": self._decision.tenant,
        }

    def hours(self, calendar: str) -> str:
        """Not served yet."""
        raise NotAvailable(f"Calendar {calendar!r}: hours are not available in flows yet.")

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

    def surveyed(self, node: str, question: str, keys: str) -> None:
        """Note an answer."""
        self.chose(node, keys, f"survey {question}")

    def broke(self, flow: Flow, node: str, why: str) -> None:
        """Tell whoever reads the log."""
        _log.error("flow broke", flow=flow.name, version=flow.version, node=node, why=why)

    # -- what takes time ----------------------------------------------------------------------

    async def queue(self, visit: QueueVisit) -> QueueOutcome:
        """Let the caller wait and be served."""
        await Visit(self._context, self._call, self._channel, visit.queue).run()
        return QueueOutcome.SERVED

    async def dial(self, target: Target) -> DialOutcome:
        """Not served yet."""
        raise NotAvailable(f"Ringing {target.kind} {target.name} is not available yet.")

    async def voicemail(self, visit: VoicemailVisit) -> VoicemailOutcome:
        """Not served yet."""
        raise NotAvailable(f"Voicemail box {visit.box!r}: voicemail is not available yet.")

    async def request(self, request: WebRequest) -> WebAnswer:
        """Not served yet."""
        raise NotAvailable(f"The request to {request.url} cannot be made: not available yet.")

    async def member(self, number: str, pin: str) -> MemberCheck:
        """Not served yet."""
        raise NotAvailable("The check of a member is not available yet.")

    async def last_agent(self) -> str:
        """Nobody is known."""
        return ""
