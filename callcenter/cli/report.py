"""``callcenter report``: figures with their formulas, their proofs and the calls below them."""

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from callcenter.cli.files import write_whole
from callcenter.cli.routing import desk, given, path
from callcenter.cli.shown import clean, json_option, show_json, show_rows

_KINDS = {
    "traffic": "How many calls came, hour by hour, and how they ended.",
    "queues": "Service level, waits, abandons and handling of queues.",
    "seats": "Offers, talk, pauses and logged-in time of seats.",
    "survey": "What callers answered when they were asked.",
    "regions": "Where calls came from.",
    "flows": "Which ways callers went through menus.",
    "numbers": "Calls by the number that was dialled.",
    "tenants": "Calls by tenant.",
}
_FORMATS = ("table", "csv", "xlsx", "json", "png", "html")
_BINARY = ("xlsx", "png")


@click.group()
def report() -> None:
    """Figures that add up: reports, their calls, their proofs."""


def _span(command: Any) -> Any:
    for option in (
        click.option("--zone", default="", help="Time zone; the tenant's where none is given."),
        click.option("--to", "end", required=True, help="Last day (whole), or a day and a time."),
        click.option("--from", "begin", required=True, help="First day, or a day and a time."),
    ):
        command = option(command)
    return command


def _add(kind: str, explained: str) -> None:
    @report.command(kind, help=explained)
    @_span
    @click.option("--by", type=click.Choice(["hour", "day", "month"]), help="One line for each.")
    @click.option("--tenant", default="", help="Of this tenant alone.")
    @click.option("--within", type=int, default=0, help="T of the service level, in seconds.")
    @click.option("--short", type=int, default=0, help="S of short abandons, in seconds.")
    @click.option(
        "--format",
        "form",
        type=click.Choice(_FORMATS),
        default="table",
        show_default=True,
        help="How it is written.",
    )
    @click.option(
        "-o",
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The file it goes to.",
    )
    @click.option("--calls", "figure", metavar="FIGURE", help="List the calls below this figure.")
    @click.option("--name", default="", help="With --calls: of this queue, seat, ... alone.")
    @click.option(
        "--most",
        type=click.IntRange(1, 100_000),
        default=1000,
        show_default=True,
        help="With --calls: how many at most.",
    )
    def command(**asked: Any) -> None:
        _report(kind, **asked)


for _kind, _explained in _KINDS.items():
    _add(_kind, _explained)


def _report(
    kind: str,
    *,
    by: str | None,
    form: str,
    output: Path | None,
    figure: str | None,
    name: str,
    most: int,
    **asked: Any,
) -> None:
    if figure:
        with desk() as reached:
            where = path("reports", kind, "calls", figure, name=name, most=most, **_query(asked))
            rows = reached.ask("GET", where)
        columns = {"Call": lambda row: row["call"], "Times": lambda row: row["times"]}
        show_rows(rows, columns, as_json=form == "json", none="No call counts there.")
        return
    if form in _BINARY and output is None and sys.stdout.isatty():
        raise click.UsageError(f"{form} is no text; name a file with -o.")
    by = by or ("" if kind != "traffic" else _usual(asked["begin"], asked["end"]))
    width = _width(get_terminal_size((100, 40)).columns)
    where = path("reports", kind, by=by, format=form, width=width, **_query(asked))
    with desk() as reached:
        _put(reached.stream(where), output)


def _width(columns: int) -> int:
    return min(max(columns, 20), 1000)  # what the engine takes


def _query(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value}


def _usual(begin: str, end: str) -> str:
    """Lines that a person can look at: hours of a day or two, days of two months, months."""
    try:
        span = date.fromisoformat(end[:10]) - date.fromisoformat(begin[:10])
    except ValueError:
        return "day"  # the engine tells what is wrong with it
    return "hour" if span < timedelta(days=3) else "day" if span < timedelta(days=63) else "month"


def _put(pieces: Iterator[bytes], output: Path | None) -> None:
    if output is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    write_whole(pieces, output)
    click.echo(clean(f"Written to {output}."))


@report.command()
@_span
@json_option
def prove(begin: str, end: str, zone: str, as_json: bool) -> None:
    """Prove every figure from the calls below it, day by day.

    Ends with status 1 at the first row that is wrong, and names it.
    """
    proved: dict[str, dict[str, Any]] = {}
    with desk() as reached:
        for first, last in _days(begin, end):  # a month at once would keep everybody waiting
            where = path("report-proofs", begin=first, end=last, zone=zone)
            for row in reached.ask("GET", where):
                known = proved.setdefault(row["name"], {**row, "checked": 0})
                known["checked"] += row["checked"]
    rows = list(proved.values())
    if as_json:
        show_json(rows)
        return
    for row in rows:
        click.echo(clean(f"proved: {row['what']} ({row['checked']} rows)"))


@report.command()
@_span
def recompute(begin: str, end: str, zone: str) -> None:
    """Count a time anew from CDRs and seat logs, a day at a time."""
    total = 0
    with desk() as reached:
        for first, last in _days(begin, end):
            body = {"begin": first, "end": last, "zone": zone}
            total += reached.ask("POST", path("report-counts"), body)["rows"]
    click.echo(f"Counted anew: {total} rows.")


def _days(begin: str, end: str) -> Iterator[tuple[str, str]]:
    """Day by day, where whole days are meant; each is one transaction."""
    try:
        first, last = date.fromisoformat(begin), date.fromisoformat(end)
    except ValueError:
        yield begin, end
        return
    if last < first:
        yield begin, end  # the engine says what is wrong with it
    for day in range((last - first).days + 1):
        at = (first + timedelta(days=day)).isoformat()
        yield at, at


@report.group()
def schedule() -> None:
    """Reports that are mailed by themselves."""


@schedule.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List what is mailed."""
    with desk() as reached:
        rows = reached.ask("GET", path("report-schedules"))
    columns = {
        "Schedule": lambda row: row["id"],
        "Report": lambda row: row["kind"],
        "Tenant": lambda row: row["tenant"] or "all",
        "Every": lambda row: f"{row['every']} at {row['hour']:02}:00 {row['zone']}",
        "Format": lambda row: row["format"],
        "To": lambda row: row["to"],
    }
    show_rows(rows, columns, as_json=as_json, none="No report is mailed by itself.")


@schedule.command()
@click.argument("kind", type=click.Choice(list(_KINDS)))
@click.argument("to")
@click.option(
    "--every",
    type=click.Choice(["day", "week", "month"]),
    default="day",
    show_default=True,
    help="What each report is about.",
)
@click.option(
    "--hour",
    type=click.IntRange(0, 23),
    default=6,
    show_default=True,
    help="When it goes out, on the day after.",
)
@click.option("--tenant", default="", help="Of this tenant alone.")
@click.option("--zone", default="", help="Time zone; the tenant's where none is given.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="html",
    show_default=True,
    help="What is attached.",
)
def add(kind: str, to: str, *, form: str, **asked: Any) -> None:
    """Mail the report KIND to TO by itself.

    It goes out when each day, week or month is over.
    """
    body = {**given(**asked), "kind": kind, "to": to, "format": form}
    with desk() as reached:
        made = reached.ask("POST", path("report-schedules"), body)
    click.echo(clean(f"Schedule {made['id']}: {kind} every {made['every']} to {made['to']}."))


@schedule.command()
@click.argument("schedule")
def remove(schedule: str) -> None:
    """Mail the report SCHEDULE no more."""
    with desk() as reached:
        reached.ask("DELETE", path("report-schedules", schedule))
    click.echo(clean(f"Schedule {schedule} is removed."))
