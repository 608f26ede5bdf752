"""From what Asterisk says when it hands over a channel to the port's :class:`Arrival`. Pure.

Everything in it was typed by a stranger: :mod:`callcenter.pbx.typed` bounds it.
"""

from datetime import datetime

from callcenter.pbx import typed
from callcenter.pbx.asterisk.agi_wire import arguments
from callcenter.pbx.asterisk.events import endpoint_of
from callcenter.pbx.asterisk.facts import DialFacts
from callcenter.pbx.checked import TRUNK_PREFIX
from callcenter.pbx.port import Arrival, LegId

_PROHIBITED = 0x20  # bit of callingpres: presentation is not allowed


def read_arrival(environment: dict[str, str], node: str, now: datetime) -> Arrival:
    """Read the opening block of a FastAGI connection."""
    given = arguments(environment)
    facts = DialFacts.parse(given.get("dial", ""))
    sent_to, _, sent_by = given.get("sent", "").partition("|")
    presentation = environment.get("callingpres", "0")
    hidden = presentation.isdecimal() and bool(int(presentation) & _PROHIBITED)
    return Arrival(
        leg=LegId(f"{node}/{environment.get('uniqueid', '')}"),
        source=typed.source(given.get("source", "")),
        caller=typed.caller_number(environment.get("callerid", ""), hidden=hidden),
        caller_name=typed.caller_name(environment.get("calleridname", "")),
        dialled=typed.dialled(given.get("dialled", "")),
        endpoint=endpoint_of(environment.get("channel", "")).removeprefix(TRUNK_PREFIX),
        call=typed.call(given.get("call", "")),
        last_dial=facts.result(node, now) if facts.dialling else None,
        transferred_to=typed.word(sent_to),
        transferred_by=endpoint_of(sent_by).removeprefix(TRUNK_PREFIX),
        gone=given.get("gone") == "1",
    )
