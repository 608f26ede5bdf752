"""Visits to queues that ended lately, for figures that are kept in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from callcenter.calls.model import EndedBy, QueueLeftBy
from callcenter.calls.tables import cdr_visits, cdrs

_LONGEST_VISIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Left:
    """One caller left one queue; ``by`` as :func:`left_by` says."""

    call: str
    queue: str
    by: QueueLeftBy
    at: datetime
    wait: float


def left_by(by: QueueLeftBy, ended_by: EndedBy) -> QueueLeftBy:
    """Who was lost by the PBX while waiting did not give up."""
    lost = by is QueueLeftBy.ABANDONED and ended_by is EndedBy.LOST
    return QueueLeftBy.OVERFLOW if lost else by


def visits_left(connection: Connection, queues: Iterable[str], since: datetime) -> Iterator[Left]:
    """Visits of ended calls that were left at ``since`` or later, queue by queue."""
    visit = cdr_visits.c
    columns = (visit.call, visit.by, visit.left_at, visit.wait_seconds, cdrs.c.ended_by)
    for queue in queues:
        query = select(*columns).where(
            visit.call == cdrs.c.id,
            visit.queue == queue,
            visit.joined_at >= since - _LONGEST_VISIT,  # the index knows no more
            visit.left_at >= since,
        )
        for call, by, left_at, wait, ended_by in connection.execute(query):
            left = left_by(QueueLeftBy(by), EndedBy(ended_by))
            yield Left(call, queue, left, left_at, wait)
