"""``callcenter pbx``: the embedded PBX, without the engine."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from callcenter.cli.shown import clean, json_option, show_json
from callcenter.cli.which_pbx import pbx_option
from callcenter.kernel.errors import PbxProblem, Refused

if TYPE_CHECKING:
    from callcenter.numbers import Numbers
    from callcenter.settings import Settings


@click.group()
def pbx() -> None:
    """Fetch, configure, run and examine the embedded PBX."""


@pbx.command()
def install() -> None:
    """Fetch Asterisk, softphones and speech; needs no root.

    An Asterisk 20 or newer on PATH is used as it is; what is here already is not fetched again.
    """
    from callcenter.pbx.embedded import install as fetch
    from callcenter.settings import load

    fetch(load(), click.echo)
    click.echo("The PBX and its tools are here.")


@pbx.command()
@pbx_option
def config() -> None:
    """Write its configuration: phones and trunks of the database.

    A PBX that runs takes it over at once.
    """
    from callcenter.app import sip_plan
    from callcenter.pbx.embedded import lacks, reload_accounts

    settings = _embedded_settings()
    for sentence in lacks(settings):
        click.echo(sentence, err=True)
    accounts, trunks = sip_plan(_numbers(settings))
    state = reload_accounts(settings, accounts, trunks)
    click.echo(
        f"{len(accounts)} phones and {len(trunks)} trunks are configured in "
        f"{settings.home / 'pbx' / 'etc'}; phones register at 127.0.0.1:{state.sip_port} (UDP)."
    )


@pbx.command()
@pbx_option
def start() -> None:
    """Start the PBX with the phones and trunks of the database."""
    from callcenter.app import sip_plan
    from callcenter.pbx import embedded

    settings = _embedded_settings()
    if running := embedded.running(settings):
        click.echo(f"The PBX runs already, SIP on 127.0.0.1:{running.sip_port} (UDP).")
        return
    for sentence in embedded.lacks(settings):
        click.echo(sentence, err=True)
    embedded.write_config(settings, *sip_plan(_numbers(settings)))
    state = embedded.start(settings)
    click.echo(f"The PBX runs, SIP on 127.0.0.1:{state.sip_port} (UDP).")


@pbx.command()
@pbx_option
def stop() -> None:
    """Stop the PBX; calls in it end."""
    from callcenter.pbx import embedded

    stopped = embedded.stop(_embedded_settings())
    click.echo("The PBX has stopped." if stopped else "The PBX does not run.")


@pbx.command()
@pbx_option
@json_option
def doctor(as_json: bool) -> None:
    """Look the PBX over; exit status 4 when something is wrong."""
    from callcenter.pbx import embedded

    checks = embedded.doctor(_embedded_settings())
    if as_json:
        show_json([asdict(check) for check in checks])
    else:
        for check in checks:
            click.echo(f"{'ok' if check.ok else 'WRONG':<6} {check.name}: {clean(check.sentence)}")
    if not all(check.ok for check in checks):
        raise click.exceptions.Exit(PbxProblem.exit_status)


def _embedded_settings() -> "Settings":
    from callcenter.settings import load

    settings = load()
    if settings.external is not None:
        which = "a FreeSWITCH" if settings.pbx == "freeswitch" else "an Asterisk"
        table = "own_freeswitch" if settings.pbx == "freeswitch" else "asterisk"
        raise Refused(
            f"The settings name {which} of your own ([{table}]); this command is for the "
            "embedded one only."
        )
    return settings


def _numbers(settings: "Settings") -> "Numbers":
    from callcenter.kernel import schema
    from callcenter.kernel.database import open_database
    from callcenter.numbers import load_numbers

    schema.check(settings.database_url)
    database = open_database(settings.database_url)
    try:
        with database.connect() as connection:
            return load_numbers(connection)
    finally:
        database.dispose()
