"""``callcenter recording rule``: which talks are recorded."""

from typing import Any

import click

from callcenter.cli.routing import desk, given, path
from callcenter.cli.shown import clean, json_option, show_json, show_rows

_DIRECTIONS = click.Choice(["inbound", "outbound", "inside"])


@click.group()
def rule() -> None:
    """Say which talks are recorded.

    Of the rules that fit, one with --never beats all; else the most specific one decides: seat,
    queue, number, direction, tenant. Where none fits, the queue or line says it.
    """


@rule.command()
@click.argument("name")
@click.option("--tenant", default="", help="Only this tenant's talks.")
@click.option("--number", default="", help="Only calls to (or shown as) this number of ours.")
@click.option("--queue", default="", help="Only talks of this queue.")
@click.option("--seat", default="", help="Only talks of this seat.")
@click.option("--direction", type=_DIRECTIONS, help="Only calls that go this way.")
@click.option("--percentage", default=100.0, type=click.FloatRange(0, 100), help="So many of 100.")
@click.option("--never", is_flag=True, help="Never record; beats all other rules.")
@click.option("--announce", is_flag=True, help="Tell whoever is outside before.")
@click.option("--keep-days", type=click.IntRange(1, 36_500), help="Delete after so many days.")
@click.option("--pause-on-hold", is_flag=True, help="Do not record music on hold.")
def add(name: str, **values: Any) -> None:
    """Make or replace the rule NAME.

    What is left out is any.
    """
    with desk(telling=True) as engine:
        row = engine.ask("PUT", path("recording-rules", name), given(**values))
    click.echo(clean(f"Rule {name}: {_scope(row)}: {_says(row)}."))


@rule.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List rules in the order in which they count."""
    with desk() as engine:
        rows = engine.ask("GET", path("recording-rules"))
    columns = {
        "Rule": lambda row: row["rule"],
        "For": _scope,
        "Says": _says,
        "Keeps": lambda row: f"{row['keep_days']} days" if row["keep_days"] else "as set",
    }
    none = "There are no rules: queues and lines say what is recorded."
    show_rows(rows, columns, as_json=as_json, none=none)


@rule.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget the rule NAME."""
    with desk(telling=True) as engine:
        engine.ask("DELETE", path("recording-rules", name))
    click.echo(clean(f"Rule {name} is gone."))


@rule.command("try")
@click.option("--tenant", required=True, help="Whose talk.")
@click.option("--number", default="", help="Which number of ours.")
@click.option("--queue", default="", help="In which queue.")
@click.option("--seat", default="", help="With which seat.")
@click.option("--direction", type=_DIRECTIONS, default="inbound", help="Which way it goes.")
@click.option("--call", default="", help="A call's id, from which percentages are drawn.")
@json_option
def try_(as_json: bool, **values: Any) -> None:
    """Say whether a talk would be recorded, by which rule and why."""
    with desk() as engine:
        found = engine.ask("POST", path("recording-rules", "try"), values)
    if as_json:
        show_json(found)
        return
    wanted = "Recorded" if found["wanted"] else "Not recorded"
    told = ", after a notice" if found["wanted"] and found["announce"] else ""
    click.echo(clean(f"{wanted}{told}: {found['why']}."))


def _scope(row: dict[str, Any]) -> str:
    names = ("seat", "queue", "number", "direction", "tenant")
    return ", ".join(f"{name} {row[name]}" for name in names if row[name]) or "everything"


def _says(row: dict[str, Any]) -> str:
    if row["never"]:
        return "never"
    extra = [
        "after a notice" if row["announce"] else "",
        "not on hold" if row["pause_on_hold"] else "",
    ]
    return ", ".join([f"{row['percentage']:g} %", *filter(None, extra)])
