"""For commands that change what is set up: through the engine when one runs, else the database."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from callcenter.cli.reach import address, engine

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from callcenter.settings import Settings
    from callcenter.web.client import Client, Row

AWAY = "No engine runs: this went to the database and counts when one is started."
Desk = TypeVar("Desk")


@contextmanager
def reached(
    remote: "Callable[[Client], Desk]",
    local: "Callable[[Engine, Settings], Desk]",
    *,
    telling: bool = False,
) -> Iterator[Desk]:
    """Whichever can be reached; ``telling`` says in one sentence that it was the database."""
    from callcenter.kernel.errors import EngineAway

    try:
        with engine(timeout=120) as client:
            client.status()
            yield remote(client)
            return
    except EngineAway:
        if address().url:
            raise  # that of another machine; the database here is not its
    with _database() as (database, settings):
        yield local(database, settings)
    if telling:
        print(AWAY, file=sys.stderr)


@contextmanager
def _database() -> "Iterator[tuple[Engine, Settings]]":
    from callcenter.kernel import schema
    from callcenter.kernel.database import open_database
    from callcenter.settings import load

    settings = load()
    schema.check(settings.database_url)
    database = open_database(settings.database_url)
    try:
        yield database, settings
    finally:
        database.dispose()


def row(shown: object) -> "Row":
    """A view as the API writes it."""
    import msgspec

    made: dict[str, Any] = msgspec.to_builtins(shown)
    return made


def who() -> str:
    """The user of this machine who gives the command."""
    import getpass

    try:
        return getpass.getuser()[:64]
    except (OSError, KeyError):
        return ""
