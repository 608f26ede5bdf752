"""``callcenter call record``: the recording of a running call, by hand."""

import click

from callcenter.cli.reach import engine, names
from callcenter.cli.routing import path
from callcenter.cli.shown import clean

_call = click.argument(
    "call", shell_complete=names(lambda client: client.calls(), "call", "caller")
)


@click.group()
def record() -> None:
    """Pause, resume, start or stop the recording of a running call."""


@record.command()
@_call
def pause(call: str) -> None:
    """Leave out what is said in CALL from now on."""
    _do(call, "pause", "is paused; silence stands in its place")


@record.command()
@_call
def resume(call: str) -> None:
    """Record CALL again."""
    _do(call, "resume", "goes on")


@record.command()
@_call
def start(call: str) -> None:
    """Record CALL from now on, unless a rule says never."""
    _do(call, "start", "runs")


@record.command()
@_call
def stop(call: str) -> None:
    """Record no more of CALL."""
    _do(call, "stop", "has stopped")


def _do(call: str, act: str, done: str) -> None:
    with engine() as client:
        client.ask("POST", path("calls", call, "recording", act))
    click.echo(clean(f"The recording of call {call} {done}."))
