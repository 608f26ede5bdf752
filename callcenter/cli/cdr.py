"""``callcenter cdr``: what is kept of ended calls."""

from typing import Any

import click

from callcenter.cli.reach import engine, names
from callcenter.cli.shown import (
    clock,
    day_and_clock,
    duration,
    json_option,
    show_facts,
    show_json,
    show_rows,
    words,
)


@click.group()
def cdr() -> None:
    """List ended calls; show one with its legs."""


@cdr.command("list")
@click.option(
    "--most",
    type=click.IntRange(1, 1000),
    default=50,
    show_default=True,
    help="How many, newest first.",
)
@json_option
def list_(most: int, as_json: bool) -> None:
    """List ended calls, newest first."""
    with engine() as client:
        rows = client.cdrs(most)
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
    show_rows(rows, columns, as_json=as_json, none="No call has ended yet.")


@cdr.command()
@click.argument("call", shell_complete=names(lambda client: client.cdrs(), "id", "caller"))
@json_option
def show(call: str, as_json: bool) -> None:
    """Show the ended call CALL with its legs."""
    with engine() as client:
        found = client.cdr(call)
    if as_json:
        show_json(found)
        return
    show_facts(_facts(found))
    click.echo()
    columns = {
        "Leg": lambda leg: leg["kind"],
        "Phone": lambda leg: leg["endpoint"],
        "Seat": lambda leg: leg["seat"],
        "Started": lambda leg: clock(leg["started_at"]),
        "Rang": lambda leg: clock(leg["rang_at"]),
        "Answered": lambda leg: clock(leg["answered_at"]),
        "Ended": lambda leg: clock(leg["ended_at"]),
        "Outcome": lambda leg: words(leg["outcome"]),
    }
    show_rows(found["legs"], columns, as_json=False, none="It has no legs.")


def _facts(found: dict[str, Any]) -> dict[str, object]:
    return {
        "Call": found["id"],
        "Tenant": found["tenant"],
        "Caller": " ".join(filter(None, (found["caller"] or "withheld", found["caller_name"]))),
        "Dialled": found["dialled"],
        "Rule": found["rule"],
        "Queue": found["queue"],
        "Seat": found["seat"],
        "Started": day_and_clock(found["started_at"]),
        "Answered": day_and_clock(found["answered_at"]),
        "Ended": f"{day_and_clock(found['ended_at'])} by {found['ended_by']}",
        "Result": f"{words(found['result'])}, cause {found['cause']}",
        "Wait": duration(found["wait_seconds"]),
        "Talk": duration(found["talk_seconds"]),
        "Engine away": f"{found['resumed']} times" if found["resumed"] else "",
        "Recording": _recording(found),
        "SHA-256": found["sha256"],
    }


def _recording(found: dict[str, Any]) -> str:
    if not found["recording"]:
        return ""
    levels = (_level(found["caller_rms"]), _level(found["seat_rms"]))
    length = duration(found["recording_seconds"])
    return f"{found['recording']}, {length}, caller {levels[0]}, seat {levels[1]}"


def _level(rms: float | None) -> str:
    return "silent" if rms is None else f"{rms:.1f} dBFS"
