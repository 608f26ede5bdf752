"""Counts from what they are counted from: stored CDRs and the logs of seats, by the same fold.

For recomputing, for proving, and for finding the calls behind a figure. Memory is bounded: calls
pass by in blocks, and only the counts of one day are held.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, select

from callcenter.acd.log import SeatNoted, noted_of, seat_log
from callcenter.calls.cdr import Cdr
from callcenter.calls.store import add_parts, cdr_from
from callcenter.calls.tables import cdrs
from callcenter.kernel.unled import Unled
from callcenter.reports.counting import count
from callcenter.reports.model import Counts, Tally, moment_of
from callcenter.reports.pieces import days
from callcenter.reports.seat_time import span_tally
from callcenter.reports.store import clear, insert_tally, lock, roll_up

OF_CALLS = (Counts.CALLS, Counts.QUEUES, Counts.SEATS, Counts.STEPS)
OF_LOGS = (Counts.SEAT_TIMES, Counts.PAUSES, Counts.WRAP_UPS)
_LONG = timedelta(hours=2)
_BLOCK = 1000


def calls_in(
    connection: Connection, begin: int, end: int, *only: ColumnElement[bool]
) -> Iterator[Cdr]:
    """Every call that touches these quarters, in no order."""
    for during in touching(moment_of(begin), moment_of(end)):
        query = select(cdrs).where(during, *only).execution_options(yield_per=_BLOCK)
        for rows in connection.execute(query).mappings().partitions(_BLOCK):
            found = [cdr_from(row) for row in rows]
            add_parts(connection, found)
            yield from found


def touching(begin: datetime, end: datetime) -> Iterator[ColumnElement[bool]]:
    """Calls of this time in three sets, each by an index.

    Begun within; begun shortly before; the few that are long.
    """
    started, ended, long = cdrs.c.started_at, cdrs.c.ended_at, _LONG.total_seconds()
    before = Unled(started) < begin - _LONG
    yield and_(started >= begin, started < end)
    yield and_(started >= begin - _LONG, started < begin, ended >= begin)
    yield and_(cdrs.c.duration_seconds >= long, before, ended >= begin)


def recount_calls(connection: Connection, begin: int, end: int) -> Tally:
    """Counts of calls in these quarters."""
    tally = Tally()
    for cdr in calls_in(connection, begin, end):
        count(tally, cdr)
    return tally.between(begin, end).without_nothing()


def recount_seats(connection: Connection, begin: int, end: int) -> Tally:
    """Counts of seats' times in these quarters."""
    tally = Tally()
    for seat in connection.scalars(select(seat_log.c.seat).distinct()).all():
        before: SeatNoted | None = None
        for noted in _log_of(connection, seat, moment_of(begin), moment_of(end)):
            if before is not None:
                tally.merge(span_tally(before, noted.at).between(begin, end))
            before = noted
    return tally.without_nothing()


def _log_of(
    connection: Connection, seat: str, begin: datetime, end: datetime
) -> Iterator[SeatNoted]:
    """Changes within, the one before and the one after, in the order in which they were noted."""
    log = seat_log.c
    of_seat = select(seat_log).where(log.seat == seat)
    down, up = (log.at.desc(), log.position.desc()), (log.at, log.position)
    before = connection.execute(of_seat.where(log.at < begin).order_by(*down).limit(1)).first()
    after = connection.execute(of_seat.where(log.at >= end).order_by(*up).limit(1)).first()
    query = of_seat.order_by(log.position)
    if before is not None:
        query = query.where(log.position >= before.position)
    if after is not None:
        query = query.where(log.position <= after.position)
    for row in connection.execute(query):
        yield noted_of(row)


def recompute(connection: Connection, begin: int, end: int) -> int:
    """Count these quarters anew; returns how many rows that made. One transaction, as it locks."""
    lock(connection)
    clear(connection, begin, end, Counts)
    made = 0
    for first, last in days(begin, end):
        tally = recount_calls(connection, first, last)
        tally.merge(recount_seats(connection, first, last))
        insert_tally(connection, tally)
        made += sum(len(rows) for rows in tally.rows.values())
    roll_up(connection, begin, end, Counts)
    return made
