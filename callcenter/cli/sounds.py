"""Sounds on the machine where the command is typed: to its speaker or into a file."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from callcenter.cli.files import FileProblem
from callcenter.cli.shown import clean, show_json
from callcenter.kernel.errors import CallCenterError, NotFound

_PLAYERS = (
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("ffplay", "-autoexit", "-nodisp", "-loglevel", "error"),
    ("play", "-q"),
)


class DamagedSounds(CallCenterError):
    """A check has found something."""

    code = "sounds_damaged"
    exit_status = 1


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


def tell_checked(found: list[dict[str, Any]], what: str, *, as_json: bool) -> None:
    """Show what a check of sounds has found; ``what`` is their name in the plural.

    Raises:
        DamagedSounds: one is gone or is not what was kept; each of them has been named then.
    """
    bad = [one for one in found if not one["ok"]]
    plain = sum(one["state"] != "sealed" for one in found)
    if as_json:
        show_json({"checked": len(found), "not_encrypted": plain, "bad": bad})
    else:
        for one in bad:
            click.echo(clean(f"{one['id']}: {one['why']}"))
    if bad:
        raise DamagedSounds(f"{len(bad)} of {len(found)} {what} are not what was kept.")
    if not as_json:
        click.echo(f"{len(found)} {what} checked; all are what was kept, {plain} unencrypted.")
