"""``callcenter queue``: who waits where."""

import click

from callcenter.cli.reach import engine
from callcenter.cli.shown import duration, json_option, show_rows


@click.group()
def queue() -> None:
    """List queues."""


@queue.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List every queue with who waits and who could answer."""
    with engine() as client:
        rows = client.queues()
    columns = {
        "Queue": lambda row: row["queue"],
        "Tenant": lambda row: row["tenant"],
        "Waiting": lambda row: row["waiting"],
        "Longest": lambda row: duration(row["longest_wait"]) if row["waiting"] else "",
        "Ready": lambda row: row["seats_ready"],
        "Logged in": lambda row: row["seats_logged_in"],
    }
    show_rows(rows, columns, as_json=as_json, none="No queue has been set up.")
