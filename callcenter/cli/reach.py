"""How commands and completion reach the running engine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from callcenter.cli.shown import clean

if TYPE_CHECKING:
    from callcenter.web.address import Address
    from callcenter.web.client import Client, Row

_COMPLETION_SECONDS = 0.5


@contextmanager
def engine(timeout: float = 10.0) -> "Iterator[Client]":
    """A client of the engine these settings belong to."""
    from callcenter.web.client import Client

    with Client(address(), timeout=timeout) as client:
        yield client


def address() -> "Address":
    """Where that engine is."""
    from callcenter.settings import load
    from callcenter.web.address import Address

    settings, context = load(), click.get_current_context(silent=True)
    named = context.find_root().params.get("engine") if context else None
    return Address(
        socket=settings.socket,
        url=named or settings.engine_url,
        token=settings.token.get_secret_value(),
        authority=settings.engine_authority,
    )


def names(
    fetch: "Callable[[Client], list[Row]]", key: str, help_key: str
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Completion with ``key`` of the rows that the engine has now; none when it is away."""

    def complete(
        _context: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        rows: list[dict[str, Any]]
        try:
            with engine(_COMPLETION_SECONDS) as client:
                rows = fetch(client)
        except Exception:  # a shell's prompt is no place to tell a problem
            return []
        return [
            CompletionItem(row[key], help=clean(row[help_key]) or None)
            for row in rows
            if row[key].startswith(incomplete)
        ]

    return complete
