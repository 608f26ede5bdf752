"""A database in memory with every table, for all tests of a file; what each writes is undone."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from callcenter.kernel.database import metadata, open_database


@pytest.fixture(scope="module")
def database() -> Iterator[Engine]:
    """The database; tables are those of the modules that are imported."""
    engine = open_database("sqlite://")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(database: Engine) -> Iterator[Connection]:
    """A connection whose work is rolled back."""
    with database.connect() as connection:
        yield connection
        connection.rollback()
