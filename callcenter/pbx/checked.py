"""What may be said to a PBX, checked sign by sign: its own signs could dial elsewhere. Pure.

Whoever speaks to a PBX asks here first, the fake too: what one refuses all refuse, in the same
words. Each raises :class:`PbxProblem` and gives back what it was given.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.control import TEXT_BYTES
from callcenter.pbx.dialling import Dial, LegId, Outside, Prompt

TRUNK_PREFIX = "trunk-"
"""What the PBX's name of a trunk begins with, so that none is taken for a phone."""

APART_SECONDS = 60
"""The longest that a confirmation and a whisper may take together."""

_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")
_EXTENSION = re.compile(r"[0-9A-Za-z_-]{1,32}")
_OUTSIDE = re.compile(r"\+?[0-9]{1,20}")
_TRUNK = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_KEY = re.compile(r"[0-9*]")
_LEG = re.compile(r"[0-9A-Za-z._-]{1,150}")
_WORD = re.compile(r"[0-9A-Za-z+*#][0-9A-Za-z+*#_-]{0,63}")
_RESERVED = frozenset("aehiost")  # extensions that mean something to Asterisk
_BREAKS_PATH = re.compile(r"[\x00-\x1f,\"'()\\^|&$\[\]{}%;]")


def call_name(call: str) -> str:
    """The identity of a call of ours."""
    if not _NAME.fullmatch(call):
        raise PbxProblem(f"{call!r} cannot be the identity of a call.")
    return call


def music_name(music_class: str) -> str:
    """A class of music."""
    if not _NAME.fullmatch(music_class):
        raise PbxProblem(f"{music_class!r} cannot be the name of a music class.")
    return music_class


def local_name(leg: LegId, node: str) -> str:
    """The PBX's own name of a channel of this node."""
    mine, _, name = leg.partition("/")
    if mine != node or not _LEG.fullmatch(name):
        raise PbxProblem(f"{leg!r} is not a channel of {node}.")
    return name


def extension(number: str, not_done: str) -> str:
    """An extension of ours; ``not_done`` ends the sentence: "it was not dialled"."""
    if not _EXTENSION.fullmatch(number) or number.startswith(TRUNK_PREFIX):
        raise PbxProblem(f"{number!r} is no extension; {not_done}.")
    return number


def party(whom: str | Outside) -> str | Outside:
    """Somebody to ring."""
    if not isinstance(whom, Outside):
        return extension(whom, "it was not dialled")
    if not _OUTSIDE.fullmatch(whom.number):
        raise PbxProblem(f"{whom.number!r} is no telephone number; it was not dialled.")
    if not _TRUNK.fullmatch(whom.trunk):
        raise PbxProblem(f"{whom.trunk!r} is no trunk; nothing was dialled.")
    return whom


def parties(dial: Dial) -> tuple[str | Outside, ...]:
    """Whom it rings: somebody."""
    if not dial.everyone:
        raise PbxProblem("Nobody is no extension; it was not dialled.")
    return tuple(map(party, dial.everyone))


def only_party(dial: Dial) -> str | Outside:
    """The one whom it rings, to bring that phone in."""
    if len(dial.everyone) != 1 or dial.whisper or dial.confirm:
        raise PbxProblem("Ring one phone, without whisper or confirmation, to bring it in.")
    return party(dial.everyone[0])


def shown_number(dial: Dial) -> str:
    """The caller's number that the called ones are to see, if it is another."""
    if dial.presents and not _OUTSIDE.fullmatch(dial.presents):
        raise PbxProblem(f"{dial.presents!r} cannot be presented as a caller's number.")
    return dial.presents


@dataclass(frozen=True, kw_only=True)
class Apart:
    """Files of what is heard before the joining, and the key; ``confirm`` is ``""`` without."""

    confirm: str
    key: str
    whisper: list[str]


def apart(dial: Dial, path: Callable[[Prompt], str]) -> Apart:
    """What somebody hears, or must press, before being joined; ``path`` finds prompts."""
    if not _KEY.fullmatch(dial.key):
        raise PbxProblem(f"{dial.key!r} is no key of a telephone that can confirm a call.")
    confirm = path(dial.confirm) if dial.confirm else ""
    if dial.confirm and not confirm:
        raise PbxProblem(f"{dial.confirm!r} is no prompt; nobody could confirm the call.")
    return Apart(confirm=confirm, key=dial.key, whisper=[*filter(None, map(path, dial.whisper))])


def word(to: str) -> str:
    """Where somebody may be sent."""
    if not _WORD.fullmatch(to) or to in _RESERVED:
        raise PbxProblem(f"Nobody can be sent to {to!r}: letters, digits, + * # _ and - only.")
    return to


def room(name: str) -> str:
    """A conference room."""
    if not _EXTENSION.fullmatch(name):
        raise PbxProblem(f"{name!r} cannot be the name of a room.")
    return name


def text(message: str) -> str:
    """A message to a phone: not empty, not too long, without control characters."""
    if not message.strip() or len(message.encode("utf-8", "replace")) > TEXT_BYTES:
        raise PbxProblem(f"A message has between 1 and {TEXT_BYTES} bytes of text.")
    if any(ord(one) < 32 and one not in "\n\t" for one in message) or "\x7f" in message:
        raise PbxProblem("A message holds no control characters; remove them.")
    return message


def plain_path(path: Path, *, refused: str = "") -> Path:
    """A file to record to; its name must not end an argument. ``refused``: further signs."""
    name = str(path)
    if not path.is_absolute() or _BREAKS_PATH.search(name) or any(one in name for one in refused):
        raise PbxProblem(f"Nothing can be recorded to {path}: choose a folder of plain letters.")
    return path
