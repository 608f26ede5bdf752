"""``callcenter line``: answering lines of numbers, ways out, colour rings."""

import json
from pathlib import Path
from typing import Any

import click

from callcenter.cli.routing import desk, path
from callcenter.cli.shown import clean, json_option, show_json, show_rows
from callcenter.kernel.errors import NotFound, Refused

_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def line() -> None:
    """Set up answering lines, ways out and colour rings."""


@line.command("list")
@click.option("--tenant", default="", help="Only groups of this tenant.")
@json_option
def list_(tenant: str, as_json: bool) -> None:
    """List groups of lines."""
    with desk() as engine:
        rows = engine.ask("GET", path("lines", tenant=tenant))
    columns = {
        "Group": lambda row: row["group"],
        "Tenant": lambda row: row["tenant"],
        "Order": lambda row: row["order"],
        "Lines": lambda row: ", ".join(_shown(one) for one in row["lines"]),
        "Fallback": lambda row: row["fallback"] or "apology",
        "Colour ring": lambda row: row["colour_ring"],
    }
    show_rows(rows, columns, as_json=as_json, none="No lines have been set up.")


@line.command("set")
@click.argument("group")
@click.option("--tenant", required=True, help="Whose lines they are.")
@click.option(
    "--order",
    type=click.Choice(["ordered", "round-robin", "all"]),
    default="ordered",
    help="In which order they are tried.",
)
@click.option(
    "--line",
    "lines",
    multiple=True,
    metavar="KIND:NUMBER[,calls=N][,ring=S][,hours=PLAN][,trunk=T][,name=X]",
    help="A line: outside:13800000001, extension:1001 or seat:1001; once for each.",
)
@click.option("--fallback", default="", help="Where callers go then, like voicemail:office.")
@click.option("--colour-ring", default="", help="Prompt heard before an answer, like en/welcome.")
@click.option("--record/--no-record", default=True, help="Whether talks are recorded.")
def set_(group: str, lines: tuple[str, ...], **values: Any) -> None:
    """Make GROUP, or replace it whole. A number leads there by `number set --to lines:GROUP`."""
    body = values | {"lines": [_line(text) for text in lines]}
    with desk(telling=True) as engine:
        row = engine.ask("PUT", path("lines", group), body)
    click.echo(clean(f"Group {row['group']}: {len(row['lines'])} lines, {row['order']}."))


@line.command("import")
@click.argument("group")
@_file
def import_(group: str, file: Path) -> None:
    """Replace GROUP by FILE, as `line show --json` writes it."""
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"{file} cannot be read: {error}.") from None
    if isinstance(body, dict):
        body.pop("group", None)
    with desk(telling=True) as engine:
        row = engine.ask("PUT", path("lines", group), body)
    click.echo(clean(f"Group {row['group']}: {len(row['lines'])} lines, {row['order']}."))


@line.command()
@click.argument("group")
def remove(group: str) -> None:
    """Forget GROUP."""
    with desk(telling=True) as engine:
        engine.ask("DELETE", path("lines", group))
    click.echo(clean(f"Group {group} is gone."))


@line.command()
@click.argument("trunk")
@click.argument("contact")
def out(trunk: str, contact: str) -> None:
    """Let calls out by TRUNK.

    CONTACT is a host or host:port; none: no calls leave by it any more.
    """
    with desk(telling=True) as engine:
        body = {"contact": "" if contact == "none" else contact}
        engine.ask("PUT", path("trunks", trunk, "contact"), body)
    _told_to_pbx()
    click.echo(clean(f"Trunk {trunk} leads to {contact}."))


@line.command()
@click.argument("extension")
@click.option("--outside/--inside", default=None, help="Whether it may dial the world.")
@click.option("--colour-ring", help="Prompt its callers hear before an answer; none for none.")
def extension(extension: str, outside: bool | None, colour_ring: str | None) -> None:
    """Change what EXTENSION may dial and what its callers hear."""
    ring = "" if colour_ring == "none" else colour_ring
    with desk(telling=True) as engine:
        body = {"outside": outside, "colour_ring": ring}
        row = engine.ask("PUT", path("extensions", extension, "rights"), body)
    may = "may" if row["outside"] else "may not"
    click.echo(clean(f"Extension {row['extension']} {may} dial outside."))


@line.command()
@click.argument("number")
@click.argument("prompt")
def ring(number: str, prompt: str) -> None:
    """Let callers of NUMBER hear PROMPT before an answer.

    A prompt is written like en/welcome; none takes it away.
    """
    with desk(telling=True) as engine:
        body = {"colour_ring": "" if prompt == "none" else prompt}
        engine.ask("PUT", path("numbers", number, "colour-ring"), body)
    click.echo(clean(f"Callers of {number} hear {prompt}."))


@line.command("show")
@click.argument("group")
@json_option
def show(group: str, as_json: bool) -> None:
    """Show the lines of GROUP; --json is what `import` reads."""
    with desk() as engine:
        rows = engine.ask("GET", path("lines"))
    found = next((row for row in rows if row["group"] == group), None)
    if found is None:
        raise NotFound(f"There is no group of lines {group!r}.")
    if as_json:
        show_json(found)
        return
    columns = {
        "Line": lambda one: one["name"],
        "To": _shown,
        "Rings": lambda one: f"{one['ring']:g} s",
        "Hours": lambda one: one["hours"] or "always",
        "Trunk": lambda one: one["trunk"],
    }
    show_rows(found["lines"], columns, as_json=False, none=f"Group {group} has no lines.")


def _told_to_pbx() -> None:
    from callcenter.cli.reach import engine
    from callcenter.kernel.errors import EngineAway

    try:
        with engine() as client:
            client.reload()
    except EngineAway:
        return  # the next start of the PBX knows it


def _shown(one: dict[str, Any]) -> str:
    many = f" x{one['calls']}" if one["calls"] > 1 else ""
    return f"{one['kind']}:{one['number']}{many}"


def _line(text: str) -> dict[str, Any]:
    what, *rest = text.split(",")
    kind, colon, number = what.partition(":")
    if not colon:
        raise click.UsageError(f"{text!r} is no line; write one like outside:13800000001.")
    line: dict[str, Any] = {"kind": kind, "number": number, "name": number.lstrip("+")}
    for item in rest:
        name, equals, value = item.partition("=")
        if not equals or name not in ("calls", "ring", "hours", "trunk", "name"):
            raise click.UsageError(f"{item!r}: write calls=, ring=, hours=, trunk= or name=.")
        line[name] = value
    return line
