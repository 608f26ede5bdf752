"""Counts added up by the database: for each row's time and name one line of sums."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, func, literal_column, select

from callcenter.reports.calendar import By, Span, bucket_of, local_step, runs
from callcenter.reports.model import Counts
from callcenter.reports.store import TABLES

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
    for run in runs(span):
        buckets: dict[int, int] = {}
        for row in connection.execute(_query(wanted, run.begin, run.end, run.offset, by)):
            step, names = int(row[0]), tuple(row[1 : 1 + len(wanted.names)])
            if step not in buckets:
                whole = by is By.ALL
                buckets[step] = span.begin if whole else bucket_of(by, step, run, span)
            sums = found.setdefault((buckets[step], names), {})
            for column, value in zip(wanted.columns, row[1 + len(names) :], strict=True):
                if value:
                    sums[column] = sums.get(column, 0) + int(value)
    return found


def _query(wanted: Wanted, begin: int, end: int, offset: int, by: By) -> Any:
    table = TABLES[wanted.table].c
    step: ColumnElement[Any] = literal_column("0")
    if by is not By.ALL:
        step = (table.quarter + _number(offset)) // _number(local_step(by))
    names = [table[name] for name in wanted.names]
    sums = [func.sum(table[column]) for column in wanted.columns]
    query = select(step.label("step"), *names, *sums)
    query = query.where(table.quarter >= begin, table.quarter < end)
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
