"""The tables of counts in the database: adding a tally, reading one back."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Executable,
    Integer,
    String,
    Table,
    delete,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from callcenter.kernel.database import metadata
from callcenter.reports.model import KEYS, LENGTHS, VALUES, Counts, Key, Tally


def _table(counts: Counts) -> Table:
    names = KEYS[counts][1:]
    return Table(
        counts.value,
        metadata,
        Column("quarter", Integer, primary_key=True, autoincrement=False),
        *(Column(name, String(LENGTHS[name]), primary_key=True) for name in names),
        *(Column(name, BigInteger, nullable=False, server_default="0") for name in VALUES[counts]),
        sqlite_with_rowid=False,
    )


_AT_ONCE = 500
TABLES: dict[Counts, Table] = {counts: _table(counts) for counts in Counts}


def add_tally(connection: Connection, tally: Tally) -> None:
    """Add counts to what is there."""
    for counts, rows in tally.without_nothing().rows.items():
        connection.execute(_adding(counts, connection.dialect.name), _values(counts, rows))


def insert_tally(connection: Connection, tally: Tally) -> None:
    """Write counts of keys that are not there."""
    for counts, rows in tally.rows.items():
        connection.execute(TABLES[counts].insert(), _values(counts, rows))


@cache
def _adding(counts: Counts, dialect: str) -> Executable:
    """Made once: making it takes longer than doing it."""
    table = TABLES[counts]
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    adding = insert(table)
    return adding.on_conflict_do_update(
        index_elements=list(KEYS[counts]),
        set_={name: table.c[name] + adding.excluded[name] for name in VALUES[counts]},
    )


def _values(counts: Counts, rows: dict[Key, dict[str, int]]) -> list[dict[str, Any]]:
    keys, nothing = KEYS[counts], dict.fromkeys(VALUES[counts], 0)
    return [{**nothing, **dict(zip(keys, key, strict=True)), **row} for key, row in rows.items()]


def clear(connection: Connection, begin: int, end: int, tables: Iterable[Counts]) -> None:
    """Forget the counts of these quarters."""
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
    connection: Connection, counts: Counts, column: str, quarters: Iterable[int]
) -> Iterator[tuple[Key, int]]:
    """By key: how many waited, or ran, when these quarters began; keys with none are left out."""
    table, keys, wanted = TABLES[counts].c, KEYS[counts], sorted(set(quarters))
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        query = select(*(table[name] for name in keys), table[column])
        query = query.where(table.quarter.in_(some), table[column] > 0)
        for row in connection.execute(query):
            yield tuple(row[:-1]), int(row[-1])


def lock(connection: Connection) -> None:
    """Nobody else adds counts until this transaction ends; call it before anything is read."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(table.name for table in TABLES.values())
        connection.exec_driver_sql(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
