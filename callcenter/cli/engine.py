"""``callcenter up``, ``status``, ``stop`` and ``reload``: the engine as a process."""

from typing import Any

import click

from callcenter.cli.reach import engine
from callcenter.cli.shown import day_and_clock, duration, json_option, show_facts, show_json
from callcenter.cli.which_pbx import pbx_option


@click.command()
@click.option("--no-pbx", is_flag=True, help="Leave the PBX alone; use the one that runs.")
@pbx_option
def up(no_pbx: bool) -> None:
    """Run the engine and its PBX.

    The embedded PBX is started, or adopted if it runs, unless the settings name another one.
    """
    from callcenter.settings import load

    settings = load()
    log = settings.home / "log" / "engine.log"
    click.echo(f"The engine is starting; Ctrl-C stops it. Its log is {log}")
    from callcenter.app import run  # everything there is, about a second

    run(settings, with_pbx=not no_pbx, say=click.echo)
    click.echo("The engine has stopped.")


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Show how the running engine is."""
    with engine() as client:
        found = client.status()
    if as_json:
        show_json(found)
    else:
        show_facts(_facts(found))


@click.command()
def stop() -> None:
    """Stop the running engine."""
    with engine() as client:
        client.stop()
    click.echo("The engine is stopping.")


@click.command()
def reload() -> None:
    """Take over what was changed in the database."""
    with engine() as client:
        client.reload()
    click.echo("The engine has taken over what is in the database.")


def _facts(found: dict[str, Any]) -> dict[str, object]:
    pbx, database, journal = found["pbx"], found["database"], found["journal"]
    link = "connected" if pbx["connected"] else f"not connected: {pbx['why'] or 'no reason known'}"
    taken = "takes records" if database["ok"] else "does not take records"
    started, since = day_and_clock(found["started_at"]), duration(found["uptime_seconds"])
    return {
        "Engine": f"{found['version']}, process {found['pid']}",
        "Started": f"{started}, up for {since}",
        "PBX": f"{pbx['node']}, {link}",
        "Database": f"{taken}, {database['backlog']} waiting",
        "Journal": f"at {journal['position']}, in the database up to {journal['projected']}",
        "Calls": f"{found['calls_open']} open",
        "Queues": found["queues"],
        "Seats": f"{found['seats_logged_in']} logged in",
        "Offers": _offers(found["offers"]) if found["offers"] else "",
        "Recordings": _recordings(found["recordings"]),
    }


def _recordings(found: dict[str, Any]) -> str:
    waiting = f", {found['waiting']} waiting to be kept" if found["waiting"] else ""
    skipped = f", {found['skipped']} could not be made" if found["skipped"] else ""
    backup = f"; back-up ALARM: {found['backup']}" if found["backup"] else ""
    if found["ok"] and not waiting and not skipped and not backup:
        return ""  # nothing to tell
    return f"{'in order' if found['ok'] else 'ALARM: ' + found['why']}{waiting}{skipped}{backup}"


def _offers(found: dict[str, Any]) -> str:
    twice, left, stuck = (
        found[key] for key in ("double_offers", "expired_leases", "stuck_seat_seconds")
    )
    return f"{found['made']} made, {twice} twice, {left} never ended, seats stuck for {stuck:g} s"
