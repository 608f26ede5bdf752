"""The survey after the seat has hung up (R3): whether one is due, and the walk through it.

All of it is read from the call's events: whichever way the caller got here (queue, flow, transfer,
another engine), the survey is due once for the last talk that a seat ended, asked for the queue
that the caller was in last, and goes on where it was broken off.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from callcenter.calls import (
    CallEvent,
    EndedBy,
    NodeEntered,
    OpenCall,
    QueueJoined,
    SurveyAnswered,
    SurveyEnded,
    SurveyStarted,
    TalkEnded,
    TalkStarted,
)
from callcenter.conductor.context import Context
from callcenter.ivr import Flow, Host, SentOn, Walker
from callcenter.pbx.port import Channel

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Served:
    """Who served the caller last; empty where nobody has."""

    queue: str = ""
    seat: str = ""


def served(events: Sequence[CallEvent]) -> Served:
    """The queue that the caller was in last and the seat that talked with them last."""
    queue = next((e.queue for e in reversed(events) if isinstance(e, QueueJoined)), "")
    talks = (e.seat for e in reversed(events) if isinstance(e, TalkStarted) and e.seat)
    return Served(queue=queue, seat=next(talks, ""))


def besides_surveys(events: Sequence[CallEvent]) -> list[CallEvent]:
    """Events without what happened in surveys after talks: where the caller is otherwise."""
    kept: list[CallEvent] = []
    inside = False
    for event in events:
        if isinstance(event, SurveyStarted):
            inside = True
        elif not inside:
            kept.append(event)
        elif isinstance(event, SurveyEnded):
            inside = False
    return kept


def answers_at(events: Sequence[CallEvent], node: str) -> dict[str, str]:
    """Answers given at the node where the caller is."""
    found: dict[str, str] = {}
    for event in reversed(events):
        match event:
            case SurveyAnswered() if event.node == node:
                found.setdefault(event.question, event.answer or ("spoken" * bool(event.comment)))
            case NodeEntered() if event.node != node:
                break
            case SurveyStarted():
                break
            case _:
                pass
    return found


class AfterTalk:
    """Of one caller, whom a seat has just left. ``host`` is for the survey's flow."""

    def __init__(
        self,
        context: Context,
        call: OpenCall,
        channel: Channel,
        *,
        language: str,
        host: Callable[[], Host],
    ) -> None:
        self._context = context
        self._call = call
        self._channel = channel
        self._language = language
        self._host = host

    async def run(self) -> None:
        """Ask what there is to ask; a caller who hangs up meanwhile is a :class:`Hangup`."""
        since = self._since_talk()
        if since is None or any(isinstance(event, SurveyEnded) for event in since):
            return
        started = next((event for event in since if isinstance(event, SurveyStarted)), None)
        at = next((e for e in reversed(since) if isinstance(e, NodeEntered)), None)
        flow = self._due() if started is None else self._flow(started.survey, at)
        if flow is None:
            return
        here = at if started is not None and at is not None and at.flow == flow.name else None
        values = here.values if here else {}
        walker = Walker(flow, self._channel, self._host(), self._language, values)
        try:
            await walker.walk(here.node if here else "")
        except SentOn as sent:  # a survey leads nowhere else
            _log.warning("survey left for elsewhere", call=self._call.id, to=str(sent.to))
        now = self._context.clock.now()
        self._context.ledger.note(self._call.id, SurveyEnded(at=now, survey=flow.name))

    def _since_talk(self) -> list[CallEvent] | None:
        """What happened since a seat (or another party) hung up; ``None``: none did."""
        since: list[CallEvent] = []
        for event in reversed(self._call.events):
            if isinstance(event, TalkEnded):
                return since[::-1] if event.by is EndedBy.SEAT else None
            since.append(event)
        return None

    def _due(self) -> Flow | None:
        by = served(self._call.events)
        plan = self._context.snapshot.now.plan.queues.get(by.queue)
        if plan is None or not plan.survey or not by.seat or plan.tenant != self._call.tenant:
            return None
        flow = self._context.snapshot.now.flow(plan.survey)
        if flow is None:
            _log.warning("no such survey in force", queue=by.queue, survey=plan.survey)
            return None
        now = self._context.clock.now()
        begun = SurveyStarted(at=now, survey=flow.name, queue=by.queue, seat=by.seat)
        self._context.ledger.note(self._call.id, begun)
        return flow

    def _flow(self, survey: str, at: NodeEntered | None) -> Flow | None:
        """The version that the caller began with."""
        snapshot = self._context.snapshot.now
        flow = snapshot.flow(at.flow, at.version) if at else None
        return flow or snapshot.flow(survey)
