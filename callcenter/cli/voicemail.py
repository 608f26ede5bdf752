"""``callcenter voicemail``: messages that callers left."""

from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlencode

import click

from callcenter.cli.either import reached, row
from callcenter.cli.shown import clean, day_and_clock, duration, json_option, show_rows
from callcenter.cli.sounds import deliver

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

    from callcenter.services.voicemail import VoicemailDesk
    from callcenter.settings import Settings
    from callcenter.web.client import Client, Row


class _Desk(Protocol):
    def messages(self, box: str) -> "list[Row]": ...
    def audio(self, message: str, *, heard: bool) -> bytes: ...
    def remove(self, message: str) -> None: ...


@click.group()
def voicemail() -> None:
    """List, hear and remove messages that callers left."""


@voicemail.command("list")
@click.option("--box", default="", help="Only this box.")
@json_option
def list_(box: str, as_json: bool) -> None:
    """List messages, newest first."""
    with _desk() as desk:
        rows = desk.messages(box)
    columns = {
        "Message": lambda row: row["id"],
        "Box": lambda row: row["box"],
        "Caller": lambda row: row["caller"] or "withheld",
        "Left": lambda row: day_and_clock(row["at"]),
        "Length": lambda row: duration(row["seconds"]),
        "Heard": lambda row: day_and_clock(row["heard_at"]) if row["heard_at"] else "new",
    }
    show_rows(rows, columns, as_json=as_json, none="There are no messages.")


@voicemail.command()
@click.argument("message")
def play(message: str) -> None:
    """Play MESSAGE on this machine; it then counts as heard."""
    with _desk() as desk:
        deliver(desk.audio(message, heard=False), "")
        desk.audio(message, heard=True)


@voicemail.command()
@click.argument("message")
@click.argument("file")
def export(message: str, file: str) -> None:
    """Write MESSAGE to a WAV file. FILE - is stdout; it then counts as heard."""
    with _desk() as desk:
        deliver(desk.audio(message, heard=False), file)
        desk.audio(message, heard=True)


@voicemail.command()
@click.argument("message")
def remove(message: str) -> None:
    """Forget MESSAGE with its sound."""
    with _desk() as desk:
        desk.remove(message)
    click.echo(clean(f"Message {message} is removed."))


def _desk() -> "AbstractContextManager[_Desk]":
    return reached(_Remote, _local)


def _local(database: "Engine", settings: "Settings") -> "_Desk":
    from callcenter.services.voicemail import VoicemailDesk

    return _Local(VoicemailDesk(database, settings.home / "voicemail"))


class _Local:
    """The database's desk in the rows of the API."""

    def __init__(self, desk: "VoicemailDesk") -> None:
        self._desk = desk

    def messages(self, box: str) -> "list[Row]":
        return [row(found) for found in self._desk.messages(box)]

    def audio(self, message: str, *, heard: bool) -> bytes:
        return self._desk.audio(message, heard=heard)

    def remove(self, message: str) -> None:
        self._desk.remove(message)


class _Remote:
    """The engine's API."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def messages(self, box: str) -> "list[Row]":
        return list(self._client.ask("GET", f"/v1/voicemail?{urlencode({'box': box})}"))

    def audio(self, message: str, *, heard: bool) -> bytes:
        path = f"/v1/voicemail/{quote(message, safe='')}/audio?heard={str(heard).lower()}"
        return bytes(self._client.ask("GET", path))

    def remove(self, message: str) -> None:
        self._client.ask("DELETE", f"/v1/voicemail/{quote(message, safe='')}")
