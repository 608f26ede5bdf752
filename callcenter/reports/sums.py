"""Counts added up by the database: for each row's time and name one line of sums."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    cast,
    func,
    literal_column,
    select,
)

from callcenter.reports.calendar import By, Run, Span, bucket_of, local_step, runs
from callcenter.reports.columns import Adding, Grid, Ints
from callcenter.reports.model import Counts
from callcenter.reports.pieces import pieces
from callcenter.reports.store import SUMS, TABLES, in_columns

_AT_ONCE = 5000


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to add up: ``columns`` by ``names``, where ``only`` holds; ``tenants`` None: all.

    ``own``: a name has one tenant, as a rule, so that tenants need not be added up first.
    """

    table: Counts
    names: Sequence[str]
    columns: Sequence[str]
    only: Mapping[str, str] = field(default_factory=dict)
    tenants: frozenset[str] | None = None
    own: bool = False


def add_up(connection: Connection, wanted: Wanted, span: Span, by: By) -> Grid:
    """Sums by the first quarter of each bucket and by name; rows that were not there are not."""
    found = Adding()
    for run in runs(span):
        for query in _queries(wanted, run, by):
            for names, numbers in in_columns(connection, query, len(wanted.names)):
                begins = _begins(numbers[0], by, run, span)
                found.add(begins, names, dict(zip(wanted.columns, numbers[1:], strict=True)))
    return found.grid()


def _begins(steps: Ints, by: By, run: Run, span: Span) -> Ints:
    """The first quarters of the buckets that steps of a run belong to."""
    if by is By.ALL:
        return np.full(len(steps), span.begin, np.int64)
    each, at = np.unique(steps, return_inverse=True)
    return np.array([bucket_of(by, step, run, span) for step in each.tolist()], np.int64)[at]


def _queries(wanted: Wanted, run: Run, by: By) -> Iterator[Any]:
    """One for each size of blocks that the run is made of."""
    step = 0 if by is By.ALL else local_step(by)
    for size, begins in pieces(run.begin, run.end, step, run.offset).items():
        table = SUMS[wanted.table].c if size > 1 else TABLES[wanted.table].c
        only = [table.size == size] if size > 1 else []
        summed = not (wanted.own and size == step)  # else each block is a row as it is
        query = _query(wanted, table, run.offset, by, summed=summed).where(*only)
        if begins[-1] - begins[0] == size * (len(begins) - 1):
            yield query.where(table.quarter >= begins[0], table.quarter <= begins[-1])
            continue
        for start in range(0, len(begins), _AT_ONCE):
            yield query.where(table.quarter.in_(begins[start : start + _AT_ONCE]))


def _query(wanted: Wanted, table: Any, offset: int, by: By, *, summed: bool) -> Select[Any]:
    step: ColumnElement[Any] = literal_column("0")
    if by is not By.ALL:
        step = (table.quarter + _number(offset)) // _number(local_step(by))
    names = [table[name] for name in wanted.names]
    columns = [table[column] for column in wanted.columns]
    counts = [_sum(column) for column in columns] if summed else columns
    query = select(*names, step.label("step"), *counts)
    for name, value in wanted.only.items():
        query = query.where(table[name] == value)
    if wanted.tenants is not None:
        query = query.where(table.tenant.in_(wanted.tenants))
    groups = [] if by is By.ALL else [step.label("step")]
    return query.group_by(*groups, *names) if summed else query


def _sum(column: ColumnElement[int]) -> ColumnElement[int]:
    """A whole number: the sum of nothing is none, and PostgreSQL makes decimal numbers of sums."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def _number(value: int) -> ColumnElement[int]:
    """In the text of the query: what is grouped by must look the same wherever it stands."""
    return literal_column(str(int(value)), Integer)
