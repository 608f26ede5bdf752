"""The option ``--pbx``: which PBX, for this one command; else the setting says."""

import os

import click


def _choose(_context: click.Context, _option: click.Parameter, chosen: str | None) -> None:
    if chosen is not None:
        os.environ["CALLCENTER_PBX"] = chosen


pbx_option = click.option(
    "--pbx",
    type=click.Choice(["asterisk", "freeswitch"]),
    callback=_choose,
    expose_value=False,
    is_eager=True,
    help="Which PBX, whatever the settings say.",
)
"""Adds no argument to the command: the settings have it when they are read."""
