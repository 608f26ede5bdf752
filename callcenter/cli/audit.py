"""``callcenter audit``: who did what, who was refused, and whether the log is whole."""

import re
from datetime import UTC, datetime, timedelta

import click

from callcenter.cli.routing import desk, path
from callcenter.cli.shown import clean, day_and_clock, json_option, show_json, show_rows
from callcenter.cli.told import Told

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@click.group()
def audit() -> None:
    """List what was done and refused; verify that log."""


@audit.command("list")
@click.option("--since", default="", help="A time such as 2026-05-01T08:00, or 2h, 7d ago.")
@click.option("--actor", default="", help="Who: a user of the machine or the name of a token.")
@click.option("--act", default="", help="Any part of method and path, such as hangup.")
@click.option(
    "--most", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many."
)
@json_option
def list_(since: str, actor: str, act: str, most: int, as_json: bool) -> None:
    """List acts and refusals, newest first."""
    where = path("audit", since=_moment(since), actor=actor, act=act, most=most)
    with desk() as reached:
        rows = reached.ask("GET", where)
    columns = {
        "Row": lambda row: row["number"],
        "At": lambda row: day_and_clock(row["at"]),
        "Who": lambda row: row["actor"],
        "Act": lambda row: f"{row['act'].partition(' ')[0]} {row['target']}",
        "Outcome": lambda row: row["outcome"],
    }
    show_rows(rows, columns, as_json=as_json, none="Nothing is on record.")


@audit.command()
@json_option
def verify(as_json: bool) -> None:
    """Check every row; name the first broken one."""
    with desk() as reached:
        found = reached.ask("GET", path("audit", "verify"))
    if as_json:
        show_json(found)
    elif not found["broken"]:
        click.echo(f"The audit log is whole: {found['rows']} rows.")
    if found["broken"]:
        raise Told(clean(f"The audit log is broken. {found['why']}"), 1)


def _moment(since: str) -> str:
    if not since:
        return ""
    if ago := re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", since):
        span = timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return (datetime.now(UTC) - span).isoformat()
    try:
        return datetime.fromisoformat(since).astimezone().isoformat()
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{since!r} is no time; write 2026-05-01T08:00, 2h or 7d."
        ) from None
