"""A call told moment by moment: each decision about it and why (Q9). Pure.

Made from the events of the call and from nothing else; kept with the CDR when the call ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from callcenter.calls.model import (
    Announced,
    AnyCallEvent,
    CallbackAsked,
    CallbackDialled,
    CallbackFailed,
    CallEnded,
    Intervened,
    LinesPassed,
    Offered,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    PlaceRegained,
    Prioritised,
    QueueJoined,
    QueueLeft,
    QueueLeftBy,
    Resumed,
    Routed,
    SeatChosen,
    SteppedOut,
    SurveyAnswered,
    SurveyStarted,
    TalkEnded,
    TalkStarted,
    TurnedAway,
)
from callcenter.calls.recorded import (
    RecordingAnnounced,
    RecordingDecided,
    RecordingPaused,
    RecordingResumed,
    RecordingSkipped,
    RecordingStarted,
    RecordingStopped,
)


@dataclass(frozen=True, kw_only=True)
class PassedOver:
    """A seat or line that was not chosen, and why."""

    who: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Moment:
    """``unlisted`` are further seats that were passed over, beyond those that are listed."""

    at: datetime
    what: str
    passed: tuple[PassedOver, ...] = ()
    unlisted: int = 0


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """All moments of a call, oldest first."""

    call: str
    ended: bool
    moments: tuple[Moment, ...]


def moments_of(events: Iterable[AnyCallEvent]) -> tuple[Moment, ...]:
    """What was decided; events that decide nothing are left out."""
    return tuple(moment for event in events if (moment := _moment(event)) is not None)


def _moment(event: AnyCallEvent) -> Moment | None:
    match event:
        case SeatChosen():
            what = f"Seat {event.seat} is chosen for queue {event.queue} after"
            return Moment(
                at=event.at,
                what=f"{what} {event.waited:.1f} s: {event.why}.",
                passed=tuple(PassedOver(who=seat, why=why) for seat, why in event.passed),
                unlisted=event.unlisted,
            )
        case LinesPassed():
            lines = tuple(PassedOver(who=line, why=why) for line, why in event.passed)
            return Moment(at=event.at, what=f"Lines of {event.group} are passed.", passed=lines)
        case _:
            what = _sentence(event)
            return Moment(at=event.at, what=what) if what else None


def _sentence(event: AnyCallEvent) -> str:  # noqa: PLR0911, PLR0912 - one per event kind
    match event:
        case Offered():
            return f"{event.caller or 'A withheld number'} calls {event.dialled}."
        case Routed():
            return f"Goes to {event.destination}: {event.rule}."
        case TurnedAway():
            return f"Is turned away with cause {event.cause}: {event.rule}."
        case QueueJoined():
            more = f" with priority {event.priority}" if event.priority else ""
            return f"Joins queue {event.queue}{more}."
        case PlaceRegained():
            return f"Has the place of {event.since:%H:%M:%S} UTC in queue {event.queue} again."
        case CallbackAsked():
            return f"Hangs up and keeps the place, to be called back at {event.number}."
        case CallbackDialled():
            return f"Is called back at {event.number}."
        case CallbackFailed():
            return f"Is not called back: {event.why}."
        case Announced():
            return f"Is told: number {event.position}{_wait(event)}."
        case QueueLeft():
            return _left(event)
        case OfferMade():
            who = f"seat {event.seat} at {event.extension}" if event.seat else event.extension
            return f"Rings {who}."
        case OfferEnded() if event.outcome is not OfferOutcome.ANSWERED:
            who = f" of seat {event.seat}" if event.seat else ""
            return f"The ring{who} ends: {event.outcome.value.replace('_', ' ')}."
        case RecordingDecided():
            return f"Is{'' if event.wanted else ' not'} to be recorded: {event.why}."
        case RecordingAnnounced():
            return "Is told that the talk will be recorded."
        case RecordingStarted() if event.by:
            return f"Is recorded from now on, by {event.by}."
        case RecordingSkipped():
            return f"Cannot be recorded: {event.why}."
        case RecordingPaused():
            return f"The recording is paused by {event.by}."
        case RecordingResumed():
            return f"The recording goes on, by {event.by}."
        case RecordingStopped() if event.by:
            return f"The recording is stopped by {event.by}."
        case TalkStarted():
            return f"Talks with seat {event.seat}." if event.seat else "Talks."
        case TalkEnded():
            return f"The talk is over; ended by the {event.by.value}."
        case SurveyStarted():
            return f"Is asked survey {event.survey} for seat {event.seat}."
        case SurveyAnswered():
            said = event.answer or ("a spoken comment" if event.comment else "nothing")
            return f"Answers {event.question} of survey {event.survey}: {said}."
        case Resumed():
            return "Comes back to the engine."
        case Intervened():
            return _stepped_in(event)
        case SteppedOut():
            return f"{event.who} is out again ({event.act})."
        case Prioritised():
            return f"Has priority {event.priority} in queue {event.queue}."
        case CallEnded():
            name = f" {event.name}" if event.name else ""
            return f"Ends, by the {event.by.value}{name}, cause {event.cause}."
        case _:
            return ""


def _stepped_in(event: Intervened) -> str:
    who = f", by {event.who}" if event.who else ""
    to = f", to {event.to}" if event.to else ""
    return f"{event.by or 'Somebody'} acts: {event.act}{who}{to}."


def _left(event: QueueLeft) -> str:
    if event.by is not QueueLeftBy.OVERFLOW:
        return f"Leaves queue {event.queue}: {event.by.value}."
    to = f", on to {event.to}" if event.to else ""
    return f"Queue {event.queue} sends the caller on: {event.reason.replace('_', ' ')}{to}."


def _wait(told: Announced) -> str:
    if told.wait is None:
        return ""
    if told.low is None or told.high is None:
        return f", about {told.wait:.0f} s to wait"
    return f", between {told.low / 60:.0f} and {told.high / 60:.0f} min to wait"
