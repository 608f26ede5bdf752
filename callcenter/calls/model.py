"""What can happen to a call, and what a running call is: a fold of that. Pure.

Events are written to the journal as they are; their tags and fields are a file format. A new field
needs a default, a tag is never used for anything else.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from callcenter.calls.acts import Intervened, Prioritised, SteppedOut
from callcenter.calls.asked import SurveyAnswered, SurveyEnded, SurveyStarted
from callcenter.calls.event import CallEvent
from callcenter.calls.recorded import (
    RecordingAnnounced,
    RecordingDecided,
    RecordingEnded,
    RecordingPaused,
    RecordingResumed,
    RecordingSkipped,
    RecordingStarted,
    RecordingStopped,
)
from callcenter.pbx.port import LegId

__all__ = [
    "CallEvent",
    "Intervened",
    "Prioritised",
    "SteppedOut",
    "SurveyAnswered",
    "SurveyEnded",
    "SurveyStarted",
]
"""Kinds that have files of their own; all others are here."""


class EndedBy(StrEnum):
    """Who ended it."""

    CALLER = "caller"
    SEAT = "seat"
    ENGINE = "engine"  # the flow was through
    TRANSFER = "transfer"  # somebody sent the caller to somebody else
    SUPERVISOR = "supervisor"  # by an act from outside the call; ``CallEnded.name`` says whose
    LOST = "lost"  # the PBX lost it (restart, power); nobody hung up


class OfferOutcome(StrEnum):
    """How one ring at one seat ended."""

    ANSWERED = "answered"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    CALLER_GONE = "caller_gone"
    WITHDRAWN = "withdrawn"


class QueueLeftBy(StrEnum):
    """Why a caller is no longer in a queue."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    OVERFLOW = "overflow"


class Offered(CallEvent, frozen=True, kw_only=True):
    """The PBX handed us a new caller."""

    leg: LegId
    source: str
    caller: str
    caller_name: str
    dialled: str
    endpoint: str
    tenant: str = ""


class Routed(CallEvent, frozen=True, kw_only=True):
    """Routing decided; ``rule`` says which rule did. Again when the call was sent on from there."""

    destination: str
    rule: str
    tenant: str = ""


class TurnedAway(CallEvent, frozen=True, kw_only=True):
    """Turned away before answer."""

    rule: str
    cause: int


class Answered(CallEvent, frozen=True, kw_only=True):
    """We answered the caller's channel."""


class NodeEntered(CallEvent, frozen=True, kw_only=True):
    """The flow reached a node; a call that comes back goes on here with these ``values``."""

    flow: str
    version: int
    node: str
    values: dict[str, str] = msgspec.field(default_factory=dict)


class MenuChoice(CallEvent, frozen=True, kw_only=True):
    """What the caller pressed at a menu; ``outcome`` is chosen, invalid or timeout."""

    node: str
    keys: str
    outcome: str


class QueueJoined(CallEvent, frozen=True, kw_only=True):
    """``at`` is the arrival time that orders the queue; it never changes for this visit."""

    queue: str
    priority: int = 0


class OfferMade(CallEvent, frozen=True, kw_only=True):
    """A seat was taken for this caller, or a line, an extension or an outside number is rung.

    ``kind`` is seat, line, extension or outside; ``extension`` is what is dialled, ``seat`` is set
    when it is one, ``queue`` when the caller waits in one. ``group`` and ``line`` name a line.
    Several may be out at once: they ring together and the first to answer has the call.
    ``picks_up`` is the offer whose ringing phone this one is picking up (S2); it does not ring.
    """

    offer: str
    queue: str
    seat: str
    extension: str
    kind: str = "seat"
    group: str = ""
    line: str = ""
    picks_up: str = ""


class OfferRang(CallEvent, frozen=True, kw_only=True):
    """The seat's phone rings."""

    offer: str
    leg: LegId


class LinesPassed(CallEvent, frozen=True, kw_only=True):
    """Lines that were not rung, each with the reason (closed, all its calls are taken, ...)."""

    group: str
    passed: list[tuple[str, str]]


class OfferEnded(CallEvent, frozen=True, kw_only=True):
    """The ring is over, one way or the other."""

    offer: str
    seat: str
    outcome: OfferOutcome


class TalkStarted(CallEvent, frozen=True, kw_only=True):
    """Caller and seat are joined."""

    offer: str
    seat: str
    leg: LegId


class TalkEnded(CallEvent, frozen=True, kw_only=True):
    """They are joined no more."""

    offer: str
    seat: str
    by: EndedBy


class TalkHeld(CallEvent, frozen=True, kw_only=True):
    """The seat put the caller on hold."""

    offer: str


class TalkTaken(CallEvent, frozen=True, kw_only=True):
    """The seat took the caller off hold."""

    offer: str


class QueueLeft(CallEvent, frozen=True, kw_only=True):
    """The caller waits no more; sent on: for what ``reason`` (Q4) and where ``to``, if told."""

    queue: str
    by: QueueLeftBy
    reason: str = ""
    to: str = ""


class PlaceRegained(CallEvent, frozen=True, kw_only=True):
    """Who dialled again in time stands where they stood: as if they had come at ``since`` (Q5)."""

    queue: str
    since: datetime


class CallbackAsked(CallEvent, frozen=True, kw_only=True):
    """The caller hangs up, keeps the place and is to be called back at ``number`` (Q5)."""

    number: str


class CallbackDialled(CallEvent, frozen=True, kw_only=True):
    """Their turn has come and they are called; written down before, so that it happens once."""

    number: str


class CallbackFailed(CallEvent, frozen=True, kw_only=True):
    """They could not be called back, and why."""

    why: str


class Announced(CallEvent, frozen=True, kw_only=True):
    """The waiting caller was told this; times in seconds, ``None`` when nothing was known.

    ``wait`` is what is expected; spoken was that it is between ``low`` and ``high``, whole minutes.
    """

    queue: str
    position: int
    wait: float | None = None
    low: float | None = None
    high: float | None = None


class SeatChosen(CallEvent, frozen=True, kw_only=True):
    """Why this seat is offered the caller, and why each other was passed over (Q9).

    ``passed`` are pairs of seat and reason; ``unlisted`` further seats are beyond the bound.
    """

    queue: str
    seat: str
    why: str
    waited: float
    passed: list[tuple[str, str]]
    unlisted: int = 0


class Resumed(CallEvent, frozen=True, kw_only=True):
    """The call came back to a new engine, or over a new connection."""

    leg: LegId


class Sent(CallEvent, frozen=True, kw_only=True):
    """The caller was transferred, by the phone of an extension or (``by`` empty) by command."""

    leg: LegId
    to: str
    by: str


class CallEnded(CallEvent, frozen=True, kw_only=True):
    """The last event of every call. ``name`` is who ended it, where ``by`` is a supervisor.

    ``region`` is where the party outside belongs, like ``CN/Guangdong/Foshan``.
    """

    by: EndedBy
    cause: int
    name: str = ""
    region: str = ""


AnyCallEvent = (
    Offered
    | Routed
    | TurnedAway
    | Answered
    | NodeEntered
    | MenuChoice
    | QueueJoined
    | OfferMade
    | OfferRang
    | LinesPassed
    | OfferEnded
    | TalkStarted
    | TalkEnded
    | TalkHeld
    | TalkTaken
    | QueueLeft
    | PlaceRegained
    | CallbackAsked
    | CallbackDialled
    | CallbackFailed
    | Announced
    | SeatChosen
    | RecordingDecided
    | RecordingAnnounced
    | RecordingStarted
    | RecordingPaused
    | RecordingResumed
    | RecordingStopped
    | RecordingSkipped
    | RecordingEnded
    | Resumed
    | Sent
    | SurveyStarted
    | SurveyAnswered
    | SurveyEnded
    | Intervened
    | SteppedOut
    | Prioritised
    | CallEnded
)
