"""``callcenter voicemail``: messages that callers left."""

from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlencode

import click

from callcenter.cli.either import reached, row
from callcenter.cli.shown import clean, day_and_clock, duration, json_option, show_rows
from callcenter.cli.sounds import deliver, tell_checked

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

    from callcenter.services.voicemail import VoicemailDesk
    from callcenter.settings import Settings
    from callcenter.web.client import Client, Row


class _Desk(Protocol):
    def messages(self, box: str) -> "list[Row]": ...
    def audio(self, message: str, *, heard: bool) -> bytes: ...
    def check(self, message: str) -> "Row": ...
    def hand_over(self, message: str, to: str) -> "Row": ...
    def remove(self, message: str) -> None: ...
    def boxes(self) -> "list[Row]": ...
    def set_box(self, tenant: str, box: str, plan: "Row") -> "Row": ...
    def remove_box(self, tenant: str, box: str) -> None: ...


@click.group()
def voicemail() -> None:
    """List, hear, hand over and remove messages that callers left."""


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


@voicemail.command("hand-over")
@click.argument("message")
@click.option("--to", required=True, metavar="seat:SEAT|BOX", help="Whose box it goes to.")
def hand_over(message: str, to: str) -> None:
    """Put MESSAGE into another box, where it is new again."""
    with _desk() as desk:
        moved = desk.hand_over(message, to)
    click.echo(clean(f"Message {moved['id']} is in box {moved['box']}."))


@voicemail.command()
@click.argument("message")
def remove(message: str) -> None:
    """Forget MESSAGE with its sound."""
    with _desk() as desk:
        desk.remove(message)
    click.echo(clean(f"Message {message} is removed."))


@voicemail.command()
@click.argument("messages", nargs=-1)
@json_option
def verify(messages: tuple[str, ...], as_json: bool) -> None:
    """Check the sounds of MESSAGES, or of all.

    Names each that is gone or is not what was kept, and then ends with exit status 1.
    """
    with _desk() as desk:
        names = messages or tuple(row["id"] for row in desk.messages(""))
        found = [desk.check(name) for name in names]
    tell_checked(found, "messages", as_json=as_json)


@voicemail.group()
def box() -> None:
    """Set up boxes: their greeting, mail, seats and days."""


@box.command("list")
@json_option
def list_boxes(as_json: bool) -> None:
    """List boxes that were set up; others need no setting up."""
    with _desk() as desk:
        rows = desk.boxes()
    columns = {
        "Box": lambda row: row["name"],
        "Tenant": lambda row: row["tenant"],
        "Greeting": lambda row: row["greeting"],
        "Mail": lambda row: ", ".join(row["mail"]),
        "Seats": lambda row: ", ".join(row["seats"]),
        "Kept": lambda row: f"{row['keep_days']} days" if row["keep_days"] else "for ever",
    }
    show_rows(rows, columns, as_json=as_json, none="No box has been set up.")


@box.command("set")
@click.argument("name")
@click.option("--tenant", required=True, help="Whose box it is.")
@click.option("--greeting", default="", metavar="PROMPT", help="What callers hear first.")
@click.option("--mail", multiple=True, metavar="ADDRESS", help="Gets each message; repeatable.")
@click.option("--seat", "seats", multiple=True, help="May listen besides its own; repeatable.")
@click.option("--keep-days", type=click.IntRange(1, 3650), help="Forget messages after so long.")
def set_box(name: str, tenant: str, **plan: object) -> None:
    """Set up box NAME, whole.

    seat-1001 is the box of seat 1001, queue-sales that of queue sales.
    """
    with _desk() as desk:
        made = desk.set_box(tenant, name, dict(plan))
    told = ", ".join(made["mail"]) or "nobody"
    click.echo(clean(f"Box {made['name']} of {made['tenant']}: mail to {told}."))


@box.command("remove")
@click.argument("name")
@click.option("--tenant", required=True, help="Whose box it is.")
def remove_box(name: str, tenant: str) -> None:
    """Forget how box NAME was set up; its messages stay."""
    with _desk() as desk:
        desk.remove_box(tenant, name)
    click.echo(clean(f"Box {name} of {tenant} is as boxes are that nobody set up."))


def _desk() -> "AbstractContextManager[_Desk]":
    return reached(_Remote, _local)


def _local(database: "Engine", settings: "Settings") -> "_Desk":
    from callcenter.records.boxes import Mailbox
    from callcenter.records.keys import KeyRing
    from callcenter.records.sounds import SpokenSounds
    from callcenter.records.storage import Storage
    from callcenter.services.voicemail import VoicemailDesk

    keys = KeyRing(database, Storage.of(settings).master_key)
    sounds = SpokenSounds(settings.home / "voicemail", keys)
    return _Local(VoicemailDesk(database, Mailbox(database, sounds)))


class _Local:
    """The database's desk in the rows of the API."""

    def __init__(self, desk: "VoicemailDesk") -> None:
        self._desk = desk

    def messages(self, box: str) -> "list[Row]":
        return [row(found) for found in self._desk.messages(box)]

    def audio(self, message: str, *, heard: bool) -> bytes:
        return self._desk.audio(message, heard=heard)

    def check(self, message: str) -> "Row":
        return row(self._desk.check(message))

    def hand_over(self, message: str, to: str) -> "Row":
        return row(self._desk.hand_over(message, to))

    def remove(self, message: str) -> None:
        self._desk.remove(message)

    def boxes(self) -> "list[Row]":
        return [row(found) for found in self._desk.boxes()]

    def set_box(self, tenant: str, box: str, plan: "Row") -> "Row":
        from callcenter.records.boxes import Box

        return row(self._desk.set_box(Box(tenant=tenant, name=box, **plan)))

    def remove_box(self, tenant: str, box: str) -> None:
        self._desk.remove_box(tenant, box)


class _Remote:
    """The engine's API."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def messages(self, box: str) -> "list[Row]":
        return list(self._client.ask("GET", f"/v1/voicemail?{urlencode({'box': box})}"))

    def audio(self, message: str, *, heard: bool) -> bytes:
        path = f"/v1/voicemail/{quote(message, safe='')}/audio?heard={str(heard).lower()}"
        return bytes(self._client.ask("GET", path))

    def check(self, message: str) -> "Row":
        return dict(self._client.ask("GET", f"/v1/voicemail/{quote(message, safe='')}/verify"))

    def remove(self, message: str) -> None:
        self._client.ask("DELETE", f"/v1/voicemail/{quote(message, safe='')}")

    def hand_over(self, message: str, to: str) -> "Row":
        path = f"/v1/voicemail/{quote(message, safe='')}/hand-over"
        return dict(self._client.ask("POST", path, {"to": to}))

    def boxes(self) -> "list[Row]":
        return list(self._client.ask("GET", "/v1/voicemail-boxes"))

    def set_box(self, tenant: str, box: str, plan: "Row") -> "Row":
        return dict(self._client.ask("PUT", _box_path(tenant, box), plan))

    def remove_box(self, tenant: str, box: str) -> None:
        self._client.ask("DELETE", _box_path(tenant, box))


def _box_path(tenant: str, box: str) -> str:
    return f"/v1/voicemail-boxes/{quote(tenant, safe='')}/{quote(box, safe='')}"
