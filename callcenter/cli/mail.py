"""``callcenter mail``: what was sent, what waits, what was refused."""

from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlencode

import click

from callcenter.cli.either import reached, row
from callcenter.cli.shown import clean, day_and_clock, json_option, show_rows

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

    from callcenter.services.mail import MailDesk
    from callcenter.settings import Settings
    from callcenter.web.client import Client, Row


class _Desk(Protocol):
    def mails(self, state: str, most: int) -> "list[Row]": ...
    def retry(self, mail: str) -> "Row": ...


@click.group()
def mail() -> None:
    """List mails and try again what failed."""


@mail.command("list")
@click.option("--state", type=click.Choice(["waiting", "sent", "failed"]), help="Only these.")
@click.option("--most", type=click.IntRange(1, 1000), default=50, help="How many to show.")
@json_option
def list_(state: str | None, most: int, as_json: bool) -> None:
    """List the newest mails, newest first; what failed says why."""
    with _desk() as desk:
        rows = desk.mails(state or "", most)
    columns = {
        "Mail": lambda row: row["id"],
        "To": lambda row: row["to"],
        "Subject": lambda row: row["subject"],
        "Put": lambda row: day_and_clock(row["put_at"]),
        "State": lambda row: row["state"],
        "Tries": lambda row: row["attempts"],
        "Why": lambda row: row["why"],
    }
    show_rows(rows, columns, as_json=as_json, none="There are no mails.")


@mail.command()
@click.argument("mail")
def retry(mail: str) -> None:
    """Try MAIL again at once, which failed or waits."""
    with _desk() as desk:
        shown = desk.retry(mail)
    click.echo(clean(f"Mail {shown['id']} to {shown['to']} is tried again."))


def _desk() -> "AbstractContextManager[_Desk]":
    return reached(_Remote, _local)


def _local(database: "Engine", settings: "Settings") -> "_Desk":
    from callcenter.services.mail import MailDesk

    del settings
    return _Local(MailDesk(database))


class _Local:
    """The database's desk in the rows of the API."""

    def __init__(self, desk: "MailDesk") -> None:
        self._desk = desk

    def mails(self, state: str, most: int) -> "list[Row]":
        return [row(found) for found in self._desk.mails(state, most)]

    def retry(self, mail: str) -> "Row":
        return row(self._desk.retry(mail))


class _Remote:
    """The engine's API."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def mails(self, state: str, most: int) -> "list[Row]":
        query = urlencode({"state": state, "most": most})
        return list(self._client.ask("GET", f"/v1/mails?{query}"))

    def retry(self, mail: str) -> "Row":
        return dict(self._client.ask("POST", f"/v1/mails/{quote(mail, safe='')}/retry"))
