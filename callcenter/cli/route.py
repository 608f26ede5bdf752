"""``callcenter route explain``: what would become of a call, without placing it."""

from datetime import datetime
from typing import Any

import click

from callcenter.cli.routing import desk, path
from callcenter.cli.shown import clean, json_option, show_facts, show_json, show_rows


@click.group()
def route() -> None:
    """Ask where a call would go."""


@route.command()
@click.option("--from", "caller", default="", help="The caller's number; without it, withheld.")
@click.option("--to", "dialled", required=True, help="The number dialled.")
@click.option("--at", default="", help="When, like 2026-10-01T09:30; without it, now.")
@click.option(
    "--source",
    type=click.Choice(("trunk", "extension")),
    default="trunk",
    help="Where it comes from.",
)
@click.option("--calls-now", type=click.IntRange(0), default=0, help="Other calls of the number.")
@click.option("--tenant-calls-now", type=click.IntRange(0), default=0, help="And of its tenant.")
@json_option
def explain(caller: str, dialled: str, at: str, as_json: bool, **facts: Any) -> None:
    """Show the decision and every rule that was looked at.

    A time without offset is one of this machine's zone. No call is placed.
    """
    body = {"from": caller, "to": dialled, **facts} | ({"at": _time(at)} if at else {})
    with desk() as engine:
        found = engine.ask("POST", path("route", "explain"), body)
    if as_json:
        show_json(found)
        return
    columns = {
        "Rule": lambda row: row["rule"],
        "Outcome": lambda row: row["outcome"],
        "Configured at": lambda row: row["where"],
    }
    show_rows(found["looked"], columns, as_json=False, none="No rule was looked at.")
    click.echo()
    show_facts(
        {
            "Decision": found["destination"],
            "By": found["rule"],
            "Tenant": found["tenant"],
            "Region": found["region"],
            "Fallback": found["fallback"],
        }
    )


def _time(text: str) -> str:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise click.BadParameter(
            clean(f"{text!r} is no time; write 2026-10-01T09:30 or with an offset, +08:00"),
            param_hint="--at",
        ) from None
    return (at if at.tzinfo else at.astimezone()).isoformat()
