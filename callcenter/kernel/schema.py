"""The schema of the database: which version it has, which one is needed, and the way there.

A thin layer over alembic, whose scripts stand in ``migrations/`` beside the package. Each function
opens the database behind a URL, blocks, and closes it again; ``app`` checks at the start, the
command line upgrades. Every command checks, so that reads one row and a file's name; alembic is
loaded where something is to be changed.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from callcenter.kernel.database import open_database, told
from callcenter.kernel.errors import DatabaseProblem

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.operations import MigrationScript

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


@cache
def _known() -> list[str]:
    """Every schema there has been, oldest first; the files of migrations are numbered in a row."""
    return sorted(file.name[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def needed() -> str:
    """The schema this program works with."""
    return _known()[-1]


def current(url: str) -> str:
    """The schema the database has; empty when it has none.

    Raises:
        DatabaseProblem: it cannot be opened or read.
    """
    with _connection(url) as connection:
        return _version(connection)


def is_current(url: str) -> bool:
    """Whether the database has the schema this program needs."""
    return current(url) == needed()


def check(url: str) -> None:
    """Make sure of it.

    Raises:
        DatabaseProblem: what the database has, what is needed and what to do about it.
    """
    has, wanted = current(url), needed()
    if has == wanted:
        return
    if not has:
        raise DatabaseProblem("The database has no schema yet; run `callcenter db upgrade`.")
    _refuse_newer(has)
    raise DatabaseProblem(
        f"The database has schema {has}, this version needs {wanted}; run `callcenter db upgrade`."
    )


def upgrade(url: str) -> tuple[str, str]:
    """Bring the database to the schema needed, all of it or nothing; says from which to which.

    Raises:
        DatabaseProblem: it cannot be opened or written, or a newer version has made it.
    """
    with _migrating(url) as connection:
        before = _version(connection)
        if before:
            _refuse_newer(before)
        if before != needed():
            from alembic import command

            command.upgrade(_config(connection), "head")
        return before, _version(connection)


def downgrade(url: str, to: str = "base") -> None:
    """Go back to an older schema (``base``: to nothing). What only the newer one holds is lost."""
    from alembic import command

    with _migrating(url) as connection:
        command.downgrade(_config(connection), to)


def draft(message: str) -> Path | None:
    """For developers: write the next migration from what differs between tables and migrations.

    Returns the file, for a person to read and mend; ``None`` when nothing differs.
    """
    from alembic import command
    from alembic.script import Script

    number = len(_known()) + 1
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/draft.db"
        upgrade(url)
        with _migrating(url) as connection:
            script = command.revision(
                _config(connection),
                message,
                autogenerate=True,
                rev_id=f"{number:04d}",
                process_revision_directives=_nothing_when_empty,
            )
    return Path(script.path) if isinstance(script, Script) else None


def _nothing_when_empty(
    _context: object, _revision: object, scripts: "list[MigrationScript]"
) -> None:
    if scripts[0].upgrade_ops is not None and scripts[0].upgrade_ops.is_empty():
        scripts.clear()


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _version(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def _refuse_newer(has: str) -> None:
    if has not in _known():
        raise DatabaseProblem(
            f"The database has schema {has}, this version needs {needed()}; "
            "use the newer callcenter that made it, or another database."
        )


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise told(error, engine) from None
    finally:
        engine.dispose()


@contextmanager
def _migrating(url: str) -> Iterator[Connection]:
    """One transaction around everything; on SQLite by hand, its driver opens none before DDL."""
    with _connection(url) as connection:
        if connection.dialect.name == "sqlite":
            # Changing a table there means dropping its old copy, which must not cascade.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.commit()
