"""``callcenter recording``: find, hear, export, check, hold and remove what was recorded."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from callcenter.cli.files import FileProblem
from callcenter.cli.recording_rules import rule
from callcenter.cli.routing import Desk, desk, path
from callcenter.cli.shown import (
    clean,
    day_and_clock,
    duration,
    json_option,
    show_facts,
    show_json,
    show_rows,
)
from callcenter.cli.sounds import play_file
from callcenter.kernel.errors import CallCenterError, NotFound, Refused

_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
_PAGE = 1000
_recording = click.argument("recording")


class BadRecordings(CallCenterError):
    """A check has found something."""

    code = "recordings_damaged"
    exit_status = 1


@click.group()
def recording() -> None:
    """Find, hear, check and keep recordings."""


recording.add_command(rule)


def _search(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--call", default="", help="Only of this call."),
        click.option("--caller", default="", help="Only of this caller."),
        click.option("--number", default="", help="Only of this number of ours."),
        click.option("--seat", default="", help="Only talks of this seat."),
        click.option("--queue", default="", help="Only talks of this queue."),
        click.option("--tenant", default="", help="Only of this tenant."),
        click.option("--from", "since", type=_MOMENT, help="From this day or moment on."),
        click.option("--to", "until", type=_MOMENT, help="Before this day or moment."),
    ):
        command = option(command)
    return command


@recording.command("list")
@_search
@click.option("--state", default="", help="raw, kept, empty or removed.")
@click.option("--most", default=50, type=click.IntRange(1, _PAGE), help="At most so many.")
@json_option
def list_(most: int, as_json: bool, **asked: Any) -> None:
    """List recordings, newest first."""
    with desk() as engine:
        rows = engine.ask("GET", _asked(asked, most))
    columns = {
        "Recording": lambda row: row["id"],
        "Began": lambda row: day_and_clock(row["started_at"]),
        "Length": lambda row: duration(row["seconds"]),
        "Caller": lambda row: row["caller"] or "withheld",
        "Seats": lambda row: ", ".join(row["seats"]),
        "Queue": lambda row: ", ".join(row["queues"]),
        "State": _state,
    }
    show_rows(rows, columns, as_json=as_json, none="Nothing was recorded.")


@recording.command()
@_recording
@json_option
def show(recording: str, as_json: bool) -> None:
    """Show all that is known of RECORDING."""
    with desk() as engine:
        found = engine.ask("GET", path("recordings", _one(engine, recording)))
    if as_json:
        show_json(found)
        return
    shown = {name.replace("_", " "): value for name, value in found.items()}
    shown["pauses"] = ", ".join(
        f"{day_and_clock(one['at'])} to {day_and_clock(one['until']) or 'the end'} ({one['by']})"
        for one in found["pauses"]
    )
    shown["seats"], shown["queues"] = ", ".join(found["seats"]), ", ".join(found["queues"])
    show_facts(shown)


@recording.command()
@_recording
def play(recording: str) -> None:
    """Play RECORDING on this machine.

    The id of a call that has one only will do.
    """
    with desk() as engine, tempfile.NamedTemporaryFile(suffix=".wav") as file:
        _fetch(engine, _one(engine, recording), Path(file.name))
        if not play_file(Path(file.name)):
            raise NotFound(
                "This machine cannot play sounds: install sox or alsa-utils (aplay), or write it "
                f"to a file with `callcenter recording export {recording} FILE`."
            )


@recording.command()
@_recording
@click.argument("file")
def export(recording: str, file: str) -> None:
    """Write RECORDING to a WAV file.

    The id of a call that has one only will do; FILE - is stdout.
    """
    with desk() as engine:
        name = _one(engine, recording)
        if file == "-":
            for piece in _pieces(engine, name):
                sys.stdout.buffer.write(piece)
            return
        _fetch(engine, name, Path(file))
    click.echo(clean(f"Written to {file}."), err=True)


@recording.command()
@click.argument("recordings", nargs=-1)
@_search
@json_option
def verify(recordings: tuple[str, ...], as_json: bool, **asked: Any) -> None:
    """Check RECORDINGS, or all that are found.

    File and sound must be what was kept. Names each that is not, and then ends with exit status 1.
    """
    bad: list[dict[str, Any]] = []
    count = 0
    with desk() as engine:
        names = iter(recordings) if recordings else _all(engine, asked)
        for name in names:
            found = engine.ask("GET", path("recordings", name, "verify"))
            count += found["state"] == "kept"
            if not found["ok"]:
                bad.append(found)
                if not as_json:
                    click.echo(clean(f"{found['id']}: {found['why']}"))
    if as_json:
        show_json({"checked": count, "bad": bad})
    if bad:
        names_of = ", ".join(one["id"] for one in bad[:5])
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise BadRecordings(
            f"{len(bad)} of {count} recordings are not what was kept: {names_of}{more}; "
            "bring their files back from the back-up."
        )
    if not as_json:
        click.echo(f"{count} recordings checked; all are what was kept.")


@recording.command()
@_recording
@click.option("--why", required=True, help="Why it must be kept; goes on record.")
def hold(recording: str, why: str) -> None:
    """Keep RECORDING until it is released."""
    with desk() as engine:
        engine.ask("PUT", path("recordings", recording, "hold"), {"why": why})
    click.echo(clean(f"Recording {recording} is held: {why}."))


@recording.command()
@_recording
def release(recording: str) -> None:
    """Let the time of RECORDING count again."""
    with desk() as engine:
        engine.ask("DELETE", path("recordings", recording, "hold"))
    click.echo(clean(f"Recording {recording} is held no more."))


@recording.command()
@_recording
@click.option("--why", required=True, help="Why it goes; stays on record.")
def remove(recording: str, why: str) -> None:
    """Delete the sound of RECORDING.

    That it was there stays on record.
    """
    with desk() as engine:
        engine.ask("POST", path("recordings", recording, "remove"), {"why": why})
    click.echo(clean(f"Recording {recording} is removed."))


@recording.command("rotate-key")
@click.option("--tenant", default="", help="Only this tenant's data key.")
def rotate_key(tenant: str) -> None:
    """Encrypt what comes with new keys.

    What was kept stays readable. Without --tenant there is a new master key too, and every
    data key is wrapped anew.
    """
    with desk() as engine:
        made = engine.ask("POST", path("recording-keys", "rotate"), {"tenant": tenant})
    master = "" if tenant else " and a new master key; copy its file to where you keep the old one"
    click.echo(f"{made['tenants']} tenants have a new data key{master}.")


@recording.group()
def backup() -> None:
    """See to copies of recordings."""


@backup.command("status")
@json_option
def status(as_json: bool) -> None:
    """Show how far the copies are."""
    with desk() as engine:
        _backup(engine.ask("GET", path("recording-backup")), as_json=as_json)


@backup.command("run")
@json_option
def run(as_json: bool) -> None:
    """Copy now what is missing.

    Copies of recordings that were removed are deleted.
    """
    with desk() as engine:
        _backup(engine.ask("POST", path("recording-backup", "run")), as_json=as_json)


def _backup(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    show_facts(
        {
            "Place": found["place"] or "none; set recordings_backup",
            "Copied": found["copied"],
            "Waiting": found["waiting"],
            "To be deleted": found["left"],
            "Failed": found["failed"],
            "Newest copy": day_and_clock(found["newest"]),
            "Last error": found["error"],
        }
    )


def _asked(asked: dict[str, Any], most: int) -> str:
    query = {
        name: value.astimezone().isoformat() if isinstance(value, datetime) else value
        for name, value in asked.items()
    }
    return path("recordings", most=most, **query)


def _all(engine: Desk, asked: dict[str, Any]) -> Iterator[str]:
    """Every recording, a page at a time; those of one moment stand on both sides of a page."""
    seen: set[str] = set()
    while True:
        rows = engine.ask("GET", _asked(asked, _PAGE))
        fresh = [row for row in rows if row["id"] not in seen]
        yield from (row["id"] for row in fresh)
        if len(rows) < _PAGE or not fresh:
            return
        seen = {row["id"] for row in rows}
        last = datetime.fromisoformat(rows[-1]["started_at"])
        asked = asked | {"until": last.replace(microsecond=min(999_999, last.microsecond + 1))}


def _one(engine: Desk, name: str) -> str:
    """The recording, or the only one of a call of that name."""
    rows = engine.ask("GET", path("recordings", call=name))
    kept = [row for row in rows if row["state"] != "empty"] or rows
    if len(kept) > 1:
        names = ", ".join(sorted(row["id"] for row in kept))
        raise Refused(f"Call {name} has {len(kept)} recordings: {names}; name one of them.")
    return str(kept[0]["id"]) if kept else name


def _pieces(engine: Desk, name: str) -> Iterator[bytes]:
    begin, size = 0, 1
    while begin < size:
        piece, size = engine.piece(path("recordings", name, "audio"), begin)
        begin += len(piece)
        yield piece


def _fetch(engine: Desk, name: str, file: Path) -> None:
    pieces = _pieces(engine, name)
    first = next(pieces)  # what cannot be had leaves no file behind
    try:
        with file.open("wb") as out:
            out.write(first)
            for piece in pieces:
                out.write(piece)
    except OSError as error:
        raise FileProblem(f"{file} cannot be written: {error.strerror}.") from None


def _state(row: dict[str, Any]) -> str:
    held = " (held)" if row["hold"] else ""
    return f"{row['state']}{held}"
