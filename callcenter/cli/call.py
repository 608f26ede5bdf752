"""``callcenter call``: calls that have not ended; why any call went where it went."""

import click

from callcenter.cli.reach import engine, names
from callcenter.cli.routing import path
from callcenter.cli.shown import clean, clock, duration, json_option, show_json, show_rows, words


@click.group()
def call() -> None:
    """List running calls; end one; explain any."""


@call.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List every running call."""
    with engine() as client:
        rows = client.calls()
    columns = {
        "Call": lambda row: row["call"],
        "State": lambda row: words(row["state"]),
        "Caller": lambda row: row["caller"] or "withheld",
        "Dialled": lambda row: row["dialled"],
        "Queue": lambda row: row["queue"],
        "Seat": lambda row: row["seat"],
        "Waits": lambda row: duration(row["waiting_seconds"]),
        "Talks": lambda row: duration(row["talking_seconds"]),
    }
    show_rows(rows, columns, as_json=as_json, none="No call is running.")


@call.command()
@click.argument("call", shell_complete=names(lambda client: client.calls(), "call", "caller"))
def hangup(call: str) -> None:
    """End the running call CALL."""
    with engine() as client:
        client.hang_up(call)
    click.echo(clean(f"Call {call} has ended."))


@call.command()
@click.argument("call", shell_complete=names(lambda client: client.calls(), "call", "caller"))
@click.option("--to", required=True, metavar="PLACE", help="seat:1002, queue:sales, ...")
def transfer(call: str, to: str) -> None:
    """Send the caller of CALL to PLACE.

    PLACE is seat:1002, queue:sales, extension:1003 or outside:13800000000.
    """
    with engine() as client:
        client.ask("POST", path("calls", call, "transfer"), {"to": to})
    click.echo(clean(f"Call {call} is sent to {to}."))


@call.command()
@click.argument("call", shell_complete=names(lambda client: client.cdrs(), "id", "caller"))
@json_option
def explain(call: str, as_json: bool) -> None:
    """Explain the running or ended call CALL.

    Every decision in order: the rule that routed it, each seat chosen and why others were not.
    """
    with engine() as client:
        found = client.explain(call)
    if as_json:
        show_json(found)
        return
    for moment in found["moments"]:
        click.echo(clean(f"{clock(moment['at'])}  {moment['what']}"))
        for passed in moment["passed"]:
            click.echo(clean(f"            not {passed['who']}: {passed['why']}"))
        if moment["unlisted"]:
            click.echo(f"            and {moment['unlisted']} further seats")
