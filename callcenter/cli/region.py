"""``callcenter region``: callers of a region go to a branch of theirs, or are refused."""

import click

from callcenter.cli.routing import desk, path
from callcenter.cli.shown import clean, json_option, show_rows

_tenant = click.option("--tenant", required=True, help="Whose rule; * blocks for everybody.")
_number = click.option("--number", default="", help="Only for this number of the tenant.")


@click.group()
def region() -> None:
    """Route or block callers by region."""


@region.command("list")
@click.option("--tenant", default="", help="Only rules of this tenant.")
@json_option
def list_(tenant: str, as_json: bool) -> None:
    """List rules by region."""
    with desk() as engine:
        rows = engine.ask("GET", path("regions", tenant=tenant))
    columns = {
        "Region": lambda row: row["region"],
        "Tenant": lambda row: row["tenant"],
        "Number": lambda row: row["number"] or "all",
        "Leads to": lambda row: row["destination"],
    }
    show_rows(rows, columns, as_json=as_json, none="No region has a rule.")


@region.command("set")
@click.argument("region")
@click.argument("destination")
@_tenant
@_number
def set_(region: str, destination: str, tenant: str, number: str) -> None:
    """Send callers from REGION to DESTINATION.

    REGION is like CN, CN/Guangdong, CN/广东/佛山 or JP/Hokkaido/Sapporo; refuse:rejected blocks it.
    """
    body = {"tenant": tenant, "number": number, "region": region, "destination": destination}
    with desk(telling=True) as engine:
        row = engine.ask("PUT", path("regions"), body)
    click.echo(clean(f"Callers from {row['region']} go to {row['destination']}."))


@region.command()
@click.argument("region")
@_tenant
@_number
def remove(region: str, tenant: str, number: str) -> None:
    """Forget the rule for REGION."""
    with desk(telling=True) as engine:
        engine.ask("DELETE", path("regions", tenant=tenant, number=number, region=region))
    click.echo(clean(f"Region {region} has no rule any more."))
