"""Events of the event socket to values of the port: pure. Names are those of FreeSWITCH 1.10."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta

from callcenter.pbx.causes import Cause
from callcenter.pbx.freeswitch.dialstring import TRUNK_PREFIX
from callcenter.pbx.freeswitch.esl_wire import EslEvent, Headers
from callcenter.pbx.freeswitch.facts import DialFacts
from callcenter.pbx.port import (
    Arrival,
    LegEnded,
    LegHeld,
    LegId,
    LegResumed,
    MessageReceived,
    PbxEvent,
    Source,
)

WANTED = (
    "CHANNEL_ORIGINATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_BRIDGE "
    "CHANNEL_HANGUP_COMPLETE CHANNEL_HOLD CHANNEL_UNHOLD MESSAGE MESSAGE_QUERY DTMF "
    "CUSTOM sofia::register sofia::unregister sofia::expire sofia::sip_user_state"
)
"""What we ask for; the custom ones stand last."""

NUMBER_LENGTH, NAME_LENGTH, WORD_LENGTH, TEXT_KEPT = 32, 64, 64, 2000
_NOT_NUMBER = re.compile(r"[^0-9+]")
_NOT_DIALLED = re.compile(r"[^0-9A-Za-z+*#]")
_NOT_WORD = re.compile(r"[^0-9A-Za-z+*#_-]")
_UNKNOWN = {"", "unknown", "anonymous", "unavailable", "restricted", "private", "withheld"}


def leg_of(event: EslEvent, node: str, header: str = "Unique-ID") -> LegId:
    """The channel that an event is about."""
    return LegId(f"{node}/{event.get(header)}")


def moment(event: EslEvent) -> datetime:
    """When it happened, by FreeSWITCH's clock."""
    stamp = event.get("Event-Date-Timestamp")
    since = timedelta(microseconds=int(stamp) if stamp.isdecimal() else 0)
    return datetime.fromtimestamp(0, UTC) + since


def at_epoch(seconds: int) -> datetime:
    """From seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def cause_of(event: EslEvent) -> Cause:
    """Why a channel ended; an end without a reason is a normal one."""
    return Cause.of(event.variable("hangup_cause_q850") or None) or Cause.NORMAL


def endpoint_of(event: EslEvent) -> str:
    """The extension or trunk at a channel."""
    return (event.variable("cc_endpoint") or event.variable("cc_party")).removeprefix(TRUNK_PREFIX)


def to_event(event: EslEvent, node: str) -> PbxEvent | None:
    """What the port tells of this event by itself, if anything."""
    leg, call = leg_of(event, node), event.variable("cc_call")
    match event.name:
        case "CHANNEL_HANGUP_COMPLETE":
            return LegEnded(leg=leg, call=call, cause=cause_of(event))
        case "CHANNEL_HOLD":
            return LegHeld(leg=leg, call=call)
        case "CHANNEL_UNHOLD":
            return LegResumed(leg=leg, call=call)
        case "MESSAGE":
            return MessageReceived(
                sender=_NOT_WORD.sub("", event.get("from_user"))[:WORD_LENGTH],
                to=_NOT_DIALLED.sub("", event.get("to_user") or event.get("to").partition("@")[0]),
                text=event.get("_body")[:TEXT_KEPT],
            )
        case _:
            return None


def read_arrival(about: Headers, node: str, now: datetime) -> Arrival:
    """From what FreeSWITCH says when a channel connects. A stranger typed much of it: lengths and
    characters are bounded here."""

    def told(name: str) -> str:
        return about.get(f"variable_{name}", "")

    facts = DialFacts.of_variables(told)
    source, sender = told("cc_source"), facts.party if told("cc_sent_to") else ""
    return Arrival(
        leg=LegId(f"{node}/{about.get('Unique-ID', '')}"),
        source=Source(source) if source in set(Source) else Source.TRUNK,
        caller=_caller(about),
        caller_name=_name(about),
        dialled=_NOT_DIALLED.sub("", told("cc_dialled"))[:NUMBER_LENGTH],
        endpoint=(told("cc_endpoint") or told("cc_party")).removeprefix(TRUNK_PREFIX),
        call=re.sub(r"[^0-9A-Za-z_-]", "", told("cc_call"))[:64],
        last_dial=facts.result(node, now) if facts.dialling else None,
        transferred_to=_NOT_WORD.sub("", told("cc_sent_to"))[:WORD_LENGTH],
        transferred_by="" if told("cc_sent_by_us") else _NOT_WORD.sub("", sender)[:WORD_LENGTH],
    )


def _caller(about: Headers) -> str:
    number = about.get("variable_cc_caller") or about.get("Caller-Caller-ID-Number", "")
    if about.get("Caller-Privacy-Hide-Number") == "true" or number.lower() in _UNKNOWN:
        return ""
    number = _NOT_NUMBER.sub("", number)[:NUMBER_LENGTH]
    return number[:1] + number[1:].replace("+", "")


def _name(about: Headers) -> str:
    name = about.get("Caller-Orig-Caller-ID-Name") or about.get("Caller-Caller-ID-Name", "")
    if name.lower() in _UNKNOWN or name == about.get("Caller-Caller-ID-Number"):
        return ""
    shown = "".join(one for one in name if unicodedata.category(one)[0] != "C")
    return shown.strip()[:NAME_LENGTH]
