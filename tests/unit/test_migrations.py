"""Up from nothing, down to nothing, up again; and the models say what the migrations made."""

import importlib.util
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

import callcenter.access.store
import callcenter.acd.store
import callcenter.calls.store
import callcenter.ivr.prompt_store
import callcenter.ivr.store
import callcenter.kernel.mail
import callcenter.kernel.projector
import callcenter.numbers.store
import callcenter.records.boxes
import callcenter.records.store
import callcenter.records.survey
import callcenter.reports.schedules
import callcenter.reports.store
import callcenter.routing.store  # noqa: F401
from callcenter.kernel import schema
from callcenter.kernel.database import metadata, open_database
from callcenter.kernel.errors import DatabaseProblem


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/a folder with 100%/callcenter.db"


def _tables(url: str) -> set[str]:
    engine = open_database(url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names - {"alembic_version"}


def _execute(url: str, statement: str) -> None:
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_up_from_nothing_down_to_nothing_and_up_again(url: str) -> None:
    assert schema.current(url) == ""
    assert schema.upgrade(url) == ("", schema.needed())
    assert _tables(url) == set(metadata.tables)
    schema.downgrade(url)
    assert _tables(url) == set()
    assert not schema.is_current(url)
    schema.upgrade(url)
    assert schema.is_current(url)
    schema.check(url)


def test_a_second_upgrade_changes_nothing(url: str) -> None:
    schema.upgrade(url)
    assert schema.upgrade(url) == (schema.needed(), schema.needed())


def test_models_and_migrations_agree(url: str) -> None:
    schema.upgrade(url)
    engine = open_database(url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        found, wanted = inspect(connection), metadata.tables
        keys = {name: found.get_pk_constraint(name)["constrained_columns"] for name in wanted}
    engine.dispose()
    assert differences == []
    # The comparison does not look at primary keys.
    assert keys == {name: list(wanted[name].primary_key.columns.keys()) for name in wanted}


def test_nothing_is_left_to_draft(url: str) -> None:
    written = schema.draft("nothing")
    if written is not None:
        written.unlink()
    assert written is None


def test_migrations_are_numbered_in_a_row() -> None:
    files = sorted((schema.MIGRATIONS / "versions").glob("*.py"))
    for number, file in enumerate(files, 1):
        spec = importlib.util.spec_from_file_location(file.stem, file)
        assert spec is not None
        assert spec.loader is not None
        module: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.revision == f"{number:04d}" == file.name[:4]
        assert module.down_revision == (f"{number - 1:04d}" if number > 1 else None)
        assert module.__doc__


def test_an_empty_database_is_told(url: str) -> None:
    with pytest.raises(DatabaseProblem, match=r"no schema yet; run `callcenter db upgrade`\.$"):
        schema.check(url)


def test_a_database_from_a_newer_version_is_left_alone(url: str) -> None:
    schema.upgrade(url)
    _execute(url, "UPDATE alembic_version SET version_num = '9999'")
    sentence = rf"has schema 9999, this version needs {schema.needed()}; use the newer callcenter"
    with pytest.raises(DatabaseProblem, match=sentence):
        schema.check(url)
    with pytest.raises(DatabaseProblem, match=sentence):
        schema.upgrade(url)
    assert schema.current(url) == "9999"


def test_an_upgrade_that_fails_half_way_leaves_nothing(url: str) -> None:
    _execute(url, "CREATE TABLE cdr_legs (in_the_way INTEGER)")  # made last by the migration
    with pytest.raises(DatabaseProblem, match="cannot be used"):
        schema.upgrade(url)
    assert _tables(url) == {"cdr_legs"}
    assert schema.current(url) == ""


def test_a_locked_database_is_told_and_not_changed(url: str, monkeypatch: Any) -> None:
    schema.upgrade(url)
    file = url.removeprefix("sqlite:///")
    monkeypatch.setattr("callcenter.kernel.database.SQLITE_BUSY_MILLISECONDS", 10)
    for other in _writing(file):
        with pytest.raises(DatabaseProblem, match="database is locked"):
            schema.downgrade(url)
        other.rollback()
    assert schema.is_current(url)


def _writing(file: str) -> Iterator[sqlite3.Connection]:
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ("nonsense", "is no database URL"),
        ("nosuchbase://here/there", "cannot be used"),
        ("sqlite:////dev/null/callcenter.db", "cannot be opened"),
        ("sqlite:////proc/callcenter.db", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_is_one_sentence(bad: str, sentence: str) -> None:
    for ask in (schema.current, schema.check, schema.upgrade):
        with pytest.raises(DatabaseProblem, match=sentence) as told:
            ask(bad)
        assert "\n" not in str(told.value)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "callcenter.db"
    file.write_text("this is a letter to grandma, long enough to be looked at" * 40)
    with pytest.raises(DatabaseProblem, match="not a database") as told:
        schema.check(f"sqlite:///{file}")
    assert "\n" not in str(told.value)
