"""``callcenter list``: who never gets through, and who always does."""

import sys
from pathlib import Path
from typing import Any

import click

from callcenter.cli.routing import desk, given, path
from callcenter.cli.shown import clean, day_and_clock, json_option, show_json, show_rows

_which = click.argument("which", type=click.Choice(("black", "white")), metavar="black|white")
_tenant = click.option("--tenant", default="*", help="Whose list; * is the whole platform's.")
_country = click.option("--country", default="", help="Where numbers without + belong, like CN.")


@click.group("list")
def lists() -> None:
    """Keep black and white lists: numbers, prefixes, anonymous."""


@lists.command()
@_which
@click.argument("number")
@_tenant
@click.option("--note", default="", help="Why, as explain shows it.")
@click.option("--expires", default="", help="Last day (2026-12-31) or moment it counts.")
@_country
@json_option
def add(which: str, number: str, as_json: bool, **values: str) -> None:
    """Put NUMBER on a list.

    NUMBER is digits, a prefix like 138*, or the word anonymous.
    """
    with desk(telling=True) as engine:
        row = engine.ask("POST", path("lists", which), {"number": number, **values})
    if as_json:
        show_json(row)
    else:
        click.echo(clean(f"{row['number']} is on the {which}list of {_whose(row['tenant'])}."))


@lists.command()
@_which
@click.argument("number")
@_tenant
@_country
def remove(which: str, number: str, tenant: str, country: str) -> None:
    """Take NUMBER off a list."""
    where = path("lists", which, number=number, tenant=tenant, country=country)
    with desk(telling=True) as engine:
        row = engine.ask("DELETE", where)
    click.echo(clean(f"{row['number']} is off the {which}list of {_whose(tenant)}."))


@lists.command()
@click.argument(
    "which", type=click.Choice(("black", "white")), metavar="[black|white]", required=False
)
@_tenant
@click.option("--number", default="", help="Only entries that begin so, like +86138.")
@click.option("--most", type=click.IntRange(1, 10000), default=100, help="How many to show.")
@json_option
def show(which: str | None, tenant: str, number: str, most: int, as_json: bool) -> None:
    """Show a list, or which lists there are and how long."""
    with desk() as engine:
        if not which:
            _show_counts(engine.ask("GET", path("lists")), as_json)
            return
        where = path("lists", which, tenant=tenant, number=number, most=most)
        rows = engine.ask("GET", where)
    columns = {
        "Number": lambda row: row["number"],
        "Until": lambda row: day_and_clock(row["expires_at"]) or "for ever",
        "Note": lambda row: row["note"],
    }
    none = f"The {which}list of {_whose(tenant)} is empty."
    show_rows(rows, columns, as_json=as_json, none=none)


@lists.command("import")
@_which
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_tenant
@_country
@click.option("--skip-bad", is_flag=True, help="Import the good lines although others are bad.")
@json_option
def import_(which: str, file: Path, as_json: bool, **values: Any) -> None:
    """Import a CSV FILE with the columns number,note,expires.

    With a bad line nothing is imported; each bad line is told with its number and the reason.
    """
    body = given(csv=_read(file), **values)
    with desk(telling=True) as engine:
        report = engine.ask("POST", path("lists", which, "import"), body)
    if as_json:
        show_json(report)
    else:
        _tell(report, which, values["tenant"])
    if report["bad"] and not values["skip_bad"]:
        sys.exit(1)


@lists.command()
@_which
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@_tenant
def export(which: str, file: Path | None, tenant: str) -> None:
    """Write a list as CSV to FILE, or to the terminal."""
    with desk() as engine:
        text = engine.ask("GET", path("lists", which, "export", tenant=tenant))["csv"]
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}") from None
    click.echo(clean(f"{max(text.count(chr(10)) - 1, 0)} entries are in {file}."))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise click.UsageError(f"line {line} of {file} is not UTF-8; save the file so") from None
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}") from None


def _tell(report: dict[str, Any], which: str, tenant: str) -> None:
    for bad in report["told"]:
        click.echo(clean(f"line {bad['line']}: {bad['reason']} ({bad['text']})"), err=True)
    if report["bad"] > len(report["told"]):
        click.echo(f"... and {report['bad'] - len(report['told'])} bad lines more", err=True)
    bad = f"; {report['bad']} lines are bad" if report["bad"] else ""
    count = report["imported"]
    click.echo(clean(f"{count} entries went to the {which}list of {_whose(tenant)}{bad}."))


def _show_counts(rows: list[dict[str, Any]], as_json: bool) -> None:
    columns = {
        "List": lambda row: row["list"],
        "Tenant": lambda row: row["tenant"],
        "Entries": lambda row: row["entries"],
    }
    show_rows(rows, columns, as_json=as_json, none="Every list is empty.")


def _whose(tenant: str) -> str:
    return "the platform" if tenant == "*" else tenant
