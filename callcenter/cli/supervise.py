"""Acts of supervisors: further commands of ``call``, ``queue`` and ``seat``.

Each returns when it is done, or says in one sentence why it is not.
"""

import click

from callcenter.cli.call import call
from callcenter.cli.queue import queue
from callcenter.cli.reach import engine, names
from callcenter.cli.routing import desk, path
from callcenter.cli.seat import seat
from callcenter.cli.shown import clean, clock, json_option, show_rows

_PATIENCE = 45.0  # seconds: a phone is rung for 20, after an announcement
_MODES = click.Choice(("monitor", "whisper", "barge"))

_call = click.argument(
    "call",
    metavar="CALL",
    shell_complete=names(lambda client: client.calls(), "call", "caller"),
)
_seats = names(lambda client: client.seats(), "seat", "name")
_queues = names(lambda client: client.queues(), "queue", "tenant")
_as_phone = click.option(
    "--as",
    "who",
    required=True,
    metavar="SEAT_OR_NUMBER",
    shell_complete=_seats,
    help="Whose phone: a seat, an extension or an outside number.",
)
_as_seat = click.option(
    "--as", "who", required=True, metavar="SEAT", shell_complete=_seats, help="Which seat."
)


@call.command()
@_call
@_as_phone
def monitor(call: str, who: str) -> None:
    """Listen to CALL.

    Nobody hears the listener. Once more on the same call: back to this from another mode.
    """
    _listen(call, "monitor", who)


@call.command()
@_call
@_as_phone
def whisper(call: str, who: str) -> None:
    """Listen to CALL and speak to its agent.

    The caller hears nothing of it.
    """
    _listen(call, "whisper", who)


@call.command()
@_call
@_as_phone
def barge(call: str, who: str) -> None:
    """Listen to CALL and speak to both."""
    _listen(call, "barge", who)


def _listen(call: str, mode: str, who: str) -> None:
    with engine(_PATIENCE) as client:
        row = client.ask("POST", path("calls", call, "listen"), {"mode": mode, "who": who})
    click.echo(clean(f"{row['who']} listens to {row['call']}: {row['mode']}."))
    click.echo("Keys on that phone: 4 monitor, 5 whisper, 6 barge.")


@call.command("mode")
@_call
@click.argument("mode", type=_MODES)
@click.option(
    "--as",
    "who",
    default="",
    metavar="SEAT_OR_NUMBER",
    shell_complete=_seats,
    help="Whose mode, where several listen.",
)
def mode_(call: str, mode: str, who: str) -> None:
    """Switch who listens to CALL to monitor, whisper or barge."""
    with engine() as client:
        row = client.ask("POST", path("calls", call, "mode"), {"mode": mode, "who": who})
    click.echo(clean(f"{row['who']} listens to {row['call']}: {row['mode']}."))


@call.command()
@_call
@_as_phone
def leave(call: str, who: str) -> None:
    """Take a listener or a third party out of CALL.

    The talk goes on.
    """
    with engine() as client:
        client.ask("POST", path("calls", call, "leave"), {"who": who})
    click.echo(clean(f"{who} is out of {call}."))


@call.command()
@json_option
def listeners(as_json: bool) -> None:
    """List who listens to which call, or has joined it."""
    with engine() as client:
        rows = client.ask("GET", "/v1/listeners")
    columns = {
        "Call": lambda row: row["call"],
        "Who": lambda row: row["who"],
        "Mode": lambda row: row["mode"] + (" (ringing)" if row["ringing"] else ""),
        "Since": lambda row: clock(row["since"]),
        "By": lambda row: row["by"],
    }
    show_rows(rows, columns, as_json=as_json, none="Nobody listens.")


@call.command()
@_call
@_as_seat
def pickup(call: str, who: str) -> None:
    """Take the waiting or ringing CALL to a seat."""
    with engine() as client:
        client.ask("POST", path("calls", call, "pickup"), {"seat": who})
    click.echo(clean(f"Call {call} comes to seat {who}."))


@call.command()
@_call
@_as_seat
def takeover(call: str, who: str) -> None:
    """Take the caller of the talking CALL to a seat.

    The agent whom the caller talked with goes to wrap-up.
    """
    with engine() as client:
        client.ask("POST", path("calls", call, "takeover"), {"seat": who})
    click.echo(clean(f"Call {call} comes to seat {who}."))


@call.command()
@click.argument(
    "calls",
    nargs=-1,
    required=True,
    metavar="CALL...",
    shell_complete=names(lambda client: client.calls(), "call", "caller"),
)
@click.option(
    "--with",
    "guests",
    multiple=True,
    metavar="SEAT_OR_NUMBER",
    shell_complete=_seats,
    help="Whose phone joins; may be given several times.",
)
def conference(calls: tuple[str, ...], guests: tuple[str, ...]) -> None:
    """Bring others into the talk of CALL: all hear all."""
    body = {"calls": list(calls[1:]), "guests": list(guests)}
    with engine(_PATIENCE) as client:
        client.ask("POST", path("calls", calls[0], "conference"), body)
    click.echo(clean(f"In the talk of {', '.join(calls)}: {', '.join(guests) or 'all'}."))


@call.group()
def record() -> None:
    """Record a running call, or leave something out of it."""


def _record(word: str, text: str, done: str) -> None:
    @record.command(word, help=text)
    @_call
    def act(call: str) -> None:
        with engine() as client:
            client.ask("POST", path("calls", call, "recording", word))
        click.echo(clean(f"The recording of {call} {done}."))


_record("start", "Record CALL from now on, unless a rule says never.", "runs")
_record("stop", "Record no more of CALL.", "is stopped")
_record("pause", "Leave out what is said in CALL from now on.", "is paused")
_record("resume", "Go on recording CALL.", "goes on")


@queue.command()
@_call
@click.option("--to", required=True, metavar="QUEUE", shell_complete=_queues, help="Where to.")
def move(call: str, to: str) -> None:
    """Have the waiting CALL wait in another queue.

    The time that was waited counts there too.
    """
    with engine() as client:
        client.ask("POST", path("calls", call, "move"), {"queue": to})
    click.echo(clean(f"Call {call} waits in {to}."))


@queue.command()
@_call
@click.option("--priority", type=click.IntRange(-1000, 1000), help="Higher is sooner.")
@click.option("--first", is_flag=True, help="Before all others.")
def prioritise(call: str, priority: int | None, first: bool) -> None:
    """Have the waiting CALL served sooner or later."""
    if (priority is None) is not first:
        raise click.UsageError("Give --priority or --first, one of both.")
    with engine() as client:
        body = {"priority": priority, "first": first}
        row = client.ask("POST", path("calls", call, "prioritise"), body)
    click.echo(clean(f"Call {call} has priority {row['priority']}."))


@seat.command()
@click.argument("seat", metavar="SEAT", shell_complete=_seats)
@click.argument("most", type=click.IntRange(0, 100))
def listens(seat: str, most: int) -> None:
    """Let SEAT listen to so many calls at once; 0: as its tenant."""
    with desk(telling=True) as reached:
        reached.ask("PUT", path("seats", seat, "listens"), {"most": most})
    text = f"{most} calls at once" if most else "as many as its tenant allows"
    click.echo(clean(f"Seat {seat} listens to {text}."))


@seat.command()
@click.argument("seat", metavar="SEAT", shell_complete=_seats)
@click.argument("status", type=click.Choice(("ready", "busy", "logged-out")))
@click.option("--reason", default="", help="Why it is busy, as reports show it.")
def force(seat: str, status: str, reason: str) -> None:
    """Make SEAT ready or busy, or log it out, for its agent."""
    with engine() as client:
        body = {"status": status, "reason": reason}
        row = client.ask("POST", path("seats", seat, "force"), body)
    click.echo(clean(f"Seat {row['seat']} is {row['status'].replace('_', ' ')}."))
