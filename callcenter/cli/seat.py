"""``callcenter seat``: what agents say and what is seen of them."""

import click

from callcenter.cli.reach import engine, names
from callcenter.cli.routing import desk, path
from callcenter.cli.shown import clean, clock, json_option, show_rows, words

_seat = click.argument(
    "seat", shell_complete=names(lambda client: client.seats(), "seat", "name"), metavar="SEAT"
)


@click.group()
def seat() -> None:
    """List seats; log them in and out, make them ready or busy."""


@seat.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List every seat."""
    with engine() as client:
        rows = client.seats()
    columns = {
        "Seat": lambda row: row["seat"],
        "Name": lambda row: row["name"],
        "Status": _status,
        "State": lambda row: words(row["state"]),
        "Phone": lambda row: row["extension"],
        "Call": lambda row: row["call"],
        "Since": lambda row: clock(row["since"]),
    }
    show_rows(rows, columns, as_json=as_json, none="No seat has been set up.")


@seat.command()
@_seat
@click.argument("extension")
def login(seat: str, extension: str) -> None:
    """Log SEAT in at the phone EXTENSION."""
    with engine() as client:
        _tell(client.log_in(seat, extension))


@seat.command()
@_seat
def logout(seat: str) -> None:
    """Log SEAT out."""
    with engine() as client:
        _tell(client.log_out(seat))


@seat.command()
@_seat
def ready(seat: str) -> None:
    """Let SEAT take calls."""
    with engine() as client:
        _tell(client.ready(seat))


@seat.command()
@_seat
@click.option("--reason", default="", help="Why, as reports show it.")
def busy(seat: str, reason: str) -> None:
    """Let SEAT take no calls for now."""
    with engine() as client:
        _tell(client.busy(seat, reason))


def _status(row: dict[str, str]) -> str:
    reason = f" ({row['reason']})" if row["reason"] else ""
    return words(row["status"]) + reason


@seat.command()
@_seat
@click.argument("skills", nargs=-1, metavar="[SKILL=LEVEL]...")
def skill(seat: str, skills: tuple[str, ...]) -> None:
    """Set all skills of SEAT (ja=3 vip=1), or print them."""
    where = path("seats", seat, "skills")
    with desk(telling=bool(skills)) as reached:
        if skills:
            has = reached.ask("PUT", where, dict(_level(text) for text in skills))
        else:
            has = reached.ask("GET", where)
    shown = ", ".join(f"{name} {level}" for name, level in has.items())
    click.echo(clean(f"Seat {seat}: {shown or 'no skills'}."))


def _level(text: str) -> tuple[str, int]:
    name, _, level = text.partition("=")
    if not name or not (level or "1").isdigit():
        raise click.BadParameter(f"{text!r}: write a skill and its level, such as ja=3.")
    return name, int(level or 1)


def _tell(row: dict[str, str]) -> None:
    at = f" at phone {row['extension']}" if row["extension"] else ""
    click.echo(clean(f"Seat {row['seat']} is {_status(row)}{at}."))
