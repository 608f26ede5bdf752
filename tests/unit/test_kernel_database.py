"""Opening a database, and times that keep their zone in it."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, ForeignKey, Integer, MetaData, Table, select
from sqlalchemy.exc import IntegrityError, StatementError

from callcenter.kernel.database import UtcDateTime, open_database
from callcenter.kernel.errors import DatabaseProblem

_metadata = MetaData()
_times = Table(
    "times", _metadata, Column("id", Integer, primary_key=True), Column("at", UtcDateTime)
)
_children = Table("children", _metadata, Column("parent", ForeignKey("times.id"), primary_key=True))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path}/home/callcenter.db")
    _metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_the_file_is_for_its_owner_only(database: Engine, tmp_path: Path) -> None:
    with database.begin() as connection:
        connection.execute(_times.insert().values(at=datetime.now(UTC)))
        for file in (tmp_path / "home").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3))])
def test_a_moment_comes_back_as_the_same_moment_in_utc(database: Engine, zone: timezone) -> None:
    moment = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=zone)
    with database.begin() as connection:
        connection.execute(_times.insert().values(at=moment))
        found = connection.execute(select(_times.c.at)).scalar_one()
    assert found == moment
    assert found.tzinfo is UTC


def test_no_moment_stays_none(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(_times.insert().values(at=None))
        assert connection.execute(select(_times.c.at)).scalar_one() is None


def test_moments_compare_in_the_database_across_zones(database: Engine) -> None:
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    with database.begin() as connection:
        connection.execute(_times.insert().values(at=noon))
        earlier = (noon - timedelta(minutes=1)).astimezone(timezone(timedelta(hours=8)))
        query = select(_times.c.id).where(_times.c.at > earlier)
        assert connection.execute(query).scalar_one() == 1


def test_a_naive_moment_is_refused(database: Engine) -> None:
    with (
        database.begin() as connection,
        pytest.raises(StatementError, match="naive datetime"),
    ):
        connection.execute(_times.insert().values(at=datetime(2026, 3, 2)))  # noqa: DTZ001


def test_sqlite_keeps_references_whole(database: Engine) -> None:
    with database.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(_children.insert().values(parent=7))


def test_a_reader_does_not_wait_for_a_writer(database: Engine) -> None:
    with database.begin() as writer:
        writer.execute(_times.insert().values(at=None))
        with database.connect() as reader:
            assert reader.execute(select(_times.c.id)).all() == []


def test_a_database_in_memory_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true"):
        engine = open_database(url)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
        engine.dispose()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "nosuchbase://user:hushhush@host/name",
        "sqlite+nosuchdriver:///file.db",
        "postgresql+nosuchdriver://user:hushhush@host/name",
        "postgresql://user:hushhush@host:port/name",
        "sqlite:////dev/null/callcenter.db",
    ],
)
def test_a_url_that_cannot_be_used_is_one_sentence_without_its_password(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatabaseProblem) as told:
        open_database(url)
    assert str(told.value).endswith(".")
    assert "\n" not in str(told.value)
    assert "hushhush" not in str(told.value)
    assert list(tmp_path.iterdir()) == []
