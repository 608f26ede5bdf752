"""The CDR: what is kept of an ended call, and its parts. Pure; :mod:`folding` makes it.

Times are UTC, durations seconds. Every column is described in docs/reference/cdr.md.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from callcenter.calls.model import EndedBy


class Result(StrEnum):
    """How the call ended up, in the words of metrics: by a seat, given up while waiting, ..."""

    ANSWERED = "answered"  # a seat, line or extension talked with the caller
    ABANDONED = "abandoned"  # the caller hung up while waiting
    FLOWED_OUT = "flowed_out"  # left the queue for voicemail, a callback, a menu; nobody talked
    REFUSED = "refused"  # turned away before answer
    UNREACHED = "unreached"  # somebody was rung, nobody answered, the caller was told so
    SELF_SERVED = "self_served"  # ended in a menu or feature code, no queue was joined
    GAVE_UP = "gave_up"  # the caller hung up before any answer or in the menu
    LOST = "lost"  # the PBX lost it


@dataclass(kw_only=True)
class CdrLeg:
    """One channel: the caller's, or one ring (an offer) at a seat, a line, an extension, outside.

    ``talk_seconds`` is how long it was joined with the caller, ``hold_seconds`` of it one side
    heard music; the caller's own leg has neither. ``ended_by`` is who ended the talk.
    """

    kind: str  # caller | seat | line | extension | outside
    endpoint: str
    seat: str = ""
    offer: str = ""
    queue: str = ""
    started_at: datetime
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""
    ended_by: str = ""
    talk_seconds: float = 0.0
    hold_seconds: float = 0.0


@dataclass(kw_only=True)
class CdrVisit:
    """One wait in one queue, from joining to leaving it.

    ``by`` is a ``QueueLeftBy``; ``reason`` and ``to`` say why and where an overflow went
    (``reason`` callback: hung up, to be called back at ``to``). ``seat`` is who answered.
    ``announced_seconds`` is the longest wait that was first announced, counted from joining.
    """

    queue: str
    joined_at: datetime
    left_at: datetime
    by: str = ""
    reason: str = ""
    to: str = ""
    wait_seconds: float = 0.0
    seat: str = ""
    announced_seconds: float | None = None


@dataclass(kw_only=True)
class CdrStep:
    """A node of a flow that the caller came to, and what was pressed there, if anything."""

    at: datetime
    flow: str
    version: int
    node: str
    keys: str = ""
    outcome: str = ""


@dataclass(kw_only=True)
class CdrTransfer:
    """The caller was sent on: ``to`` whom, ``by`` which extension ("" is a command)."""

    at: datetime
    to: str
    by: str


@dataclass(kw_only=True)
class Cdr:
    """One row per call, and its parts. ``duration_seconds`` is all of it, from ring to end.

    ``wait_seconds`` runs from joining the queue that was joined last (metrics); ``talk_seconds``
    and ``hold_seconds`` are the sums of the legs. ``region`` is the caller's, like
    ``CN/Guangdong/Foshan``. ``recording_due``: a rule wanted this call recorded.
    """

    id: str
    tenant: str = ""
    source: str = ""
    caller: str = ""
    caller_name: str = ""
    dialled: str = ""
    region: str = ""
    rule: str = ""
    queue: str = ""
    seat: str = ""
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime
    duration_seconds: float = 0.0
    wait_seconds: float | None = None
    talk_seconds: float = 0.0
    hold_seconds: float = 0.0
    result: Result = Result.GAVE_UP
    ended_by: EndedBy = EndedBy.CALLER
    ended_by_name: str = ""  # who, when it was a supervisor
    cause: int = 0
    resumed: int = 0
    recording_due: bool = False
    recording: str = ""
    recording_seconds: float | None = None
    caller_rms: float | None = None
    seat_rms: float | None = None
    sha256: str = ""
    legs: list[CdrLeg] = field(default_factory=list)
    visits: list[CdrVisit] = field(default_factory=list)
    steps: list[CdrStep] = field(default_factory=list)
    transfers: list[CdrTransfer] = field(default_factory=list)
