"""Counts added up by the database: for each row's time and name one line of sums."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    func,
    literal_column,
    select,
)

from callcenter.reports.calendar import By, Run, Span, bucket_of, local_step, runs
from callcenter.reports.model import Counts
from callcenter.reports.pieces import pieces
from callcenter.reports.store import SUMS, TABLES

_AT_ONCE = 5000
Name = tuple[str, ...]
Row = tuple[int, Name]  # first quarter of the bucket, names


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to add up: ``columns`` by ``names``, where ``only`` holds; ``tenants`` None: all."""

    table: Counts
    names: Sequence[str]
    columns: Sequence[str]
    only: Mapping[str, str] = field(default_factory=dict)
    tenants: frozenset[str] | None = None


def add_up(connection: Connection, wanted: Wanted, span: Span, by: By) -> dict[Row, dict[str, int]]:
    """Sums by bucket and name; what is nothing is not there."""
    found: dict[Row, dict[str, int]] = {}
    whole = by is By.ALL
    for run in runs(span):
        buckets: dict[int, int] = {}
        for query in _queries(wanted, run, by):
            for row in connection.execute(query):
                step, names = int(row[0]), tuple(row[1 : 1 + len(wanted.names)])
                if step not in buckets:
                    buckets[step] = span.begin if whole else bucket_of(by, step, run, span)
                sums = found.setdefault((buckets[step], names), {})
                for column, value in zip(wanted.columns, row[1 + len(names) :], strict=True):
                    if value:
                        sums[column] = sums.get(column, 0) + int(value)
    return found


def _queries(wanted: Wanted, run: Run, by: By) -> Iterator[Any]:
    """One for each size of blocks that the run is made of."""
    step = 0 if by is By.ALL else local_step(by)
    for size, begins in pieces(run.begin, run.end, step, run.offset).items():
        table = SUMS[wanted.table].c if size > 1 else TABLES[wanted.table].c
        only = [table.size == size] if size > 1 else []
        if begins[-1] - begins[0] == size * (len(begins) - 1):
            yield _query(wanted, table, run.offset, by).where(
                *only, table.quarter >= begins[0], table.quarter <= begins[-1]
            )
            continue
        for start in range(0, len(begins), _AT_ONCE):
            some = begins[start : start + _AT_ONCE]
            yield _query(wanted, table, run.offset, by).where(*only, table.quarter.in_(some))


def _query(wanted: Wanted, table: Any, offset: int, by: By) -> Select[Any]:
    step: ColumnElement[Any] = literal_column("0")
    if by is not By.ALL:
        step = (table.quarter + _number(offset)) // _number(local_step(by))
    names = [table[name] for name in wanted.names]
    sums = [func.sum(table[column]) for column in wanted.columns]
    query = select(step.label("step"), *names, *sums)
    for name, value in wanted.only.items():
        query = query.where(table[name] == value)
    if wanted.tenants is not None:
        query = query.where(table.tenant.in_(wanted.tenants))
    groups = [] if by is By.ALL else [step.label("step")]
    return query.group_by(*groups, *names)


def merged(rows: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sums of sums."""
    total: dict[str, int] = {}
    for row in rows:
        for name, value in row.items():
            total[name] = total.get(name, 0) + value
    return total


def _number(value: int) -> ColumnElement[int]:
    """In the text of the query: what is grouped by must look the same wherever it stands."""
    return literal_column(str(int(value)), Integer)
