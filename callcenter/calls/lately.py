"""Visits to queues that ended lately, for figures that are kept in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from callcenter.calls.model import QueueLeftBy
from callcenter.calls.tables import cdr_visits

_LONGEST_VISIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Left:
    """One caller left one queue."""

    call: str
    queue: str
    by: QueueLeftBy
    at: datetime
    wait: float


def visits_left(connection: Connection, queues: Iterable[str], since: datetime) -> Iterator[Left]:
    """Visits of ended calls that were left at ``since`` or later, queue by queue."""
    visit = cdr_visits.c
    columns = (visit.call, visit.by, visit.left_at, visit.wait_seconds)
    for queue in queues:
        query = select(*columns).where(
            visit.queue == queue,
            visit.joined_at >= since - _LONGEST_VISIT,  # the index knows no more
            visit.left_at >= since,
        )
        for call, by, left_at, wait in connection.execute(query):
            yield Left(call, queue, QueueLeftBy(by), left_at, wait)
