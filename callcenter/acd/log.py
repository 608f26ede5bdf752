"""What is kept of agents' days: each change of a seat, rest of a wrap-up, what came of calls.

Times by state are sums over the log, so logged-in time is what its parts add up to.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    String,
    Table,
    delete,
    select,
)

from callcenter.acd.model import SeatState, SeatStatus
from callcenter.acd.told import Disposed, WrapUpSet
from callcenter.kernel.database import UtcDateTime, metadata

seat_log = Table(
    "seat_log",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),  # in the journal
    Column("seat", String(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("call", String(32), nullable=False),
    Column("by", String(64), nullable=False),
    Column("queue", String(64), nullable=False, server_default=""),
    Index("ix_seat_log_seat_at", "seat", "at"),
    Index("ix_seat_log_seat_position", "seat", "position"),
)

seat_wrap_ups = Table(
    "seat_wrap_ups",
    metadata,
    Column("seat", String(32), primary_key=True),
    Column("call", String(32), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("owes", Boolean, nullable=False),
)

dispositions = Table(
    "dispositions",
    metadata,
    Column("call", String(32), primary_key=True),
    Column("seat", String(32), primary_key=True),
    Column("queue", String(64), nullable=False),
    Column("code", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(64), nullable=False),
)


class SeatNoted(msgspec.Struct, frozen=True, kw_only=True):
    """A seat as it is from ``at`` on."""

    seat: str
    at: datetime
    status: SeatStatus
    reason: str
    state: SeatState
    call: str
    by: str
    queue: str = ""


@dataclass(kw_only=True)
class SeatTimes:
    """Seconds of one seat. ``parts`` by what it did; they add up to ``logged_in``."""

    seat: str
    since: datetime
    until: datetime
    logged_in: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)


def save_noted(connection: Connection, position: int, noted: SeatNoted) -> None:
    """Write one change; once more replaces it by the same."""
    connection.execute(delete(seat_log).where(seat_log.c.position == position))
    names = ("seat", "status", "reason", "state", "by", "queue")
    row = {name: str(getattr(noted, name)) for name in names}
    connection.execute(
        seat_log.insert().values(position=position, at=noted.at, call=noted.call, **row)
    )


def save_wrap_up(connection: Connection, change: WrapUpSet) -> None:
    """Keep the newest wrap-up of a seat."""
    connection.execute(delete(seat_wrap_ups).where(seat_wrap_ups.c.seat == change.seat))
    connection.execute(seat_wrap_ups.insert().values(**asdict(change)))


def save_disposition(connection: Connection, said: Disposed) -> None:
    """Keep what came of a call; nothing is owed for it any more."""
    of_call = (dispositions.c.call == said.call) & (dispositions.c.seat == said.seat)
    connection.execute(delete(dispositions).where(of_call))
    connection.execute(dispositions.insert().values(**asdict(said)))
    owed = (seat_wrap_ups.c.seat == said.seat) & (seat_wrap_ups.c.call == said.call)
    connection.execute(seat_wrap_ups.update().where(owed).values(owes=False))


def load_wrap_ups(connection: Connection) -> list[WrapUpSet]:
    """The newest of each seat."""
    rows = connection.execute(select(seat_wrap_ups))
    return [WrapUpSet(**row._mapping) for row in rows]


def dispositions_of(connection: Connection, call: str) -> list[Disposed]:
    """What came of a call, by each seat that had it, in order."""
    query = select(dispositions).where(dispositions.c.call == call).order_by(dispositions.c.at)
    return [Disposed(**row._mapping) for row in connection.execute(query)]


def seat_times(connection: Connection, seat: str, since: datetime, until: datetime) -> SeatTimes:
    """How a seat spent its time."""
    of_seat = (seat_log.c.seat == seat) & (seat_log.c.at < until)
    order = (seat_log.c.at.desc(), seat_log.c.position.desc())
    before = select(seat_log).where(of_seat, seat_log.c.at < since).order_by(*order).limit(1)
    within = select(seat_log).where(of_seat, seat_log.c.at >= since)
    in_order = within.order_by(seat_log.c.at, seat_log.c.position)
    rows = [*connection.execute(before), *connection.execute(in_order)]
    return add_up([noted_of(row) for row in rows], seat, since, until)


def add_up(noted: Iterable[SeatNoted], seat: str, since: datetime, until: datetime) -> SeatTimes:
    """Pure: sums from one change to the next, within the span."""
    times = SeatTimes(seat=seat, since=since, until=until)
    changes = list(noted)
    for this, following in zip(changes, [*changes[1:], None], strict=False):  # there may be none
        begin, end = max(this.at, since), min(following.at if following else until, until)
        part, seconds = part_of(this), (end - begin).total_seconds()
        if part and seconds > 0:
            times.parts[part] = times.parts.get(part, 0.0) + seconds
            times.logged_in += seconds
    return times


def part_of(noted: SeatNoted) -> str:
    """What a seat does in the words of reports; "" while logged out."""
    if noted.status is SeatStatus.LOGGED_OUT:
        return ""
    if noted.state in _BUSY_STATES:
        return noted.state.value
    if noted.status is SeatStatus.BUSY:
        return f"paused: {noted.reason}" if noted.reason else "paused"
    return "ready" if noted.state is SeatState.IDLE else noted.state.value


def noted_of(row: Any) -> SeatNoted:
    """A row of the log."""
    return SeatNoted(
        seat=row.seat,
        at=row.at,
        status=SeatStatus(row.status),
        reason=row.reason,
        state=SeatState(row.state),
        call=row.call,
        by=row.by,
        queue=row.queue,
    )


_BUSY_STATES = (SeatState.RINGING, SeatState.TALKING, SeatState.ON_HOLD, SeatState.WRAP_UP)
