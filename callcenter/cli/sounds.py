"""Sounds on the machine where the command is typed: to its speaker or into a file."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from callcenter.cli.files import FileProblem
from callcenter.kernel.errors import NotFound

_PLAYERS = (
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("ffplay", "-autoexit", "-nodisp", "-loglevel", "error"),
    ("play", "-q"),
)


def deliver(wav: bytes, to: str) -> None:
    """Write a sound to the file ``to`` (- for stdout), or play it when none is named."""
    if to == "-":
        sys.stdout.buffer.write(wav)
    elif to:
        try:
            Path(to).write_bytes(wav)
        except OSError as error:
            raise FileProblem(f"{to} cannot be written: {error.strerror}.") from None
        click.echo(f"Written to {to}.", err=True)
    else:
        _play(wav)


def _play(wav: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        file.write(wav)
        file.flush()
        if not play_file(Path(file.name)):
            raise NotFound("This machine cannot play sounds; name a file to write with --to FILE.")


def play_file(file: Path) -> bool:
    """Play a WAV; ``False`` when this machine has nothing that can."""
    for player in _PLAYERS:
        if shutil.which(player[0]):
            done = subprocess.run([*player, str(file)], capture_output=True, check=False)  # noqa: S603
            if done.returncode == 0:
                return True
    return False
