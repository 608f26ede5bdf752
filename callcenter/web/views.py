"""Rows that the REST API shows and that no other room defines.

Field names are the keys of the JSON, here and in the rooms' own views; they stay. Times are UTC.
"""

from dataclasses import dataclass
from datetime import datetime

from callcenter.calls.open_call import CallState


@dataclass(frozen=True, kw_only=True)
class PbxView:
    """The PBX node and whether its event link stands; ``why`` says why not."""

    node: str
    connected: bool
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class DatabaseView:
    """Whether the database took the last records; ``backlog`` are those it has not taken yet."""

    ok: bool
    backlog: int


@dataclass(frozen=True, kw_only=True)
class JournalView:
    """``position`` of the newest record, and up to which the database has all (``projected``)."""

    position: int
    projected: int


@dataclass(frozen=True, kw_only=True)
class OffersView:
    """Since the start. All but ``made`` are 0 where everything is right (Q8): seats taken twice,
    rings that nobody ended, and for how long those kept a seat."""

    made: int = 0
    double_offers: int = 0
    expired_leases: int = 0
    stuck_seat_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class RecordingsView:
    """Whether talks can be recorded; ``why`` not. ``skipped`` were wanted and could not be.

    ``waiting`` are parts that are not kept yet, ``free_mb`` as far as it was looked at,
    ``backup`` is what is wrong with the copies; who sees all tenants is told.
    """

    ok: bool = True
    why: str = ""
    waiting: int = 0
    skipped: int = 0
    free_mb: int | None = None
    backup: str = ""


@dataclass(frozen=True, kw_only=True)
class StatusView:
    """How the engine is; ``offers`` are those of all tenants, and only who sees all sees them."""

    version: str
    pid: int
    started_at: datetime
    uptime_seconds: float
    pbx: PbxView
    database: DatabaseView
    journal: JournalView
    calls_open: int
    queues: int
    seats_logged_in: int
    offers: OffersView | None = None
    recordings: RecordingsView = RecordingsView()


@dataclass(frozen=True, kw_only=True)
class CallView:
    """One running call. Both durations are up to now; ``None`` when it never waited or talked."""

    call: str
    tenant: str
    state: CallState
    caller: str
    dialled: str
    queue: str
    seat: str
    started_at: datetime
    waiting_seconds: float | None
    talking_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class ProblemView:
    """Every answer that is no success: a code that never changes, and one sentence."""

    code: str
    message: str
