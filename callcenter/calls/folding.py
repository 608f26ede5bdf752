"""From the events of one ended call to its CDR; from nothing else. Pure.

Four small folds see every event: the call itself, its rings and talks (:mod:`rings`), its visits to
queues (:mod:`visits`), and here its steps and transfers. Whatever the order of events, the parts
add up: every ring and every visit has an end, no duration is negative.
"""

import math
from collections.abc import Sequence

from callcenter.calls.cdr import Cdr, CdrStep, CdrTransfer, Result
from callcenter.calls.model import (
    Answered,
    AnyCallEvent,
    CallEnded,
    EndedBy,
    MenuChoice,
    NodeEntered,
    Offered,
    OfferMade,
    QueueLeftBy,
    Resumed,
    Routed,
    Sent,
    TalkEnded,
    TurnedAway,
)
from callcenter.calls.recorded import (
    RecordingEnded,
    RecordingSkipped,
    RecordingStarted,
)
from callcenter.calls.rings import Rings
from callcenter.calls.visits import Visits


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
        ended_at=max(first.at, last.at),
        ended_by=last.by,
        ended_by_name=last.name,
        cause=last.cause,
        region=last.region,
    )
    cdr.duration_seconds = (cdr.ended_at - cdr.started_at).total_seconds()
    rings, visits = Rings(cdr, first), Visits(cdr)
    steps, transfers = _Steps(cdr), _Transfers(cdr, rings)
    refused = False
    for event in events[1:]:
        refused = refused or isinstance(event, TurnedAway)
        _call(cdr, event)
        for fold in (transfers, rings, visits, steps):
            fold.take(event)
    cdr.recording_due = cdr.recording_due and rings.talked
    cdr.result = _result(cdr, refused=refused, talked=rings.talked)
    return cdr


def _call(cdr: Cdr, event: AnyCallEvent) -> None:
    match event:
        case Routed():
            cdr.rule = cdr.rule or event.rule
            cdr.tenant = event.tenant
        case TurnedAway():
            cdr.rule = event.rule
        case Answered():
            cdr.answered_at = event.at
        case RecordingStarted() | RecordingSkipped():
            cdr.recording_due = True
        case RecordingEnded():
            _recorded(cdr, event)
        case Resumed():
            cdr.resumed += 1
        case _:
            pass


def _recorded(cdr: Cdr, part: RecordingEnded) -> None:
    """Of several parts the first is named, their lengths add up, their levels are those of all."""
    before, cdr.recording_seconds = cdr.recording_seconds, part.seconds
    if before is None:
        cdr.recording, cdr.sha256 = part.path, part.sha256
        cdr.caller_rms, cdr.seat_rms = part.caller_rms, part.seat_rms
        return
    cdr.recording_seconds = whole = round(before + part.seconds, 3)
    for side in ("caller_rms", "seat_rms"):
        powers = [(getattr(cdr, side), before), (getattr(part, side), part.seconds)]
        power = sum(10 ** (level / 10) * seconds for level, seconds in powers) / (whole or 1.0)
        setattr(cdr, side, round(10 * math.log10(power), 1) if power else part.caller_rms)


class _Steps:
    """A node that is entered is a step; what is pressed there once more is a step of its own."""

    def __init__(self, cdr: Cdr) -> None:
        self._steps = cdr.steps

    def take(self, event: AnyCallEvent) -> None:
        match event:
            case NodeEntered():
                step = CdrStep(at=event.at, flow=event.flow, version=event.version, node=event.node)
                self._steps.append(step)
            case MenuChoice():
                self._chosen(event)
            case _:
                pass

    def _chosen(self, event: MenuChoice) -> None:
        last = self._steps[-1] if self._steps else None
        if last is None or last.outcome or last.node != event.node:
            last = CdrStep(
                at=event.at,
                flow=last.flow if last else "",
                version=last.version if last else 0,
                node=event.node,
            )
            self._steps.append(last)
        last.keys, last.outcome = event.keys, event.outcome


class _Transfers:
    """Blind ones say so themselves; an attended one is a talk that goes on with somebody else."""

    def __init__(self, cdr: Cdr, rings: Rings) -> None:
        self._transfers = cdr.transfers
        self._rings = rings
        self._sent = False
        self._left: CdrTransfer | None = None

    def take(self, event: AnyCallEvent) -> None:
        match event:
            case Sent():
                self._transfers.append(CdrTransfer(at=event.at, to=event.to, by=event.by))
                self._sent, self._left = True, None
            case TalkEnded(by=EndedBy.TRANSFER) if not self._sent:
                leg = self._rings.of(event.offer)
                by = leg.endpoint if leg else ""
                self._left = CdrTransfer(at=event.at, to="", by=by)
            case OfferMade():
                if self._left is not None:
                    self._left.to = event.seat or event.extension
                    self._transfers.append(self._left)
                self._sent, self._left = False, None
            case Routed():
                self._sent = False
            case _:
                pass


def _result(cdr: Cdr, *, refused: bool, talked: bool) -> Result:  # noqa: PLR0911 - one per result
    left = cdr.visits[-1].by if cdr.visits else ""
    if refused:
        return Result.REFUSED
    if talked:
        return Result.ANSWERED
    if cdr.ended_by is EndedBy.LOST:
        return Result.LOST
    if left == QueueLeftBy.ABANDONED:
        return Result.ABANDONED
    if left:
        return Result.FLOWED_OUT
    if cdr.ended_by is EndedBy.ENGINE:
        return Result.UNREACHED if len(cdr.legs) > 1 else Result.SELF_SERVED
    return Result.GAVE_UP
