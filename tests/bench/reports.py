"""How fast calls are loaded, and how fast reports over a month and a search answer then.

``scripts/bench reports [--rows 10000000] [--database URL] [--json]``: a year of made-up calls
(``made_cdrs``) with all their parts and indexes; the last month is counted by the fold that the
engine uses, the other months get copies of its counts, so that the tables of counts are as large as
after a year. Beside each report stands the same question asked of DuckDB over Parquet.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Table, insert, literal, select, text

from callcenter.calls.search import Search, page
from callcenter.kernel import schema
from callcenter.kernel.database import open_database
from callcenter.reports.answer import Asked, shown
from callcenter.reports.asking import ask
from callcenter.reports.calendar import By, Span
from callcenter.reports.formats import rendered
from callcenter.reports.model import PARTS, Counts, quarter_of
from callcenter.reports.recount import recount_calls
from callcenter.reports.store import SUMS, TABLES, clear, insert_tally, roll_up
from tests.bench.cdrs import load
from tests.bench.made_cdrs import COLUMNS, SEATS, START, TENANTS, Chunk, made

DAYS = 365
MONTH = 31 * 96  # quarters
ROUNDS = 3
SEPARATE = "\x1f"


def span() -> Span:
    """The last 31 days, as days go in Shanghai."""
    end = quarter_of(START + timedelta(days=DAYS)) - 32  # midnight there
    return Span(begin=end - MONTH, end=end, zone=ZoneInfo("Asia/Shanghai"))


class Exporter:
    """Passes chunks on and keeps what DuckDB is to have, as text for its own COPY."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = {name: folder / f"{name}.csv" for name in ("cdrs", "cdr_visits")}

    def through(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The same chunks."""
        out = {name: file.open("w") for name, file in self.files.items()}
        for name, file in out.items():
            file.write(SEPARATE.join(COLUMNS[name]) + "\n")
        try:
            for chunk in chunks:
                for name, file in out.items():
                    file.write("".join(_line(row) for row in chunk.rows[name]))
                yield chunk
        finally:
            for file in out.values():
                file.close()

    def parquet(self) -> Any:
        """A DuckDB whose tables are Parquet files; the text is gone then."""
        import duckdb

        database = duckdb.connect()
        database.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        for name, file in self.files.items():
            target = file.with_suffix(".parquet")
            if file.exists():
                read = f"read_csv('{file}', delim='{SEPARATE}', header=true, quote='')"
                database.execute(f"COPY (SELECT * FROM {read}) TO '{target}' (FORMAT parquet)")
                file.unlink()
            database.execute(f"CREATE VIEW {name} AS SELECT * FROM '{target}'")
        return database


def _line(row: tuple[Any, ...]) -> str:
    return SEPARATE.join(["" if value is None else str(value) for value in row]) + "\n"


def count(engine: Engine) -> dict[str, Any]:
    """Counts of the last month (to the end of the year) by the fold, and copies of them for the
    months before."""
    began = time.perf_counter()
    month = span()
    with engine.connect() as connection:
        tally = recount_calls(connection, month.begin, month.end + 96)
    folded = time.perf_counter()
    with engine.begin() as connection:
        clear(connection, 0, month.end + 96, Counts)
        insert_tally(connection, tally)
        _add_seat_times(connection, month)
        roll_up(connection, month.begin, month.end + 96, Counts)
        for back in range(1, DAYS // 31):
            for counts in Counts:
                _copy(connection, TABLES[counts], month, back * MONTH)
                _copy(connection, SUMS[counts], month, back * MONTH)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
        sizes = {
            table.name: connection.execute(text(f"SELECT count(*) FROM {table.name}")).scalar_one()
            for table in (*TABLES.values(), *SUMS.values())
        }
    calls = sum(
        row.get("calls", 0) for key, row in tally.rows[Counts.CALLS].items() if key[1] == "tenant"
    )
    return {
        "calls_of_the_month": calls,
        "folded_per_second": round(calls / (folded - began)),
        "rows": sizes,
    }


def _add_seat_times(connection: Connection, month: Span) -> None:
    """Every seat works from 8 to 20 hours UTC."""
    parts = dict.fromkeys(PARTS, 0) | {"ready": 300_000, "talking": 500_000, "wrap_up": 100_000}
    rows = [
        {"quarter": quarter, "seat": f"{tenant:02}{seat:02}", "logged_in": 900_000, **parts}
        for quarter in range(month.begin, month.end)
        if 32 <= quarter % 96 < 80
        for tenant in range(TENANTS)
        for seat in range(SEATS)
    ]
    connection.execute(TABLES[Counts.SEAT_TIMES].insert(), rows)


def _copy(connection: Connection, table: Table, month: Span, back: int) -> None:
    names = [column.name for column in table.c if column.name != "quarter"]
    columns = [(table.c.quarter - literal(back)).label("quarter"), *(table.c[n] for n in names)]
    query = select(*columns).where(table.c.quarter >= month.begin, table.c.quarter < month.end)
    connection.execute(insert(table).from_select(["quarter", *names], query))


REPORTS = (
    ("traffic", By.DAY),
    ("traffic", By.HOUR),
    ("queues", By.ALL),
    ("queues", By.DAY),
    ("queues", By.HOUR),  # 45,000 rows with the default seats and queues, 100,000 of seats
    ("seats", By.ALL),
    ("seats", By.DAY),
    ("seats", By.HOUR),
    ("regions", By.ALL),
    ("regions", By.DAY),
    ("regions", By.HOUR),
    ("numbers", By.ALL),
    ("numbers", By.DAY),
    ("numbers", By.HOUR),
    ("flows", By.ALL),
    ("flows", By.DAY),
    ("flows", By.HOUR),
)
_DAY = "date_trunc('day', {0} + INTERVAL 8 HOUR)"
_IN = "{0} >= '{1:%Y-%m-%d %H:%M}' AND {0} < '{2:%Y-%m-%d %H:%M}'"


def yardsticks(month: Span) -> dict[str, str]:
    """What DuckDB is asked, for those reports that its two files can answer."""
    started = _IN.format("started_at", month.since, month.until)
    left = _IN.format("left_at", month.since, month.until)
    waits = (
        "count(*), count(*) FILTER (\"by\" = 'answered'), count(*) FILTER (\"by\" = 'abandoned'), "
        "count(*) FILTER (\"by\" = 'answered' AND wait_seconds <= 20), "
        "avg(wait_seconds) FILTER (\"by\" = 'answered')"
    )
    calls = "count(*), count(*) FILTER (result = 'answered'), sum(talk_seconds)"
    return {
        "traffic day": f"SELECT {_DAY.format('started_at')} d, {calls} FROM cdrs WHERE {started} "
        "GROUP BY d",
        "queues": f"SELECT queue, {waits} FROM cdr_visits WHERE {left} GROUP BY queue",
        "queues day": f"SELECT {_DAY.format('left_at')} d, queue, {waits} FROM cdr_visits "
        f"WHERE {left} GROUP BY d, queue",
        "regions": f"SELECT region, {calls} FROM cdrs WHERE {started} GROUP BY region",
        "numbers": f"SELECT dialled, {calls} FROM cdrs WHERE {started} GROUP BY dialled",
    }


def timed(work: Callable[[], Any]) -> dict[str, float]:
    """Milliseconds: the first time, and the median of several."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return {"first_ms": round(took[0], 1), "median_ms": round(statistics.median(took), 1)}


def measure(engine: Engine, duck: Any) -> list[dict[str, Any]]:
    """Each report with its proofs, the search by number, and the yardsticks."""
    month = span()
    rows: list[dict[str, Any]] = []
    sticks = yardsticks(month)
    now = START + timedelta(days=DAYS)
    with engine.connect() as connection:
        for kind, by in REPORTS:
            asked = Asked(kind=kind, span=month, now=now, by=by)
            name = f"{kind} {by.value}".strip()
            row: dict[str, Any] = {"what": name, **timed(lambda a=asked: ask(connection, a))}
            csv = timed(lambda a=asked: rendered(shown(ask(connection, a)), "csv"))
            row["with_csv_ms"] = csv["median_ms"]  # the same and written
            if name in sticks:
                row["duckdb_ms"] = timed(lambda n=name: duck.execute(sticks[n]).fetchall())[
                    "median_ms"
                ]
            rows.append(row)
        number = connection.execute(
            text("SELECT caller FROM cdrs WHERE caller <> '' ORDER BY id DESC LIMIT 1")
        ).scalar_one()
        found = timed(lambda: page(connection, Search(caller=number), most=50))
        find = f"SELECT * FROM cdrs WHERE caller = '{number}' ORDER BY started_at DESC LIMIT 50"
        stick = timed(lambda: duck.execute(find).fetchall())["median_ms"]
        rows.append({"what": "search by number", **found, "duckdb_ms": stick})
    return rows


def main(arguments: list[str]) -> None:
    """Load, count, measure, print."""
    parser = argparse.ArgumentParser(prog="scripts/bench reports", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="calls to make up")
    parser.add_argument("--database", default="", help="an empty one; else an SQLite file is made")
    parser.add_argument("--folder", type=Path, help="for files; they stay there")
    parser.add_argument("--keep", action="store_true", help="load nothing, measure what is there")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as made_folder:
        folder = asked.folder or Path(made_folder)
        folder.mkdir(parents=True, exist_ok=True)
        url = asked.database or f"sqlite:///{folder / 'bench.db'}"
        told = _run(0 if asked.keep else asked.rows, url, folder)
    if asked.json:
        print(json.dumps(told, indent=2))
        return
    print(f"{told['database']}, {told['rows']} calls, loading: {told.get('loading', 'kept')}")
    print(f"counting: {told['counting']}")
    for row in told["reports"]:
        told_ms = "".join(_told(row, name) for name in _MEASURED)
        print(f"{row['what']:20} {told_ms} ms ({', '.join(_MEASURED)})")


_MEASURED = ("first_ms", "median_ms", "with_csv_ms", "duckdb_ms")


def _told(row: dict[str, Any], name: str) -> str:
    return f"{row[name]:10.1f}" if name in row else " " * 10


def _run(rows: int, url: str, folder: Path) -> dict[str, Any]:
    schema.upgrade(url)
    engine, exporter = open_database(url), Exporter(folder)
    told: dict[str, Any] = {"bench": "reports", "database": engine.dialect.name, "rows": rows}
    told["at"] = datetime.now(UTC).isoformat(timespec="seconds")
    if rows:
        told["loading"] = load(engine, exporter.through(made(rows, days=DAYS)))
    told["counting"] = count(engine)
    duck = exporter.parquet()
    told["reports"] = measure(engine, duck)
    duck.close()
    engine.dispose()
    return told


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
