"""``callcenter token``: keys to the API."""

import re

import click

from callcenter.cli.reach import names
from callcenter.cli.routing import desk, path
from callcenter.cli.shown import (
    clean,
    day_and_clock,
    json_option,
    show_json,
    show_rows,
)

_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_ROLES = ("agent", "supervisor", "administrator", "platform")


@click.group()
def token() -> None:
    """Make, list and revoke API tokens."""


@token.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List every token; secrets are known to nobody."""
    with desk() as reached:
        rows = reached.ask("GET", path("tokens"))
    columns = {
        "Token": lambda row: row["token"],
        "Name": lambda row: row["name"],
        "Role": lambda row: f"{row['role']} {row['seat']}".strip(),
        "Tenants": lambda row: "all" if row["tenants"] is None else ", ".join(row["tenants"]),
        "State": lambda row: row["state"],
        "Expires": lambda row: day_and_clock(row["expires_at"]) or "never",
        "Used": lambda row: day_and_clock(row["used_at"]),
    }
    show_rows(rows, columns, as_json=as_json, none="There is no token.")


@token.command()
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(_ROLES), help="What it may do.")
@click.option("--tenant", "tenants", multiple=True, help="Whose data it sees; may be repeated.")
@click.option("--all-tenants", is_flag=True, help="It sees the data of every tenant.")
@click.option("--seat", default="", help="The agent's seat.")
@click.option("--expires", default="90d", show_default=True, help="Such as 12h, 30d or never.")
@json_option
def create(  # noqa: PLR0917 - click gives them by name
    name: str,
    role: str,
    tenants: tuple[str, ...],
    all_tenants: bool,
    seat: str,
    expires: str,
    as_json: bool,
) -> None:
    """Make a token and print its secret, this once.

    An agent's token needs --seat; others need --tenant or --all-tenants.
    """
    if role in ("supervisor", "administrator") and bool(tenants) is all_tenants:
        raise click.UsageError("Say either --tenant or --all-tenants.")
    body = {
        "name": name,
        "role": role,
        "tenants": list(tenants) or None,
        "seat": seat,
        "seconds": _seconds(expires),
    }
    with desk(telling=True) as reached:
        made = reached.ask("POST", path("tokens"), body)
    if as_json:
        show_json(made)
        return
    until = day_and_clock(made["expires_at"])
    click.echo(made["secret"])
    click.echo(
        clean(
            f"This is the secret of {made['name']} ({made['token']}), shown this once; it is good "
            f"{f'until {until}' if until else 'until it is revoked'}."
        ),
        err=True,
    )


@token.command()
@click.argument(
    "token",
    shell_complete=names(lambda client: list(client.ask("GET", path("tokens"))), "name", "role"),
)
def revoke(token: str) -> None:
    """Take TOKEN, an id or a name, back from now on."""
    with desk(telling=True) as reached:
        row = reached.ask("DELETE", path("tokens", token))
    click.echo(clean(f"Token {row['name']} ({row['token']}) is revoked."))


def _seconds(expires: str) -> int | None:
    if expires == "never":
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", expires)
    if found is None:
        raise click.BadParameter(f"{expires!r}: write 12h, 30d, 8w or never.")
    return int(found[1]) * _UNITS[found[2]]
