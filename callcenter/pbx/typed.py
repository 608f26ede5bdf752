"""What strangers typed, as it may go further: lengths and characters are bounded here. Pure.

Numbers and names come over SIP from anybody; both adapters read them through this.
"""

import re
import unicodedata

from callcenter.pbx.port import Source

_NUMBER_LENGTH, _NAME_LENGTH, _WORD_LENGTH, _TEXT_LENGTH = 32, 64, 64, 2000
_NOT_NUMBER = re.compile(r"[^0-9+]")
_NOT_DIALLED = re.compile(r"[^0-9A-Za-z+*#]")
_NOT_WORD = re.compile(r"[^0-9A-Za-z+*#_-]")
_NOT_CALL = re.compile(r"[^0-9A-Za-z_-]")
_UNKNOWN = {"", "unknown", "anonymous", "unavailable", "restricted", "private", "withheld"}


def caller_number(number: str, *, hidden: bool) -> str:
    """Digits, perhaps a + before; ``""`` when it is withheld."""
    if hidden or number.lower() in _UNKNOWN:
        return ""
    number = _NOT_NUMBER.sub("", number)[:_NUMBER_LENGTH]
    return number[:1] + number[1:].replace("+", "")


def caller_name(name: str) -> str:
    """A name to be shown; ``""`` when there is none."""
    if name.lower() in _UNKNOWN:
        return ""
    shown = "".join(one for one in name if unicodedata.category(one)[0] != "C")
    return shown.strip()[:_NAME_LENGTH]


def dialled(number: str) -> str:
    """What was dialled."""
    return _NOT_DIALLED.sub("", number)[:_NUMBER_LENGTH]


def call(name: str) -> str:
    """The identity of a call that a channel carries."""
    return _NOT_CALL.sub("", name)[:64]


def word(to: str) -> str:
    """Where somebody was sent, or who did it."""
    return _NOT_WORD.sub("", to)[:_WORD_LENGTH]


def text(message: str) -> str:
    """A message from a phone; one packet holds no more."""
    kept = "".join(one for one in message if one in "\n\t" or unicodedata.category(one) != "Cc")
    return kept[:_TEXT_LENGTH]


def source(name: str) -> Source:
    """Where a call comes from; whatever says nothing of it comes from outside."""
    return Source(name) if name in set(Source) else Source.TRUNK
