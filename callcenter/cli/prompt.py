"""``callcenter prompt``: what tenants' callers hear instead of the built-in prompts."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

import click

from callcenter.cli.either import reached, row, who
from callcenter.cli.files import FileProblem
from callcenter.cli.shown import clean, day_and_clock, json_option, show_rows
from callcenter.cli.sounds import deliver

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

    from callcenter.services.prompts import PromptDesk
    from callcenter.settings import Settings
    from callcenter.web.client import Client, Row

_tenant = click.option("--tenant", default="", help="Whose prompt; needed where there are several.")
_language = click.option("--language", default="", help="en, zh or ja; else the tenant's own.")
_to = click.option("--to", default="", metavar="FILE", help="A file, - for stdout; else play it.")


class _Desk(Protocol):
    def versions(self, tenant: str) -> "list[Row]": ...
    def number(self, tenant: str, name: str) -> int: ...
    def upload(self, tenant: str, name: str, language: str, audio: bytes) -> "Row": ...
    def speak(self, tenant: str, name: str, language: str, text: str) -> "Row": ...
    def use(self, tenant: str, name: str, language: str, version: int) -> "Row": ...
    def remove(self, tenant: str, name: str, language: str) -> int: ...
    def audio(self, tenant: str, name: str, language: str, version: int) -> bytes: ...


@click.group()
def prompt() -> None:
    """Speak, upload and take back tenants' own prompts."""


@prompt.command("list")
@_tenant
@click.option("--all", "every", is_flag=True, help="Also versions that are not in force.")
@json_option
def list_(tenant: str, every: bool, as_json: bool) -> None:
    """List tenants' own prompts. The number is that of the prompt line."""
    with _desk() as desk:
        rows = [found for found in desk.versions(tenant) if every or found["in_force"]]
    columns = {
        "Number": lambda row: row["number"],
        "Prompt": lambda row: row["name"],
        "Language": lambda row: row["language"],
        "Tenant": lambda row: row["tenant"],
        "Version": lambda row: f"{row['version']}{'' if row['in_force'] else ' (old)'}",
        "From": lambda row: row["origin"],
        "Seconds": lambda row: f"{row['seconds']:.1f}",
        "Since": lambda row: day_and_clock(row["at"]),
    }
    none = "No tenant has a prompt of its own; the built-in ones are heard."
    show_rows(rows, columns, as_json=as_json, none=none)


@prompt.command()
@click.argument("name")
@click.argument("text")
@_tenant
@_language
def speak(name: str, text: str, tenant: str, language: str) -> None:
    """Have TEXT spoken and keep it as the prompt NAME."""
    with _desk(telling=True) as desk:
        _tell(desk.speak(tenant, name, language, text))


@prompt.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False))
@_tenant
@_language
def upload(name: str, file: str, tenant: str, language: str) -> None:
    """Keep a sound as the prompt NAME. FILE is WAV, MP3, Ogg, FLAC ..."""
    audio = _read(file)
    with _desk(telling=True) as desk:
        _tell(desk.upload(tenant, name, language, audio))


@prompt.command()
@click.argument("name")
@click.argument("file")
@click.option("--version", type=click.IntRange(1), default=None, help="Else the one in force.")
@_tenant
@_language
def export(name: str, file: str, version: int | None, tenant: str, language: str) -> None:
    """Write the prompt NAME as callers hear it. FILE is WAV, - for stdout."""
    with _desk() as desk:
        sound = desk.audio(tenant, name, language, version or 0)
    deliver(sound, file)


@prompt.command("play-text")
@click.argument("text")
@click.option("--language", default="en", show_default=True, help="en, zh or ja.")
@_to
def play_text(text: str, language: str, to: str) -> None:
    """Speak TEXT to try how it sounds; nothing is kept."""
    from callcenter.ivr.upload import from_speech
    from callcenter.services.prompts import spoken
    from callcenter.settings import load

    sounds = _sounds(load())
    wav = spoken(sounds, language, text)
    deliver(from_speech(wav, sox=sounds.program("sox")).wav(), to)


@prompt.command()
@click.argument("name")
@click.argument("version", type=click.IntRange(1))
@_tenant
@_language
def use(name: str, version: int, tenant: str, language: str) -> None:
    """Put an older VERSION of the prompt NAME in force again."""
    with _desk(telling=True) as desk:
        _tell(desk.use(tenant, name, language, version))


@prompt.command()
@click.argument("name")
@_tenant
def number(name: str, tenant: str) -> None:
    """Give the prompt NAME a number. By it it is recorded by phone (*15)."""
    with _desk(telling=True) as desk:
        found = desk.number(tenant, name)
    click.echo(clean(f"Prompt {name} has number {found}; dial *15 to record it."))


@prompt.command()
@click.argument("name")
@_tenant
@click.option("--language", default="", help="en, zh or ja; else all.")
def remove(name: str, tenant: str, language: str) -> None:
    """Forget the prompt NAME with its versions. The built-in one is heard again."""
    with _desk(telling=True) as desk:
        gone = desk.remove(tenant, name, language)
    click.echo(clean(f"Prompt {name} is removed ({gone} versions)."))


def _tell(row: "Row") -> None:
    which = f"Prompt {row['name']} in {row['language']} has version {row['version']} in force"
    click.echo(clean(f"{which}, {row['seconds']:.1f} s, number {row['number']}."))


def _read(file: str) -> bytes:
    from callcenter.ivr.upload import MOST_BYTES

    try:
        with Path(file).open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise FileProblem(f"{file} cannot be read: {error.strerror}.") from None


def _sounds(settings: "Settings") -> Any:
    from callcenter.pbx import embedded
    from callcenter.services.prompts import Sounds

    return Sounds(built_in=settings.prompts, program=lambda name: embedded.tool(settings, name))


def _desk(*, telling: bool = False) -> "AbstractContextManager[_Desk]":
    return reached(_Remote, _local, telling=telling)


def _local(database: "Engine", settings: "Settings") -> "_Desk":
    from callcenter.services.prompts import PromptDesk

    return _Local(PromptDesk(database, settings.home / "prompts", _sounds(settings)))


class _Local:
    """The database's desk in the rows of the API."""

    def __init__(self, desk: "PromptDesk") -> None:
        self._desk = desk

    def versions(self, tenant: str) -> "list[Row]":
        return [row(found) for found in self._desk.versions(tenant)]

    def number(self, tenant: str, name: str) -> int:
        return self._desk.number(tenant, name)

    def upload(self, tenant: str, name: str, language: str, audio: bytes) -> "Row":
        return row(self._desk.upload(tenant, name, language, audio, who()))

    def speak(self, tenant: str, name: str, language: str, text: str) -> "Row":
        return row(self._desk.speak(tenant, name, language, text, who()))

    def use(self, tenant: str, name: str, language: str, version: int) -> "Row":
        return row(self._desk.use(tenant, name, language, version))

    def remove(self, tenant: str, name: str, language: str) -> int:
        return self._desk.remove(tenant, name, language)

    def audio(self, tenant: str, name: str, language: str, version: int) -> bytes:
        return self._desk.audio(tenant, name, language, version).read_bytes()


class _Remote:
    """The engine's API."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def versions(self, tenant: str) -> "list[Row]":
        return list(self._client.ask("GET", f"/v1/prompts?{urlencode({'tenant': tenant})}"))

    def number(self, tenant: str, name: str) -> int:
        body = {"tenant": tenant, "name": name}
        return int(self._client.ask("POST", "/v1/prompts/number", body)["number"])

    def upload(self, tenant: str, name: str, language: str, audio: bytes) -> "Row":
        return self._keep(tenant, name, language, audio=base64.b64encode(audio).decode())

    def speak(self, tenant: str, name: str, language: str, text: str) -> "Row":
        return self._keep(tenant, name, language, text=text)

    def use(self, tenant: str, name: str, language: str, version: int) -> "Row":
        body = {"tenant": tenant, "name": name, "language": language, "version": version}
        return dict(self._client.ask("POST", "/v1/prompts/use", body))

    def remove(self, tenant: str, name: str, language: str) -> int:
        which = urlencode({"tenant": tenant, "name": name, "language": language})
        return int(self._client.ask("DELETE", f"/v1/prompts?{which}")["versions"])

    def audio(self, tenant: str, name: str, language: str, version: int) -> bytes:
        which = {"tenant": tenant, "name": name, "language": language, "version": version}
        return bytes(self._client.ask("GET", f"/v1/prompts/audio?{urlencode(which)}"))

    def _keep(self, tenant: str, name: str, language: str, **what: str) -> "Row":
        body = {"tenant": tenant, "name": name, "language": language, "by": who(), **what}
        return dict(self._client.ask("POST", "/v1/prompts", body))
