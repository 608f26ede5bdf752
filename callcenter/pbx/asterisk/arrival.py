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
_UNKNOWN = {"", "unknown", "anonymous", "unavailable", "restricted", "private", "withheld"}
_PROHIBITED = 0x20  # bit of callingpres: presentation is not allowed
NUMBER_LENGTH, NAME_LENGTH = 32, 64


def read_arrival(environment: dict[str, str], node: str, now: datetime) -> Arrival:
    """Read the opening block of a FastAGI connection."""
    given = arguments(environment)
    facts = DialFacts.parse(given.get("dial", ""))
    return Arrival(
        leg=LegId(f"{node}/{environment.get('uniqueid', '')}"),
        source=Source.EXTENSION if given.get("source") == "extension" else Source.TRUNK,
        caller=_caller(environment),
        caller_name=_name(environment.get("calleridname", "")),
        dialled=_NOT_DIALLED.sub("", given.get("dialled", ""))[:NUMBER_LENGTH],
        endpoint=endpoint_of(environment.get("channel", "")).removeprefix(TRUNK_PREFIX),
        call=re.sub(r"[^0-9A-Za-z_-]", "", given.get("call", ""))[:64],
        last_dial=facts.result(node, now) if facts.dialling else None,
    )


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
