"""``callcenter cdr``: what is kept of ended calls: found, shown, written to files."""

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from callcenter.cli.files import write_whole
from callcenter.cli.reach import engine, names
from callcenter.cli.shown import day_and_clock, duration, json_option, show_json, show_rows, words

_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"])
_RESULTS = (
    "answered",
    "abandoned",
    "flowed_out",
    "refused",
    "unreached",
    "self_served",
    "gave_up",
    "lost",
)
_FORMATS = ("csv", "xlsx", "jsonl")


@click.group()
def cdr() -> None:
    """Search, show and export ended calls."""


def _filters(command: Any) -> Any:
    for option in (
        click.option("--shorter", type=click.FloatRange(0), help="Less than so many seconds."),
        click.option("--longer", type=click.FloatRange(0), help="At least so many seconds long."),
        click.option("--result", type=click.Choice(_RESULTS), help="How it ended up."),
        click.option("--region", default="", help="Caller's region: CN, CN/Guangdong/Foshan."),
        click.option("--tenant", default="", help="Only this tenant's."),
        click.option("--queue", default="", help="Only those that joined this queue."),
        click.option("--seat", default="", help="Only those that this seat had a part in."),
        click.option("--dialled", default="", help="Number that was dialled; 400* its beginning."),
        click.option("--caller", default="", help="Number that called; 138* its beginning."),
        click.option("--to", "until", type=_MOMENT, help="Begun before this day or moment."),
        click.option("--from", "since", type=_MOMENT, help="Begun from this day or moment on."),
    ):
        command = option(command)
    return command


@cdr.command("list")
@_filters
@click.option(
    "--limit",
    "--most",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="How many, newest first.",
)
@json_option
def list_(limit: int, as_json: bool, **wanted: Any) -> None:
    """List ended calls, newest first, all or those that fit."""
    with engine(timeout=60) as client:
        rows = client.cdrs(limit, **_parameters(wanted))
    columns = {
        "Call": lambda row: row["id"],
        "Started": lambda row: day_and_clock(row["started_at"])[5:],
        "Caller": lambda row: row["caller"] or "withheld",
        "Queue": lambda row: row["queue"],
        "Seat": lambda row: row["seat"],
        "Wait": lambda row: duration(row["wait_seconds"]),
        "Talk": lambda row: duration(row["talk_seconds"]),
        "Result": lambda row: words(row["result"]),
    }
    none = "No such call has ended." if any(wanted.values()) else "No call has ended yet."
    show_rows(rows, columns, as_json=as_json, none=none)


@cdr.command()
@click.argument("call", shell_complete=names(lambda client: client.cdrs(), "id", "caller"))
@json_option
def show(call: str, as_json: bool) -> None:
    """Show the ended call CALL with all its parts."""
    with engine() as client:
        found = client.cdr(call)
    if as_json:
        show_json(found)
        return
    from callcenter.cli.cdr_show import show_cdr

    show_cdr(found)


@cdr.command()
@_filters
@click.option("--format", "kind", type=click.Choice(_FORMATS), help="Else as FILE ends, or CSV.")
@click.option(
    "--output",
    "-o",
    "file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="File to write; - is standard output.",
)
def export(kind: str | None, file: Path, **wanted: Any) -> None:
    """Write ended calls to a file.

    CSV and XLSX have a row per call, JSON lines all its parts.
    """
    ending = file.suffix.removeprefix(".").lower()
    kind = kind or (ending if ending in _FORMATS else "csv")
    path = f"/v1/cdrs/export?{urlencode({'format': kind, **_parameters(wanted)})}"
    with engine(timeout=60) as client:
        octets = _write(client.stream(path), file)
    if str(file) != "-":
        click.echo(f"Wrote {file} ({octets:,} bytes).")


def _write(pieces: Iterable[bytes], file: Path) -> int:
    if str(file) == "-":
        return sum(sys.stdout.buffer.write(piece) for piece in pieces)
    return write_whole(pieces, file)


def _parameters(wanted: dict[str, Any]) -> dict[str, str]:
    """As the API names them; times are those of this machine's clock."""
    named = {"since": "from", "until": "to"}
    return {
        named.get(name, name): _text(value)
        for name, value in wanted.items()
        if value is not None and value != ""
    }


def _text(value: Any) -> str:
    return value.astimezone().isoformat() if isinstance(value, datetime) else str(value)
