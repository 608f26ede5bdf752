"""Rows of the live feed: what each kind shows. Pure; the names are the keys of the JSON and stay.

Times are UTC moments, not durations: a reader counts on by itself, so that nothing has to be sent
while nothing happens. ``tenant`` decides who sees a row: :data:`NOBODYS` is for those who see every
tenant, :data:`EVERYBODYS` for all.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from callcenter.acd.model import SeatState, SeatStatus
from callcenter.calls.open_call import CallState
from callcenter.pbx.port import TrunkState

NOBODYS = ""
EVERYBODYS = "*"


class Kind(StrEnum):
    """What a row is about; rows are told apart by kind and key."""

    ENGINE = "engine"
    MACHINE = "machine"
    TRUNK = "trunk"
    QUEUE = "queue"
    SEAT = "seat"
    CALL = "call"


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """A queue's figures over a time, by the moment at which a caller left the queue.

    ``level`` = ``within`` / (``answered`` + ``abandoned`` - ``short``); ``None`` when nobody
    counts. ``short``: gave up too soon to be served; ``flowed``: left for voicemail, a callback,
    another queue. ``wait`` is the mean wait of the answered, seconds.
    """

    answered: int = 0
    within: int = 0
    abandoned: int = 0
    short: int = 0
    flowed: int = 0
    level: float | None = None
    wait: float | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all rows."""

    tenant: str = NOBODYS


class EngineRow(Row, frozen=True, kw_only=True):
    """How the engine is; ``pbx_why`` says why the PBX is not connected."""

    version: str
    pid: int
    started_at: datetime
    node: str
    pbx_connected: bool
    pbx_why: str
    database_ok: bool
    backlog: int


class MachineRow(Row, frozen=True, kw_only=True):
    """The machine that the engine runs on; shares are percent, sizes bytes, times seconds.

    ``lag`` is how late the engine's loop was at worst since the row before.
    """

    cpu: float
    cores: int
    load: float
    memory: float
    memory_total: int
    disk: float
    disk_free: int
    engine_cpu: float
    engine_memory: int
    lag: float
    channels: int | None
    calls: int
    phones: int
    phones_registered: int
    readers: int


class TrunkRow(Row, frozen=True, kw_only=True):
    """A trunk; ``round_trip`` in seconds; ``calls`` are those that came in by it."""

    trunk: str
    state: TrunkState
    contact: str
    round_trip: float | None
    calls: int


class QueueRow(Row, frozen=True, kw_only=True):
    """A queue. ``oldest`` is since when its longest waiting caller waits.

    ``now`` are the last ``window`` seconds, ``today`` runs from midnight of the tenant's zone.
    ``target`` is the T of the service level, seconds.
    """

    queue: str
    waiting: int
    oldest: datetime | None
    ready: int
    logged_in: int
    target: float
    window: float
    now: Level
    today: Level


class SeatRow(Row, frozen=True, kw_only=True):
    """A seat; ``caller`` and ``queue`` are of the ``call`` it rings for or talks with.

    ``since`` is its last change of status or state.
    """

    seat: str
    name: str
    status: SeatStatus
    reason: str
    state: SeatState
    extension: str
    call: str
    caller: str
    queue: str
    talking_since: datetime | None
    since: datetime
    until: datetime | None


class CallRow(Row, frozen=True, kw_only=True):
    """A call that has not ended; ``since`` is when it came into its state.

    ``to`` is the extension or number that is rung or talked with.
    """

    call: str
    state: CallState
    caller: str
    name: str
    dialled: str
    trunk: str
    queue: str
    seat: str
    to: str
    started_at: datetime
    since: datetime
    waiting_since: datetime | None
    talking_since: datetime | None
    recording: bool
