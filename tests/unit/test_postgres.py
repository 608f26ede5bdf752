"""The same schema on a real PostgreSQL, and what a person is told when it cannot be had."""

import os
import socket
from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import inspect, text

import tests.unit.test_migrations  # noqa: F401 - knows every table
from callcenter.cli import main
from callcenter.kernel import schema
from callcenter.kernel.database import metadata, open_database
from callcenter.kernel.errors import DatabaseProblem
from tests.support.postgres import USER, Postgres, postgres

__all__ = ["postgres"]


def _tables(url: str) -> set[str]:
    engine = open_database(url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names - {"alembic_version"}


def test_up_down_and_up_again_and_the_models_agree(postgres: Postgres) -> None:
    url = postgres.fresh()
    assert schema.upgrade(url) == ("", schema.needed())
    assert _tables(url) == set(metadata.tables)
    schema.downgrade(url)
    assert _tables(url) == set()
    schema.upgrade(url)
    schema.check(url)
    engine = open_database(url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert differences == []


def test_text_is_compared_sign_by_sign(postgres: Postgres) -> None:
    url = postgres.fresh()
    schema.upgrade(url)
    engine = open_database(url)
    query = text(
        "SELECT column_name, collation_name FROM information_schema.columns "
        "WHERE table_name = 'cdrs' AND column_name IN ('caller', 'dialled', 'region')"
    )
    with engine.connect() as connection:
        found = {row.column_name: row.collation_name for row in connection.execute(query)}
    engine.dispose()
    assert found == {"caller": "C", "dialled": "C", "region": "C"}


def _wrong_password(server: Postgres) -> str:
    return server.url("postgres", password="wrong")


def _no_database(server: Postgres) -> str:
    return server.url("nowhere")


def _no_server(_: Postgres) -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"postgresql://{USER}:x@127.0.0.1:{probe.getsockname()[1]}/callcenter"


def _no_host(_: Postgres) -> str:
    return f"postgresql://{USER}:x@nowhere.invalid/callcenter"


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (_wrong_password, f"does not take the password of {USER}; mend it"),
        (_no_database, "has no database nowhere; make it there: createdb nowhere."),
        (_no_server, "does not answer; start it, or mend host and port"),
        (_no_host, "cannot be found: there is no host nowhere.invalid; mend it"),
    ],
)
def test_what_cannot_be_reached_is_one_sentence(
    postgres: Postgres, made: Callable[[Postgres], str], sentence: str
) -> None:
    url = made(postgres)
    with pytest.raises(DatabaseProblem) as told:
        schema.upgrade(url)
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)
    done = CliRunner().invoke(main, ["db", "upgrade"], env={"CALLCENTER_DATABASE": url})
    assert done.exit_code != 0
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.output
    assert "wrong" not in done.output


def test_the_command_makes_the_schema(postgres: Postgres) -> None:
    url = postgres.fresh().replace("postgresql://", "postgres://")
    environment = {"CALLCENTER_DATABASE": url, "PATH": os.environ["PATH"]}
    first, second = (CliRunner().invoke(main, ["db", "upgrade"], env=environment) for _ in range(2))
    assert first.output == f"The database was made, with schema {schema.needed()}.\n"
    assert second.output == f"The database has schema {schema.needed()} already.\n"


def test_who_may_not_is_told_so(postgres: Postgres) -> None:
    url = postgres.fresh()
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE ROLE guest LOGIN PASSWORD 'guest'"))
    engine.dispose()
    guest = url.replace(f"{USER}:correct%20horse", "guest:guest")
    with pytest.raises(DatabaseProblem, match="does not let guest do that; make guest the owner"):
        schema.upgrade(guest)
