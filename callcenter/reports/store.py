"""The tables of counts in the database: adding a tally, reading one back.

Beside the quarters of each table stand their sums by hours and thirds of days, written in the same
transaction, so that a report over a month reads little.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import repeat
from typing import Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Executable,
    Integer,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from callcenter.kernel.database import metadata
from callcenter.reports.columns import Ints, Name
from callcenter.reports.model import HERE, KEYS, LENGTHS, VALUES, Counts, Key, Tally
from callcenter.reports.pieces import SIZES, rolled, whole


def _table(name: str, counts: Counts, keys: Iterable[str]) -> Table:
    return Table(
        name,
        metadata,
        *(_key(each) for each in keys),
        *(Column(each, BigInteger, nullable=False, server_default="0") for each in VALUES[counts]),
        sqlite_with_rowid=False,
    )


def _key(name: str) -> Column[Any]:
    if name in ("quarter", "size"):
        return Column(name, Integer, primary_key=True, autoincrement=False)
    return Column(name, String(LENGTHS[name]), primary_key=True)


def _sum_keys(counts: Counts) -> list[str]:
    """A report asks for one kind of calls: its rows stand together."""
    kind = ["kind"] if "kind" in KEYS[counts] else []
    return ["size", *kind, *(name for name in KEYS[counts] if name != "kind")]


_AT_ONCE = 500
_READ_AT_ONCE = 1000  # more at once fall out of the processor's caches
TABLES: dict[Counts, Table] = {
    counts: _table(counts.value, counts, KEYS[counts]) for counts in Counts
}
SUMS: dict[Counts, Table] = {
    counts: _table(counts.value.replace("interval", "sum"), counts, _sum_keys(counts))
    for counts in Counts
}
"""Sums of ``size`` quarters from ``quarter`` on."""


def add_tally(connection: Connection, tally: Tally) -> None:
    """Add counts to what is there."""
    dialect, changed = connection.dialect.name, tally.without_nothing()
    for counts, rows in changed.rows.items():
        connection.execute(_adding(TABLES[counts], dialect), _values(counts, rows))
    for size in SIZES:
        for counts, rows in rolled(changed, size).without_nothing().rows.items():
            values = [{**row, "size": size} for row in _values(counts, rows)]
            connection.execute(_adding(SUMS[counts], dialect), values)


def insert_tally(connection: Connection, tally: Tally) -> None:
    """Write counts of quarters that are not there, without their sums: ``roll_up`` follows."""
    for counts, rows in tally.rows.items():
        connection.execute(TABLES[counts].insert(), _values(counts, rows))


def roll_up(connection: Connection, begin: int, end: int, tables: Iterable[Counts]) -> None:
    """Make the sums of all blocks anew that these quarters touch."""
    begin, end = whole(begin, end)
    for counts in tables:
        table = SUMS[counts]
        within = (table.c.quarter >= begin, table.c.quarter < end)
        connection.execute(delete(table).where(table.c.size.in_(SIZES), *within))
        for size in SIZES:
            columns = ["size", *KEYS[counts], *VALUES[counts]]
            rolling = insert(table).from_select(columns, summed(counts, size))
            connection.execute(rolling, {"begin": begin, "end": end})


@cache
def summed(counts: Counts, size: int) -> Select[Any]:
    """Sums by blocks, as their table has them; ``begin`` and ``end``, blocks', are parameters."""
    of, here = TABLES[counts].c, HERE.get(counts)
    within_block = of.quarter % literal_column(str(size), Integer)
    block = of.quarter - within_block
    names = [of[name] for name in KEYS[counts][1:]]
    sums = [
        func.sum(case((within_block == 0, of[name]), else_=0) if name == here else of[name])
        for name in VALUES[counts]
    ]
    query = select(literal_column(str(size), Integer), block.label("block"), *names, *sums)
    return query.where(_within(of.quarter)).group_by(block, *names)


@cache
def summed_rows(counts: Counts, size: int) -> Select[Any]:
    """The same sums as they are kept."""
    of = SUMS[counts].c
    query = select(of.size, *(of[name] for name in (*KEYS[counts], *VALUES[counts])))
    return query.where(of.size == size, _within(of.quarter))


def _within(quarter: Column[int]) -> ColumnElement[bool]:
    return and_(quarter >= bindparam("begin"), quarter < bindparam("end"))


@cache
def _adding(table: Table, dialect: str) -> Executable:
    """Made once: making it takes longer than doing it."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    adding = insert(table)
    keys = [column.name for column in table.primary_key]
    values = [column.name for column in table.c if not column.primary_key]
    return adding.on_conflict_do_update(
        index_elements=keys,
        set_={name: table.c[name] + adding.excluded[name] for name in values},
    )


def _values(counts: Counts, rows: dict[Key, dict[str, int]]) -> list[dict[str, Any]]:
    keys, nothing = KEYS[counts], dict.fromkeys(VALUES[counts], 0)
    return [{**nothing, **dict(zip(keys, key, strict=True)), **row} for key, row in rows.items()]


def clear(connection: Connection, begin: int, end: int, tables: Iterable[Counts]) -> None:
    """Forget the counts of these quarters; their sums stay until ``roll_up``."""
    for counts in tables:
        column = TABLES[counts].c.quarter
        connection.execute(delete(TABLES[counts]).where(column >= begin, column < end))


def read_tally(connection: Connection, begin: int, end: int, tables: Iterable[Counts]) -> Tally:
    """Counts of these quarters as they are kept."""
    tally = Tally()
    for counts in tables:
        table, keys = TABLES[counts], len(KEYS[counts])
        column = table.c.quarter
        query = select(table).where(column >= begin, column < end)
        rows = tally.rows.setdefault(counts, {})
        for row in connection.execute(query):
            rows[tuple(row[:keys])] = dict(zip(VALUES[counts], row[keys:], strict=True))
    return tally.without_nothing()


def there_at(
    connection: Connection, counts: Counts, quarters: Iterable[int], only: Mapping[str, str]
) -> Iterator[tuple[Iterator[Name], list[Ints]]]:
    """Keys without their quarter; quarters, and how many waited, or ran, when these began.

    Keys with none are left out. ``only`` those whose part of the key is this.
    """
    table, keys, wanted = TABLES[counts].c, KEYS[counts][1:], sorted(set(quarters))
    column = table[HERE[counts]]
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        query = select(*(table[name] for name in keys), table.quarter, column)
        query = query.where(table.quarter.in_(some), column > 0)
        query = query.where(*(table[name] == value for name, value in only.items()))
        yield from in_columns(connection, query, len(keys))


def in_columns(
    connection: Connection, query: Executable, texts: int
) -> Iterator[tuple[Iterator[Name], list[Ints]]]:
    """Rows of so many texts and then of whole numbers, some at a time: texts by row, and each
    number as a column.

    They are read from the driver's own cursor: texts and numbers are already what they should be,
    and an object for each row would take longer than all the rest.
    """
    with connection.execute(query) as result:
        while rows := result.cursor.fetchmany(_READ_AT_ONCE):
            columns = list(zip(*rows, strict=True))
            names = zip(*columns[:texts], strict=True) if texts else repeat((), len(rows))
            yield names, [np.array(column, np.int64) for column in columns[texts:]]


def lock(connection: Connection) -> None:
    """Nobody else adds counts until this transaction ends; call it before anything is read."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(table.name for table in TABLES.values())
        connection.exec_driver_sql(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
