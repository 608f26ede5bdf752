"""The CDR: what is kept of an ended call, computed from its events and from nothing else. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from callcenter.calls.model import (
    Answered,
    AnyCallEvent,
    CallEnded,
    EndedBy,
    Offered,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferRang,
    QueueJoined,
    QueueLeft,
    QueueLeftBy,
    RecordingEnded,
    Resumed,
    Routed,
    TalkEnded,
    TalkHeld,
    TalkStarted,
    TalkTaken,
    TurnedAway,
)


class Result(StrEnum):
    """How the call ended up, in the words of metrics: by a seat, given up while waiting, ..."""

    ANSWERED = "answered"  # a seat, line or extension talked with the caller
    ABANDONED = "abandoned"  # the caller hung up while waiting
    REFUSED = "refused"  # turned away before answer
    UNREACHED = "unreached"  # somebody was rung, nobody answered, the caller was told so
    SELF_SERVED = "self_served"  # ended in a menu or feature code, no queue was joined
    GAVE_UP = "gave_up"  # the caller hung up before any answer or in the menu
    LOST = "lost"  # the PBX lost it


@dataclass(kw_only=True)
class CdrLeg:
    """One channel: the caller's, or one ring at a seat, a line, an extension, outside.

    From ``answered_at`` to ``ended_at`` is talk; ``hold_seconds`` of it the other side heard music.
    """

    kind: str  # caller | seat | line | extension | outside
    endpoint: str
    seat: str = ""
    started_at: datetime
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""
    hold_seconds: float = 0.0


@dataclass(kw_only=True)
class Cdr:
    """One row per call. Durations in seconds; ``wait`` runs from joining the queue (metrics)."""

    id: str
    tenant: str = ""
    source: str = ""
    caller: str = ""
    caller_name: str = ""
    dialled: str = ""
    rule: str = ""
    queue: str = ""
    seat: str = ""
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime
    wait_seconds: float | None = None
    talk_seconds: float = 0.0
    result: Result = Result.GAVE_UP
    ended_by: EndedBy = EndedBy.CALLER
    cause: int = 0
    resumed: int = 0
    recording: str = ""
    recording_seconds: float | None = None
    caller_rms: float | None = None
    seat_rms: float | None = None
    sha256: str = ""
    legs: list[CdrLeg] = field(default_factory=list)


def cdr_of(call: str, events: Sequence[AnyCallEvent]) -> Cdr:
    """Fold the events of one ended call.

    Raises:
        ValueError: the first event is no :class:`Offered`, or the last no :class:`CallEnded`.
    """
    if not events or not isinstance(events[0], Offered) or not isinstance(events[-1], CallEnded):
        raise ValueError(f"events of {call} are not those of one whole call")
    first, last = events[0], events[-1]
    cdr = Cdr(
        id=call,
        tenant=first.tenant,
        source=first.source,
        caller=first.caller,
        caller_name=first.caller_name,
        dialled=first.dialled,
        started_at=first.at,
        ended_at=last.at,
        ended_by=last.by,
        cause=last.cause,
    )
    cdr.legs.append(CdrLeg(kind="caller", endpoint=first.endpoint, started_at=first.at))
    fold = _Fold(cdr)
    for event in events[1:]:
        fold.take(event)
    cdr.result = _result(cdr, fold)
    return cdr


class _Fold:
    """The few facts needed between two events."""

    def __init__(self, cdr: Cdr) -> None:
        self.cdr = cdr
        self.rings: dict[str, CdrLeg] = {}
        self.joined: QueueJoined | None = None
        self.left: QueueLeftBy | None = None
        self.refused = False
        self.talked = False
        self.held: TalkHeld | None = None

    def take(self, event: AnyCallEvent) -> None:
        cdr = self.cdr
        match event:
            case Routed():
                cdr.rule = cdr.rule or event.rule
                cdr.tenant = event.tenant
            case TurnedAway():
                cdr.rule, self.refused = event.rule, True
            case Answered():
                cdr.answered_at = cdr.legs[0].answered_at = event.at
            case QueueJoined():
                self.joined = event
                cdr.queue = event.queue
            case QueueLeft():
                self._left(event)
            case RecordingEnded():
                cdr.recording, cdr.recording_seconds = event.path, event.seconds
                cdr.caller_rms, cdr.seat_rms = event.caller_rms, event.seat_rms
                cdr.sha256 = event.sha256
            case Resumed():
                cdr.resumed += 1
            case CallEnded():
                cdr.legs[0].ended_at = event.at
                cdr.legs[0].outcome = event.by.value
            case _:
                self._offer(event)

    def _left(self, event: QueueLeft) -> None:
        self.left = event.by
        if self.joined is not None:
            self.cdr.wait_seconds = (event.at - self.joined.at).total_seconds()

    def _offer(self, event: AnyCallEvent) -> None:
        match event:
            case OfferMade():
                ring = CdrLeg(
                    kind=event.kind,
                    endpoint=event.extension,
                    seat=event.seat,
                    started_at=event.at,
                )
                self.rings[event.offer] = ring
                self.cdr.legs.append(ring)
            case OfferRang() if leg := self.rings.get(event.offer):
                leg.rang_at = event.at
            case OfferEnded() if leg := self.rings.get(event.offer):
                leg.outcome = event.outcome.value
                if event.outcome is not OfferOutcome.ANSWERED:
                    leg.ended_at = event.at
            case TalkStarted() if leg := self.rings.get(event.offer):
                leg.answered_at = event.at
                self.cdr.seat = event.seat or self.cdr.seat
                self.talked = True
            case TalkHeld():
                self.held = self.held or event
            case TalkTaken():
                self._taken(event.at)
            case TalkEnded() if leg := self.rings.get(event.offer):
                self._taken(event.at)
                leg.ended_at = event.at
                if leg.answered_at is not None:
                    self.cdr.talk_seconds += (event.at - leg.answered_at).total_seconds()
            case _:
                pass

    def _taken(self, at: datetime) -> None:
        """What was held is held no more."""
        held, self.held = self.held, None
        if held is not None and (leg := self.rings.get(held.offer)):
            leg.hold_seconds += (at - held.at).total_seconds()


def _result(cdr: Cdr, fold: _Fold) -> Result:  # noqa: PLR0911 - one per result
    if fold.refused:
        return Result.REFUSED
    if fold.talked:
        return Result.ANSWERED
    if cdr.ended_by is EndedBy.LOST:
        return Result.LOST
    if fold.left is QueueLeftBy.ABANDONED:
        return Result.ABANDONED
    if cdr.ended_by is EndedBy.ENGINE and fold.rings and fold.joined is None:
        return Result.UNREACHED
    if cdr.ended_by is EndedBy.ENGINE:
        return Result.SELF_SERVED
    return Result.GAVE_UP
