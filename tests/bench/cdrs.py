"""Loads made-up CDRs with all their parts into SQLite or PostgreSQL, and searches them.

``python -m tests.bench.cdrs --calls 1000000 --database sqlite:////tmp/bench.db`` says how many a
second were loaded, indexes included, and how long a search takes. Others use :func:`load`.
"""

import argparse
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text

from callcenter.calls.search import Search, find, page
from callcenter.calls.tables import cdr_legs, cdr_steps, cdr_transfers, cdr_visits, cdrs
from callcenter.kernel import schema
from callcenter.kernel.database import open_database
from tests.bench.made_cdrs import COLUMNS, START, Chunk, made

_TABLES = (cdrs, cdr_legs, cdr_visits, cdr_steps, cdr_transfers)


def load(engine: Engine, chunks: Iterable[Chunk]) -> dict[str, float]:
    """Load into a database that has the schema; says how many calls and the seconds it took.

    Indexes are dropped before and made anew after; making the rows is counted apart.
    """
    began, making, calls = time.perf_counter(), 0.0, 0
    with _without_indexes(engine), _writer(engine) as write:
        source = iter(chunks)
        while True:
            before = time.perf_counter()
            chunk = next(source, None)
            making += time.perf_counter() - before
            if chunk is None:
                break
            write(chunk)
            calls += len(chunk.rows["cdrs"])
        indexing = time.perf_counter()
    ended = time.perf_counter()
    return {
        "calls": calls,
        "making_seconds": round(making, 1),
        "writing_seconds": round(indexing - began - making, 1),
        "indexing_seconds": round(ended - indexing, 1),
        "calls_per_second": round(calls / (ended - began - making)),
    }


@contextmanager
def _without_indexes(engine: Engine) -> Iterator[None]:
    with engine.begin() as connection:
        for table in _TABLES:
            for index in table.indexes:
                index.drop(connection, checkfirst=True)
    yield
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET maintenance_work_mem = '512MB'"))
        for table in _TABLES:
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                index.create(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


@contextmanager
def _writer(engine: Engine) -> Iterator[Callable[[Chunk], None]]:
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        if engine.dialect.name == "postgresql":
            yield lambda chunk: _copy(raw, chunk)
        else:
            for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-400000"):
                raw.execute(f"PRAGMA {pragma}")
            yield lambda chunk: _insert(raw, chunk)
            for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "cache_size=-2000"):
                raw.execute(f"PRAGMA {pragma}")


def _insert(raw: sqlite3.Connection, chunk: Chunk) -> None:
    with raw:
        raw.execute("BEGIN")
        for name, rows in chunk.rows.items():
            columns = ", ".join(f'"{column}"' for column in COLUMNS[name])
            marks = ", ".join("?" * len(COLUMNS[name]))
            raw.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", rows)


def _copy(raw: Any, chunk: Chunk) -> None:
    with raw.transaction(), raw.cursor() as cursor:
        for name, rows in chunk.rows.items():
            columns = ", ".join(f'"{column}"' for column in COLUMNS[name])
            # No value of ours holds a tab, a backslash, an end of line, or the word None.
            lines = "\n".join(["\t".join(map(str, row)) for row in rows])
            with cursor.copy(f"COPY {name} ({columns}) FROM STDIN (NULL 'None')") as copy:
                copy.write(f"{lines}\n" if lines else "")


# -- searching ------------------------------------------------------------------------------------


def searches(engine: Engine) -> dict[str, dict[str, Any]]:
    """How long searches take, the median of several, and how the database goes about them."""
    with engine.connect() as connection:
        number = connection.execute(
            text("SELECT caller FROM cdrs WHERE caller <> '' ORDER BY id DESC LIMIT 1")
        ).scalar_one()
        seat = connection.execute(text("SELECT seat FROM cdrs WHERE seat <> '' LIMIT 1"))
        day = timedelta(days=1)
        wanted = {
            "number": Search(caller=number),
            "number, never seen": Search(caller="19999999999"),
            "number, its beginning": Search(caller=f"{number[:8]}*"),
            "dialled": Search(dialled="4008000007"),
            "seat": Search(seat=seat.scalar_one()),
            "queue and day": Search(queue="t03-q1", since=START + 9 * day, until=START + 10 * day),
            "region": Search(region="JP/Osaka"),
            "result, one tenant": Search(tenant="t07", result="abandoned"),
            "longer than an hour": Search(longer=3_600),
            "newest": Search(),
        }
        return {name: _timed(connection, search) for name, search in wanted.items()}


def _timed(connection: Connection, search: Search) -> dict[str, Any]:
    took = []
    found = 0
    for _ in range(5):
        before = time.perf_counter()
        found = len(page(connection, search, most=50).cdrs)
        took.append(time.perf_counter() - before)
    return {
        "milliseconds": round(sorted(took)[2] * 1000, 2),
        "first_milliseconds": round(took[0] * 1000, 2),
        "found": found,
        "plan": plan(connection, search),
    }


def plan(connection: Connection, search: Search) -> str:
    """How the database finds the first page."""
    query = (
        find(connection, search)
        .limit(50)
        .compile(connection, compile_kwargs={"render_postcompile": True})
    )
    word = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    rows = connection.exec_driver_sql(f"{word} {query}", _bound(query))
    return "; ".join(str(row[-1]).strip() for row in rows)


def _bound(query: Any) -> Any:
    params = query.construct_params()
    bound = {name: _plain(query, name, value) for name, value in params.items()}
    return tuple(bound[name] for name in query.positiontup) if query.positional else bound


def _plain(query: Any, name: str, value: Any) -> Any:
    process = query._bind_processors.get(name)
    return process(value) if process else value


def main(arguments: list[str]) -> None:
    """Load so many calls and search them."""
    parser = argparse.ArgumentParser(prog="scripts/bench cdrs", description=__doc__)
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--database", default="sqlite:////tmp/callcenter-bench.db")
    parser.add_argument("--keep", action="store_true", help="search what is there, load nothing")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    told: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    schema.upgrade(asked.database)
    engine = open_database(asked.database)
    if not asked.keep:
        told["loading"] = load(engine, made(asked.calls, days=asked.days))
    told["searching"] = searches(engine)
    engine.dispose()
    if asked.json:
        print(json.dumps(told, indent=2))
        return
    print(told.get("loading", ""))
    for name, row in told["searching"].items():
        print(f"{name:24} {row['milliseconds']:10.2f} ms  {row['plan'][:110]}")


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
