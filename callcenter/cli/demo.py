"""``callcenter demo``: a small company to try everything on."""

import click

from callcenter.cli.which_pbx import pbx_option


@click.group()
def demo() -> None:
    """Set up a small company and watch one real call go through it."""


@demo.command()
def seed() -> None:
    """Put the demo company into the database.

    A number, its menu, a queue, two seats and three phones; as often as you like.
    """
    from callcenter.demo.seed import NUMBER, SEATS
    from callcenter.demo.seed import seed as put
    from callcenter.settings import load

    settings = load()
    put(settings)
    click.echo(
        f"The demo is in the database: number {NUMBER}, seats {', '.join(SEATS)}. Passwords and "
        f"PINs are in {settings.home / 'demo.json'}; a running engine takes it over with "
        "`callcenter reload`."
    )


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
@pbx_option
@click.option("--keep", is_flag=True, help="Leave it running and say how to try it.")
def run(as_json: bool, keep: bool) -> None:
    """Watch one real call go through the whole product.

    Two agents log in from their phones, a customer calls and waits, both talk; every step is shown
    as a phone or the engine reports it.
    """
    from callcenter.demo.story import run as tell
    from callcenter.settings import load

    tell(load(), as_json=as_json, keep=keep)
