"""``callcenter member``: callers with a number and a PIN."""

import csv
import io
import sys
from pathlib import Path
from typing import Any

import click

from callcenter.cli.routing import Desk, desk, path
from callcenter.cli.shown import clean, day_and_clock, json_option, show_rows

_tenant = click.option("--tenant", required=True, help="Whose member it is.")
_COLUMNS = (
    "number",
    "pin",
    "valid_from",
    "valid_to",
    "allowance_seconds",
    "services_left",
    "priority",
    "queue",
)
_TERMS = _COLUMNS[2:]


class _Bad(click.ClickException):
    """A file with bad lines; nothing of it was done."""


@click.group()
def member() -> None:
    """List, add, lock and unlock members; import and export cards."""


@member.command("list")
@click.option("--tenant", default="", help="Only members of this tenant.")
@json_option
def list_(tenant: str, as_json: bool) -> None:
    """List members; PINs are known to nobody."""
    with desk() as engine:
        rows = engine.ask("GET", path("members", tenant=tenant))
    columns = {
        "Member": lambda row: row["member"],
        "Tenant": lambda row: row["tenant"],
        "Locked": lambda row: "locked" if row["locked"] else "",
        "Wrong PINs": lambda row: row["failed"] or "",
        "Valid to": lambda row: day_and_clock(row["valid_to"]),
        "Seconds left": lambda row: _many(row["allowance_seconds"]),
        "Services left": lambda row: _many(row["services_left"]),
        "Priority": lambda row: row["priority"] or "",
        "Queue": lambda row: row["queue"],
    }
    show_rows(rows, columns, as_json=as_json, none="There is no member yet.")


@member.command()
@click.argument("number")
@_tenant
@click.option("--pin", default="", help="4 to 12 digits; needed for a new member.")
@click.option("--valid-from", help="Like 2026-01-01T00:00+08:00.")
@click.option("--valid-to", help="Like 2026-12-31T23:59+08:00.")
@click.option("--seconds", "allowance_seconds", type=click.IntRange(0), help="Talk allowance.")
@click.option("--services", "services_left", type=click.IntRange(0), help="Services left.")
@click.option("--priority", type=click.IntRange(0), default=0, help="Added in queues.")
@click.option("--queue", default="", help="Where flows may send the member.")
def add(number: str, tenant: str, **terms: Any) -> None:
    """Make member NUMBER, or give a known one new terms."""
    with desk(telling=True) as engine:
        row = engine.ask("PUT", path("members", tenant, number), terms)
    click.echo(clean(f"Member {row['member']} of {row['tenant']} is set up."))


@member.command()
@click.argument("number")
@_tenant
def lock(number: str, tenant: str) -> None:
    """Let no check of NUMBER succeed any more."""
    _set(number, tenant, "lock", "locked")


@member.command()
@click.argument("number")
@_tenant
def unlock(number: str, tenant: str) -> None:
    """Let checks of NUMBER succeed again; wrong PINs are forgotten."""
    _set(number, tenant, "unlock", "unlocked")


@member.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_tenant
def import_(file: Path, tenant: str) -> None:
    """Take in a CSV FILE of cards: all of them or none.

    Bad lines are told with their number and reason.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _Bad(f"{file} cannot be read: {error}.") from None
    with desk(telling=True) as engine:
        answer = engine.ask("POST", path("members", tenant, "import"), {"csv": text})
    for bad in answer["bad"]:
        click.echo(clean(f"line {bad['line']}: {bad['why']}"), err=True)
    if answer["bad"]:
        raise _Bad(f"{len(answer['bad'])} bad lines in {file}; nothing was imported.")
    click.echo(clean(f"{answer['imported']} members of {tenant} are imported."))


@member.command()
@_tenant
@click.option("--to", default="-", metavar="FILE", help="A file; - for stdout.")
def export(tenant: str, to: str) -> None:
    """Write the members of a tenant as CSV, without PINs."""
    with desk() as engine:
        rows = _rows(engine, tenant)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        terms = ["" if row[name] is None else row[name] for name in _TERMS]
        writer.writerow([row["member"], "", *terms])
    if to == "-":
        sys.stdout.write(out.getvalue())
        return
    try:
        Path(to).write_text(out.getvalue(), encoding="utf-8")
    except OSError as error:
        raise _Bad(f"{to} cannot be written: {error.strerror}.") from None


def _rows(engine: Desk, tenant: str) -> list[dict[str, Any]]:
    return list(engine.ask("GET", path("members", tenant=tenant)))


def _set(number: str, tenant: str, what: str, done: str) -> None:
    with desk(telling=True) as engine:
        engine.ask("POST", path("members", tenant, number, what))
    click.echo(clean(f"Member {number} of {tenant} is {done}."))


def _many(left: int | None) -> str:
    return "" if left is None else str(left)
