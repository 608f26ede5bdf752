"""Files written whole: filled-in templates, never half there, never readable by others."""

import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from callcenter.kernel.errors import PbxProblem

_PLACE = re.compile(r"@\{(\w+)\}")  # ``${...}`` belongs to the dialplan language


def fill(text: str, values: Mapping[str, object], *, where: str) -> str:
    """Replace each ``@{name}``; an unknown name is a mistake in the template."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in values:
            raise PbxProblem(f"The template {where} asks for @{{{name}}}, which is not known.")
        return str(values[name])

    return _PLACE.sub(value, text)


def write(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace ``path`` in one step; the new file has ``mode`` from its first byte on."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def install_agi(script: Path, folder: Path) -> None:
    """Copy an AGI script and put a starter of the same name before it.

    The starter names our interpreter, whose path may hold blanks (a ``#!`` line could not).
    """
    body = folder / "lib" / script.name
    body.parent.mkdir(mode=0o700, exist_ok=True)
    write(body, script.read_text(encoding="utf-8"))
    command = shlex.join([sys.executable, "-u", str(body)])
    write(folder / script.name, f'#!/bin/sh\nexec {command} "$@"\n', mode=0o700)
