"""The lines of AGI, without any connection: text to send, lines received to values.

Source: ``res_agi.c`` of Asterisk 20 and 22. ``HANGUP`` is a line of its own that may come at any
time; it is never the answer to a command (:data:`HANGUP`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from callcenter.kernel.errors import PbxProblem

LINE_LIMIT = 2000
"""Bytes of one command; Asterisk reads a line into 2,048 bytes and would cut the rest off."""

_REPLY = re.compile(r"(\d{3}) ?(?:result=(-?\d*))?(?: \((.*)\))?(.*)", re.DOTALL)
_ENDPOS = re.compile(r"endpos=(-?\d+)")
_BREAKS_LINE = re.compile(r"[\r\n\0]")


class OutOfBand(Enum):
    """What may come between answers."""

    HANGUP = "HANGUP"


HANGUP = OutOfBand.HANGUP


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer. ``result`` is what follows ``result=``, ``data`` what stands in parentheses."""

    code: int
    result: str = ""
    data: str = ""
    text: str = ""

    @property
    def dead(self) -> bool:
        """The channel may be gone: -1 also means that an application failed."""
        return self.result == "-1" or self.code == 511

    @property
    def key(self) -> str:
        """The key pressed, for commands that answer with its ASCII code."""
        number = int(self.result) if self.result.isdigit() else 0
        return chr(number) if 32 < number < 127 else ""

    @property
    def endpos(self) -> int:
        """How many samples were played; 0 when the file could not be opened."""
        found = _ENDPOS.search(self.text)
        return int(found.group(1)) if found else 0


def command_line(words: Iterable[str]) -> bytes:
    """Quote the words after the first and end the line.

    Raises:
        PbxProblem: a word holds CR, LF or NUL (it would start a second command), or is too long.
    """
    verb, *arguments = words
    line = " ".join([verb, *(_quote(argument) for argument in arguments)])
    if _BREAKS_LINE.search(line):
        raise PbxProblem("A value with a line break was not sent to the PBX; correct the value.")
    encoded = line.encode("utf-8", "replace") + b"\n"
    if len(encoded) > LINE_LIMIT:
        raise PbxProblem(f"A PBX command of {len(encoded)} bytes is too long; shorten its values.")
    return encoded


def _quote(argument: str) -> str:
    return '"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_environment(lines: Iterable[str]) -> dict[str, str]:
    """Read ``agi_name: value`` lines; names lose their ``agi_``.

    A line break smuggled into a value could repeat a name. Asterisk writes the arguments last and
    everything else before the caller's name, so the last argument and the first other line count.

    Raises:
        ValueError: a line is of another shape.
    """
    environment: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.startswith("agi_"):
            raise ValueError("not an AGI environment")
        if name.startswith("agi_arg_") or name not in environment:
            environment[name] = value.strip()
    return {name.removeprefix("agi_"): value for name, value in environment.items()}


def arguments(environment: dict[str, str]) -> dict[str, str]:
    """The ``name=value`` arguments that the dialplan gave."""
    pairs = (value.partition("=") for name, value in environment.items() if name[:4] == "arg_")
    return {name: value for name, equals, value in pairs if equals}


class ReplyParser:
    """Puts lines together to answers; ``520-`` opens an answer of several lines."""

    def __init__(self) -> None:
        self._usage: list[str] | None = None

    def feed(self, line: str) -> Reply | OutOfBand | None:
        """Take one line without its end; ``None`` when an answer is not complete (or is noise)."""
        if line == HANGUP.value:
            return HANGUP
        if self._usage is not None:
            self._usage = [*self._usage, line][-20:]
            if not line.startswith("520 "):
                return None
            text, self._usage = "\n".join(self._usage), None
            return Reply(code=520, text=text)
        if line.startswith("520-"):
            self._usage = [line]
            return None
        found = _REPLY.fullmatch(line)
        if found is None or found.group(1) == "100":
            return None
        code, result, data, text = found.groups()
        return Reply(code=int(code), result=result or "", data=data or "", text=text or "")
