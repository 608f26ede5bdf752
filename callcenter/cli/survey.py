"""``callcenter survey``: what callers answered when the seat had hung up."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import click

from callcenter.cli.routing import Desk, desk, path
from callcenter.cli.shown import day_and_clock, json_option, show_rows
from callcenter.cli.sounds import deliver, tell_checked

_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"])


_PAGE = 1000  # answers that the engine gives at once


@click.group()
def survey() -> None:
    """List answers of callers, their results and their comments."""


def _filters(command: Any) -> Any:
    for option in (
        click.option("--tenant", default="", help="Only this tenant's."),
        click.option("--survey", default="", help="Only this survey."),
        click.option("--queue", default="", help="Only of callers of this queue."),
        click.option("--seat", default="", help="Only of callers of this seat."),
        click.option("--from", "since", type=_MOMENT, help="From this day or moment on."),
        click.option("--to", "until", type=_MOMENT, help="Before this day or moment."),
    ):
        command = option(command)
    return command


@survey.command("list")
@_filters
@click.option("--most", type=click.IntRange(1, 1000), default=50, help="How many to show.")
@json_option
def list_(as_json: bool, **wanted: Any) -> None:
    """List answers, newest first."""
    with desk() as reached:
        rows = reached.ask("GET", f"/v1/survey/answers?{_query(wanted)}")
    columns = {
        "Answered": lambda row: day_and_clock(row["at"]),
        "Survey": lambda row: row["survey"],
        "Question": lambda row: row["question"],
        "Answer": lambda row: row["answer"] or ("spoken" if row["comment"] else "none"),
        "Queue": lambda row: row["queue"],
        "Seat": lambda row: row["seat"],
        "Call": lambda row: row["call"],
        "No.": lambda row: row["position"],
    }
    show_rows(rows, columns, as_json=as_json, none="Nobody has been asked.")


@survey.command()
@click.option(
    "--by",
    type=click.Choice(["seat", "queue", "survey"]),
    default="seat",
    show_default=True,
    help="What each row is of.",
)
@_filters
@json_option
def results(as_json: bool, **wanted: Any) -> None:
    """Show how often each question was answered, and how."""
    with desk() as reached:
        rows = reached.ask("GET", f"/v1/survey/results?{_query(wanted)}")
    columns = {
        "Survey": lambda row: row["survey"],
        "Question": lambda row: row["question"],
        wanted["by"].capitalize() + " ": lambda row: row["of"] or "all",
        "Asked": lambda row: row["asked"],
        "Answered": lambda row: row["answered"],
        "Mean": lambda row: "" if row["mean"] is None else f"{row['mean']:.2f}",
        "Comments": lambda row: row["comments"],
        "Answers": lambda row: "  ".join(f"{key}: {n}" for key, n in row["answers"].items()),
    }
    show_rows(rows, columns, as_json=as_json, none="Nobody has been asked.")


@survey.command()
@click.argument("call")
@click.argument("number", type=int)
@click.argument("file", default="")
def comment(call: str, number: int, file: str) -> None:
    """Play the spoken answer NUMBER of CALL, or write it to a file.

    A WAV file; FILE - is stdout.
    """
    with desk() as reached:
        sound = reached.ask("GET", path("survey", "answers", call, str(number), "comment"))
    deliver(bytes(sound), file)


@survey.command()
@_filters
@json_option
def verify(as_json: bool, **wanted: Any) -> None:
    """Check the sounds of spoken answers.

    Names each that is gone or is not what was kept, and then ends with exit status 1.
    """
    with desk() as reached:
        found = [
            reached.ask(
                "GET", path("survey", "answers", row["call"], str(row["position"]), "verify")
            )
            for row in _spoken(reached, wanted)
        ]
    tell_checked(found, "spoken answers", as_json=as_json)


def _spoken(reached: Desk, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All of them, newest first: a page begins where the one before ended, and moments may be the
    same, so some rows come twice."""
    seen: set[tuple[str, int]] = set()
    until = wanted.pop("until")
    while True:
        rows = reached.ask(
            "GET", f"/v1/survey/answers?{_query({**wanted, 'until': until, 'most': _PAGE})}"
        )
        fresh = [row for row in rows if (row["call"], row["position"]) not in seen]
        seen.update((row["call"], row["position"]) for row in fresh)
        yield from (row for row in fresh if row["comment"])
        if len(rows) < _PAGE or not fresh:
            return
        until = datetime.fromisoformat(rows[-1]["at"]) + timedelta(microseconds=1)


def _query(wanted: dict[str, Any]) -> str:
    return urlencode({name: _text(value) for name, value in wanted.items() if value})


def _text(value: Any) -> str:
    """Moments are those of this machine's clock."""
    return value.astimezone().isoformat() if isinstance(value, datetime) else str(value)
