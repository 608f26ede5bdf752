"""The database: one metadata for all rooms, and how to open it.

Work on it is synchronous and runs in threads, never on a call's path. SQLite serves one machine,
PostgreSQL (:mod:`postgres`) more.
"""

import os
import sqlite3
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard

from sqlalchemy import DateTime, Dialect, Engine, MetaData, String, Table, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.types import TypeDecorator

from callcenter.kernel import postgres
from callcenter.kernel.errors import DatabaseProblem
from callcenter.kernel.folders import make_private

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


SQLITE_BUSY_MILLISECONDS = 10_000
"""How long a writer waits for another process that writes."""


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in, aware UTC datetimes out, on databases that know no time zones too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuse naive times: they are a fault of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime must not reach the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give the zone back where the database dropped it."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def fit(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """``row`` with texts as long as their columns take, without the sign that no database takes.

    For what telephones and callers have sent: no fact is lost because a name in it is too long.
    """
    for name, length in _lengths(table).items():
        value = row.get(name) or ""
        if len(value) > length or "\0" in value:
            row[name] = value.replace("\0", "")[:length]
    return row


@cache
def _lengths(table: Table) -> dict[str, int]:
    return {
        column.name: column.type.length
        for column in table.columns
        if isinstance(column.type, String) and column.type.length
    }


def _tune_sqlite(connection: Any, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MILLISECONDS}")


def open_database(url: str) -> Engine:
    """Open the database behind ``url``; an SQLite file is made, empty, for its owner only.

    Raises:
        DatabaseProblem: the URL is no URL, or its driver is missing.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseProblem(
            "The setting 'database' is no database URL; write it like sqlite:////folder/file.db "
            "or postgresql://user:password@host/name."
        ) from None
    shown = parsed.render_as_string(hide_password=True)
    try:
        if postgres.is_postgres(parsed):
            engine = create_engine(postgres.with_driver(parsed), **postgres.options(parsed))
        else:
            engine = create_engine(parsed)
        if parsed.get_backend_name() == "sqlite" and _is_file(parsed.database):
            _make_private_file(Path(parsed.database))
    except (ArgumentError, ImportError) as error:
        raise DatabaseProblem(f"The database URL {shown!r} cannot be used: {error}.") from None
    except OSError as error:
        raise DatabaseProblem(
            f"The database file {parsed.database} cannot be opened: {error.strerror}."
        ) from None
    event.listen(engine, "connect", _tune_sqlite)
    return engine


def told(error: Exception, engine: Engine) -> DatabaseProblem:
    """One sentence for what the database refused."""
    if postgres.is_postgres(engine.url):
        return postgres.refusal(error, engine.url)
    shown = engine.url.render_as_string(hide_password=True)
    why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return DatabaseProblem(
        f"The database {shown} cannot be used ({why}); see that it can be written."
    )


def _is_file(database: str | None) -> TypeGuard[str]:
    return bool(database) and database != ":memory:" and not str(database).startswith("file:")


def _make_private_file(file: Path) -> None:
    make_private(file.parent)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
