"""``callcenter seat``: what agents say and what is seen of them."""

import click

from callcenter.cli.reach import engine, names
from callcenter.cli.routing import desk, path
from callcenter.cli.shown import (
    clean,
    clock,
    duration,
    json_option,
    show_json,
    show_rows,
    words,
)
from callcenter.kernel.errors import Refused

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
@click.argument("extension", required=False, default="")
@click.option("--outside", default="", metavar="NUMBER", help="An outside telephone instead.")
@click.option("--nailed-up", is_flag=True, help="Stay on the line between calls: refused.")
def login(seat: str, extension: str, outside: str, nailed_up: bool) -> None:
    """Log SEAT in at the phone EXTENSION.

    At an outside telephone the agent presses 1 to take each call; a line that stays open between
    calls (nailed-up) is not to be had yet.
    """
    if nailed_up:
        raise Refused(
            "A seat cannot stay on the line between calls yet; leave --nailed-up out: its telephone"
            " is rung for each call, and the agent presses 1."
        )
    if not extension and not outside:
        here = click.get_current_context()
        raise click.MissingParameter(ctx=here, param_type="argument", param_hint="'EXTENSION'")
    with engine() as client:
        if outside:
            where = path("seats", seat, "login")
            _tell(client.ask("POST", where, {"extension": extension, "outside": outside}))
        else:
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


@seat.command()
@_seat
@click.argument("seconds", type=float)
def wrapup(seat: str, seconds: float) -> None:
    """Give SEAT so many SECONDS more of wrap-up."""
    with engine() as client:
        _tell(client.ask("POST", path("seats", seat, "wrapup"), {"seconds": seconds}))


@seat.command()
@_seat
@click.argument("code")
def dispose(seat: str, code: str) -> None:
    """Say that CODE came of the last call of SEAT."""
    with engine() as client:
        _tell(client.ask("POST", path("seats", seat, "dispose"), {"code": code}))


@seat.command()
@click.argument("tenant")
@click.argument("pauses", nargs=-1, metavar="[KEY=NAME[:MINUTES]]...")
@json_option
def reasons(tenant: str, pauses: tuple[str, ...], as_json: bool) -> None:
    """List why agents of TENANT may be busy, or set it.

    All reasons at once, each with the key that agents press: 1=break:15 3=meeting.
    """
    where = path("tenants", tenant, "pauses")
    with desk(telling=bool(pauses)) as reached:
        if pauses:
            rows = reached.ask("PUT", where, {"pauses": [_pause(text) for text in pauses]})
        else:
            rows = reached.ask("GET", where)
    columns = {
        "Key": lambda row: row["key"],
        "Reason": lambda row: row["name"],
        "Minutes": lambda row: f"{row['minutes']:g}" if row["minutes"] else "",
    }
    show_rows(rows, columns, as_json=as_json, none="There are no reasons.")


@seat.command()
@_seat
@json_option
def times(seat: str, as_json: bool) -> None:
    """Show how SEAT spent the last day."""
    with engine() as client:
        row = client.ask("GET", path("seats", seat, "times"))
    if as_json:
        show_json(row)
        return
    for part, seconds in sorted(row["parts"].items()):
        click.echo(clean(f"{words(part):20} {duration(seconds)}"))
    click.echo(f"{'Logged in':20} {duration(row['logged_in'])}")


@seat.command()
@_seat
@click.argument("text")
@click.option("--from", "sender", default="callcenter", help="Number or name it comes from.")
def message(seat: str, text: str, sender: str) -> None:
    """Send TEXT to the phone of SEAT."""
    with engine() as client:
        client.ask("POST", path("seats", seat, "message"), {"sender": sender, "text": text})
    click.echo(clean(f"Sent to seat {seat}."))


def _pause(text: str) -> dict[str, object]:
    key, _, rest = text.partition("=")
    name, _, minutes = rest.partition(":")
    if not key.isdigit() or not name or not (minutes or "1").isdigit():
        raise click.BadParameter(f"{text!r}: write key, name and minutes, such as 1=break:15.")
    return {"key": key, "name": name, "minutes": int(minutes) if minutes else None}


def _tell(row: dict[str, str]) -> None:
    at = f" at phone {row['extension']}" if row["extension"] else ""
    click.echo(clean(f"Seat {row['seat']} is {_status(row)}{at}."))
