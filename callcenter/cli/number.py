"""``callcenter number`` and ``callcenter tenant``: what is hosted, for whom, and where it leads."""

from typing import Any

import click

from callcenter.cli.routing import desk, given, path
from callcenter.cli.shown import clean, json_option, show_json, show_rows

_STATES = ("available", "applied", "prepaid", "active", "suspended", "sealed", "reclaimed")


@click.group()
def number() -> None:
    """Host numbers: where they lead, when, for how many."""


@number.command("list")
@click.option("--tenant", default="", help="Only numbers of this tenant.")
@json_option
def list_numbers(tenant: str, as_json: bool) -> None:
    """List hosted numbers."""
    with desk() as engine:
        rows = engine.ask("GET", path("numbers", tenant=tenant))
    columns = {
        "Number": lambda row: row["number"],
        "Tenant": lambda row: row["tenant"],
        "State": lambda row: row["state"],
        "Leads to": lambda row: row["destination"],
        "Hours": lambda row: row["hours"],
        "Closed": lambda row: row["closed_to"],
        "At once": lambda row: row["calls_limit"] or "any",
        "Only whitelist": lambda row: "yes" if row["whitelist_only"] else "",
    }
    show_rows(rows, columns, as_json=as_json, none="No number is hosted yet.")


@number.command("set")
@click.argument("number")
@click.option("--tenant", help="Whose number it is.")
@click.option("--to", "destination", help="Where calls go, like flow:main, queue:sales, lines:a.")
@click.option("--flow", help="Short for --to flow:NAME.")
@click.option("--hours", help="Plan of opening hours; none for always open.")
@click.option("--closed-to", help="Where calls go while closed; none for an announcement.")
@click.option("--holiday-to", help="Where calls go on holidays; none for as when closed.")
@click.option("--whitelist-only/--everybody", default=None, help="Who gets through.")
@click.option("--calls", "calls_limit", type=click.IntRange(0), help="Most calls at once; 0: any.")
@click.option("--over-to", "over_limit_to", help="Where more calls go; none for busy.")
@click.option("--fallback", help="Where calls go when their destination is broken.")
@click.option("--state", type=click.Choice(_STATES), help="Only active numbers take calls.")
@json_option
def set_number(number: str, flow: str | None, as_json: bool, **values: Any) -> None:
    """Host NUMBER, or change it; what is not given stays."""
    if flow is not None:
        values["destination"] = f"flow:{flow}"
    with desk(telling=True) as engine:
        row = engine.ask("PUT", path("numbers", number), given(**values))
    if as_json:
        show_json(row)
    else:
        text = f"Number {row['number']} of {row['tenant']} leads to {row['destination']}."
        click.echo(clean(text))


@number.command("remove")
@click.argument("number")
def remove_number(number: str) -> None:
    """Host NUMBER no more."""
    with desk(telling=True) as engine:
        engine.ask("DELETE", path("numbers", number))
    click.echo(clean(f"Number {number} is hosted no more."))


@click.group()
def tenant() -> None:
    """Set up the companies whose numbers are hosted."""


@tenant.command("list")
@json_option
def list_tenants(as_json: bool) -> None:
    """List tenants."""
    with desk() as engine:
        rows = engine.ask("GET", path("tenants"))
    columns = {
        "Tenant": lambda row: row["id"],
        "Name": lambda row: row["name"],
        "Language": lambda row: row["language"],
        "Zone": lambda row: row["zone"],
        "Country": lambda row: row["country"],
        "At once": lambda row: row["calls_limit"] or "any",
    }
    show_rows(rows, columns, as_json=as_json, none="No tenant has been set up.")


@tenant.command("set")
@click.argument("tenant")
@click.option("--name", help="As people call it.")
@click.option("--language", type=click.Choice(("zh", "en", "ja")), help="Language of prompts.")
@click.option("--zone", help="Time zone, like Asia/Shanghai.")
@click.option("--country", help="Where numbers without + belong, like CN.")
@click.option("--calls", "calls_limit", type=click.IntRange(0), help="Most calls at once; 0: any.")
@click.option(
    "--announce-listening",
    type=click.Choice(("none", "agent", "both")),
    help="Who is told before a supervisor listens.",
)
@click.option("--listens", type=click.IntRange(1, 100), help="Calls one may listen to at once.")
@json_option
def set_tenant(tenant: str, as_json: bool, **values: Any) -> None:
    """Make TENANT, or change it; what is not given stays."""
    with desk(telling=True) as engine:
        row = engine.ask("PUT", path("tenants", tenant), given(**values))
    if as_json:
        show_json(row)
    else:
        text = f"Tenant {row['id']}: {row['name']}, {row['language']}, {row['zone']}."
        click.echo(clean(text))
