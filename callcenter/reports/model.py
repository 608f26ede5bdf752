"""Words of counting: quarters of an hour, tables of counts, and the tally that adds them up. Pure.

Time is cut into quarters of an hour of UTC, because every time zone in use begins its days and
hours on one of them. All counts are whole numbers, times whole milliseconds: so a sum does not
depend on the order in which calls ended, and what is added can be taken back exactly.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUARTER_MS = 900_000
EDGES = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
"""Seconds of waiting at which service levels and short abandons can be asked for."""
_MS = timedelta(milliseconds=1)


class Counts(StrEnum):
    """The tables of counts, by what their rows are about."""

    CALLS = "interval_calls"
    QUEUES = "interval_queues"
    SEATS = "interval_seats"
    SEAT_TIMES = "interval_seat_times"
    PAUSES = "interval_pauses"
    WRAP_UPS = "interval_wrap_ups"
    STEPS = "interval_steps"


KEYS: Mapping[Counts, tuple[str, ...]] = {
    Counts.CALLS: ("quarter", "kind", "tenant", "name"),
    Counts.QUEUES: ("quarter", "tenant", "queue"),
    Counts.SEATS: ("quarter", "tenant", "seat"),
    Counts.SEAT_TIMES: ("quarter", "seat"),
    Counts.PAUSES: ("quarter", "seat", "reason"),
    Counts.WRAP_UPS: ("quarter", "queue"),
    Counts.STEPS: ("quarter", "tenant", "flow", "node", "outcome", "keys", "next"),
}
"""What a row is about, in the order of its primary key."""

RESULTS = (
    *("answered", "abandoned", "flowed_out", "refused", "unreached", "self_served", "gave_up"),
    "lost",
)
OUTS = ("out_voicemail", "out_callback", "out_queue", "out_menu", "out_elsewhere", "out_lost")
FAILED = ("rejected", "no_answer", "unreachable", "caller_gone", "withdrawn")
LOGGED_IN = "logged_in"
PARTS = ("ready", "ringing", "talking", "on_hold", "wrap_up", "engaged", "unreachable", "paused")
"""What logged-in time is made of; milliseconds."""
WITHIN = tuple(f"{what}_within_{edge}" for what in ("answered", "abandoned") for edge in EDGES)

VALUES: Mapping[Counts, tuple[str, ...]] = {
    Counts.CALLS: ("running", "calls", *RESULTS, "other", "call_ms", "talk_ms"),
    Counts.QUEUES: (
        *("waiting", "offered", "answered", "abandoned", *OUTS, "wait_ms", "abandoned_wait_ms"),
        *("handled", "talk_ms", "hold_ms", "announced", "announced_kept", *WITHIN),
    ),
    Counts.SEATS: ("offers", "answered", *FAILED, "other", "talk_ms", "hold_ms", "sent_on"),
    Counts.SEAT_TIMES: (LOGGED_IN, *PARTS),
    Counts.PAUSES: ("ms",),
    Counts.WRAP_UPS: ("ms",),
    Counts.STEPS: ("steps",),
}
"""What is counted in each table.

``running`` and ``waiting`` are those who were there when the quarter began; so what came in and
what went out can be balanced for each quarter by itself.
"""

HERE: Mapping[Counts, str] = {Counts.CALLS: "running", Counts.QUEUES: "waiting"}
"""Columns of who was there when a quarter began: no sum over quarters."""

LENGTHS = {
    "kind": 8,
    "tenant": 64,
    "name": 128,
    "queue": 64,
    "seat": 32,
    "reason": 64,
    "flow": 64,
    "node": 64,
    "outcome": 64,
    "keys": 16,
    "next": 80,
}
"""How long the texts of a key may be."""
_LENGTHS = {table: tuple(LENGTHS[name] for name in names[1:]) for table, names in KEYS.items()}

Key = tuple[int | str, ...]


def key_of(table: Counts, quarter: int, *names: str) -> Key:
    """A key whose texts fit the database: a telephone may send anything."""
    return (quarter, *_fitting(table, names))


@lru_cache(maxsize=65_536)
def _fitting(table: Counts, names: tuple[str, ...]) -> tuple[str, ...]:
    lengths = zip(names, _LENGTHS[table], strict=True)
    return tuple(name.replace("\0", "")[:length] for name, length in lengths)


@dataclass
class Tally:
    """Counts by table and key; adding is all that is ever done with them."""

    rows: dict[Counts, dict[Key, dict[str, int]]] = field(default_factory=dict)

    def add(self, table: Counts, key: Key, what: str, count: int = 1) -> None:
        """Count ``what`` once more, or ``count`` times."""
        rows = self.rows.get(table)
        if rows is None:
            rows = self.rows[table] = {}
        row = rows.get(key)
        if row is None:
            row = rows[key] = {}
        row[what] = row.get(what, 0) + count

    def merge(self, other: "Tally", sign: int = 1) -> None:
        """Add all of another tally; with ``sign`` -1 take it away."""
        for table, rows in other.rows.items():
            mine = self.rows.setdefault(table, {})
            for key, counts in rows.items():
                row = mine.setdefault(key, {})
                for what, count in counts.items():
                    row[what] = row.get(what, 0) + sign * count

    def without_nothing(self) -> "Tally":
        """The same with no zeros and no empty rows, so that equal counts are equal tallies."""
        kept = Tally()
        for table, rows in self.rows.items():
            for key, counts in rows.items():
                left = {what: count for what, count in counts.items() if count}
                if left:
                    kept.rows.setdefault(table, {})[key] = left
        return kept

    def between(self, begin: int, end: int) -> "Tally":
        """Only the quarters from ``begin`` to before ``end``."""
        kept = Tally()
        for table, rows in self.rows.items():
            within = {key: row for key, row in rows.items() if begin <= int(key[0]) < end}
            if within:
                kept.rows[table] = within
        return kept


def ms_of(moment: datetime) -> int:
    """Whole milliseconds since 1970."""
    return (moment - EPOCH) // _MS


def quarter_of(moment: datetime) -> int:
    """The quarter of an hour that a moment lies in, counted since 1970."""
    return ms_of(moment) // QUARTER_MS


def moment_of(quarter: int) -> datetime:
    """When a quarter begins."""
    return EPOCH + quarter * QUARTER_MS * _MS


def split(begin: datetime, end: datetime) -> Iterator[tuple[int, int]]:
    """A span as milliseconds in each quarter it touches; they add up to the whole."""
    at, until = ms_of(begin), ms_of(end)
    while at < until:
        quarter = at // QUARTER_MS
        stop = min(until, (quarter + 1) * QUARTER_MS)
        yield quarter, stop - at
        at = stop
