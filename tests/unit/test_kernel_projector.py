"""The projector: everything reaches the database once, in order, however long that takes."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, select
from structlog.testing import capture_logs

from callcenter.kernel.database import open_database
from callcenter.kernel.projector import Many, Projector, journal_mark
from tests.support.turned import turned

_rows = Table("rows", MetaData(), Column("n", Integer, primary_key=True))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "callcenter.db"


@pytest.fixture
def database(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr("callcenter.kernel.database.SQLITE_BUSY_MILLISECONDS", 0)
    engine = open_database(f"sqlite:///{file}")
    _rows.create(engine)
    journal_mark.create(engine)
    yield engine
    engine.dispose()


def _insert(connection: Connection, n: int) -> None:
    connection.execute(_rows.insert().values(n=n))


def _fault(_connection: Connection) -> None:
    raise KeyError("a row that cannot be made")


def _written(database: Engine) -> list[int]:
    with database.connect() as connection:
        return list(connection.execute(select(_rows.c.n)).scalars())


def _tell(database: Engine, story: Callable[[Projector], Awaitable[None]]) -> None:
    """Run ``story`` beside a projector that is at work."""

    async def both() -> None:
        projector = Projector(database)
        projector.load_mark()
        running = asyncio.create_task(projector.run())
        await story(projector)
        running.cancel()

    turned(both())


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Another program writes and does not finish."""
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.rollback()
    other.close()


def test_writes_arrive_and_the_mark_follows(database: Engine) -> None:
    async def story(projector: Projector) -> None:
        for position in range(1, 1201):
            projector.add(position, partial(_insert, n=position))
        assert projector.backlog == 1200
        await projector.settled()
        assert projector.backlog == 0
        assert projector.mark == 1200

    _tell(database, story)
    assert _written(database) == list(range(1, 1201))
    assert Projector(database).load_mark() == 1200


def test_a_fresh_database_has_nothing(database: Engine) -> None:
    assert Projector(database).load_mark() == 0


def test_nothing_to_do_is_settled(database: Engine) -> None:
    async def story(projector: Projector) -> None:
        await asyncio.wait_for(projector.settled(), 1)

    _tell(database, story)


def test_what_was_added_before_the_start_is_put_in_order(database: Engine) -> None:
    seen: list[int] = []

    async def story() -> None:
        projector = Projector(database)
        for position in (3, 1, 2):
            projector.add(position, lambda _connection, p=position: seen.append(p))
        running = asyncio.create_task(projector.run())
        await projector.settled()
        running.cancel()
        assert projector.mark == 3

    turned(story())
    assert seen == [1, 2, 3]


def test_a_database_that_is_away_for_an_hour_gets_everything_afterwards(
    database: Engine, file: Path
) -> None:
    async def story(projector: Projector) -> None:
        with capture_logs() as logs:
            with _locked(file):
                projector.add(1, partial(_insert, n=1))
                await asyncio.sleep(1800)
                projector.add(2, partial(_insert, n=2))
                await asyncio.sleep(1800)
                assert projector.backlog == 2
                assert not projector.ok
                assert projector.mark == 0
            await asyncio.wait_for(projector.settled(), 10)
        assert projector.ok
        assert [log["event"] for log in logs] == ["database does not take records"]  # said once

    _tell(database, story)
    assert _written(database) == [1, 2]


def test_a_database_that_is_broken_holds_records_back_instead_of_dropping_them(
    database: Engine, file: Path
) -> None:
    async def story(projector: Projector) -> None:
        database.dispose()
        whole = file.read_bytes()
        for name in (file, file.with_name(file.name + "-wal")):
            name.write_bytes(b"this is no database any more " * 100)
        projector.add(1, partial(_insert, n=1))
        await asyncio.sleep(60)
        assert projector.backlog == 1
        assert not projector.ok
        file.with_name(file.name + "-wal").unlink(missing_ok=True)
        file.write_bytes(whole)
        await asyncio.wait_for(projector.settled(), 10)

    with capture_logs():
        _tell(database, story)
    assert _written(database) == [1]


@pytest.mark.parametrize("bad", [partial(_insert, n=1), _fault], ids=["refused", "faulty"])
def test_one_bad_record_does_not_hold_up_the_others(
    database: Engine, bad: Callable[[Connection], None]
) -> None:
    async def story(projector: Projector) -> None:
        projector.add(1, partial(_insert, n=1))
        projector.add(2, bad)
        for position in range(3, 700):
            projector.add(position, partial(_insert, n=position))
        await projector.settled()
        assert projector.ok
        assert projector.mark == 699

    with capture_logs() as logs:
        _tell(database, story)
    assert [log["position"] for log in logs] == [2]
    assert _written(database) == [1, *range(3, 700)]


def test_a_bad_record_and_an_absence_at_once_lose_no_good_record(
    database: Engine, file: Path
) -> None:
    async def story(projector: Projector) -> None:
        for position, write in enumerate(
            (partial(_insert, n=1), _fault, partial(_insert, n=3), partial(_insert, n=4)), 1
        ):
            projector.add(position, write)
        with _locked(file):
            await asyncio.sleep(60)
        await asyncio.wait_for(projector.settled(), 60)

    with capture_logs():
        _tell(database, story)
    assert _written(database) == [1, 3, 4]


def test_the_absence_may_begin_while_records_are_tried_one_by_one(
    database: Engine, file: Path
) -> None:
    lock = _locked(file)

    def fault_and_lock(_connection: Connection) -> None:
        if not tried:
            tried.append(True)
            raise KeyError("the first time, to have the batch taken apart")
        _connection.rollback()
        lock.__enter__()

    tried: list[bool] = []

    async def story(projector: Projector) -> None:
        projector.add(1, fault_and_lock)
        projector.add(2, partial(_insert, n=2))
        projector.add(3, partial(_insert, n=3))
        await asyncio.sleep(60)
        assert projector.backlog >= 2
        lock.__exit__(None, None, None)
        await asyncio.wait_for(projector.settled(), 60)

    with capture_logs():
        _tell(database, story)
    assert _written(database) == [2, 3]


def test_a_batch_and_its_mark_are_one(database: Engine) -> None:
    """A row of a batch that failed is not left behind when the batch is tried again."""
    attempts: list[int] = []

    def second_time_good(connection: Connection) -> None:
        attempts.append(1)
        _insert(connection, 2)
        if len(attempts) == 1:
            raise sqlite3.OperationalError("as if the disk went away")

    async def story(projector: Projector) -> None:
        projector.add(1, partial(_insert, n=1))
        projector.add(2, second_time_good)
        await asyncio.wait_for(projector.settled(), 60)
        assert projector.mark == 2

    with capture_logs():
        _tell(database, story)
    assert _written(database) == [1, 2]


def test_rows_that_follow_each_other_are_written_together(database: Engine) -> None:
    together: list[list[int]] = []

    def insert_all(connection: Connection, rows: Sequence[int]) -> None:
        together.append(list(rows))
        connection.execute(_rows.insert(), [{"n": row} for row in rows])

    async def story(projector: Projector) -> None:
        for position in (1, 2, 3):
            projector.add(position, Many(insert_all, position))
        projector.add(4, partial(_insert, n=4))
        projector.add(5, Many(insert_all, 5))
        await projector.settled()
        projector.add(6, Many(insert_all, 5))  # refused: it is there already
        projector.add(7, Many(insert_all, 7))
        await projector.settled()

    with capture_logs():
        _tell(database, story)
    assert _written(database) == [1, 2, 3, 4, 5, 7]
    assert together == [[1, 2, 3], [5], [5, 7], [5], [7]]
