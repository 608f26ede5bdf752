"""Where changes of routing go: to the running engine, else to the database.

Every command says which in one sentence when it was the database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlencode

import click

_AWAY = "No engine runs: this went to the database and counts when one is started."


class Desk(Protocol):
    """The API, in the engine or without one."""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request; a refusal comes back as the error it was."""


@contextmanager
def desk(*, telling: bool = False, timeout: float = 60.0) -> Iterator[Desk]:
    """``telling``: say so when a change went to the database only."""
    from callcenter.kernel.errors import EngineAway
    from callcenter.settings import load
    from callcenter.web.client import Client

    settings = load()
    with Client(settings.socket, timeout=timeout) as client:
        try:
            client.status()
        except EngineAway:
            runs = False
        else:
            runs = True
        if runs:
            yield client
            return
    with _database(settings.database_url) as found:
        yield found
    if telling:
        click.echo(_AWAY, err=True)


@contextmanager
def _database(url: str) -> Iterator[Desk]:
    from callcenter.kernel import schema
    from callcenter.kernel.database import open_database
    from callcenter.services.routing import DatabaseRouting
    from callcenter.web.alone import Alone

    schema.check(url)
    database = open_database(url)
    try:
        yield Alone(DatabaseRouting(database))
    finally:
        database.dispose()


def path(*parts: str, **query: object) -> str:
    """A path of the API; whatever is in the parts stays one part."""
    from urllib.parse import quote

    made = "/v1/" + "/".join(quote(part, safe="") for part in parts)
    asked = {name: value for name, value in query.items() if value not in ("", None)}
    return f"{made}?{urlencode(asked)}" if asked else made


def given(**values: object) -> dict[str, Any]:
    """A body of what was given; ``none`` takes a value away."""
    said = {name: value for name, value in values.items() if value is not None}
    return {name: "" if value == "none" else value for name, value in said.items()}
