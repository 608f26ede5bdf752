"""``callcenter call``: calls that have not ended."""

import click

from callcenter.cli.reach import engine, names
from callcenter.cli.shown import clean, duration, json_option, show_rows, words


@click.group()
def call() -> None:
    """List running calls; end one."""


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
    click.echo(clean(f"Call {call} is being ended."))
