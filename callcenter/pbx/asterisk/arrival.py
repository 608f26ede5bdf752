"""From what Asterisk says when it hands over a channel to the port's :class:`Arrival`. Pure.

Everything in it was typed by a stranger: lengths and characters are bounded here.
"""

import re
import unicodedata
from datetime import datetime

from callcenter.pbx.asterisk.agi_wire import arguments
from callcenter.pbx.asterisk.events import TRUNK_PREFIX, endpoint_of
from callcenter.pbx.asterisk.facts import DialFacts
from callcenter.pbx.port import Arrival, LegId, Source

_NOT_NUMBER = re.compile(r"[^0-9+]")
_NOT_DIALLED = re.compile(r"[^0-9A-Za-z+*#]")
_NOT_WORD = re.compile(r"[^0-9A-Za-z+*#_-]")
_UNKNOWN = {"", "unknown", "anonymous", "unavailable", "restricted", "private", "withheld"}
_PROHIBITED = 0x20  # bit of callingpres: presentation is not allowed
NUMBER_LENGTH, NAME_LENGTH, WORD_LENGTH = 32, 64, 64


def read_arrival(environment: dict[str, str], node: str, now: datetime) -> Arrival:
    """Read the opening block of a FastAGI connection."""
    given = arguments(environment)
    facts = DialFacts.parse(given.get("dial", ""))
    sent_to, _, sent_by = given.get("sent", "").partition("|")
    return Arrival(
        leg=LegId(f"{node}/{environment.get('uniqueid', '')}"),
        source=_source(given.get("source", "")),
        caller=_caller(environment),
        caller_name=_name(environment.get("calleridname", "")),
        dialled=_NOT_DIALLED.sub("", given.get("dialled", ""))[:NUMBER_LENGTH],
        endpoint=endpoint_of(environment.get("channel", "")).removeprefix(TRUNK_PREFIX),
        call=re.sub(r"[^0-9A-Za-z_-]", "", given.get("call", ""))[:64],
        last_dial=facts.result(node, now) if facts.dialling else None,
        transferred_to=_NOT_WORD.sub("", sent_to)[:WORD_LENGTH],
        transferred_by=endpoint_of(sent_by).removeprefix(TRUNK_PREFIX),
        gone=given.get("gone") == "1",
    )


def _source(name: str) -> Source:
    return Source(name) if name in set(Source) else Source.TRUNK


def _caller(environment: dict[str, str]) -> str:
    number = environment.get("callerid", "")
    presentation = environment.get("callingpres", "0")
    hidden = presentation.isdecimal() and int(presentation) & _PROHIBITED
    if hidden or number.lower() in _UNKNOWN:
        return ""
    number = _NOT_NUMBER.sub("", number)[:NUMBER_LENGTH]
    return number[:1] + number[1:].replace("+", "")


def _name(name: str) -> str:
    if name.lower() in _UNKNOWN:
        return ""
    shown = "".join(one for one in name if unicodedata.category(one)[0] != "C")
    return shown.strip()[:NAME_LENGTH]
