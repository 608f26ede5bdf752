"""Events of the event socket to values of the port: pure. Names are those of FreeSWITCH 1.10."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from callcenter.pbx import typed
from callcenter.pbx.causes import Cause
from callcenter.pbx.checked import TRUNK_PREFIX
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
    "CUSTOM sofia::register sofia::unregister sofia::expire sofia::sip_user_state "
    "sofia::transferor"
)
"""What we ask for; the custom ones stand last."""


def leg_of(event: EslEvent, node: str, header: str = "Unique-ID") -> LegId:
    """The channel that an event is about."""
    return LegId(f"{node}/{event.get(header)}")


def moment(event: EslEvent) -> datetime:
    """When it happened, by FreeSWITCH's clock."""
    stamp = event.get("Event-Date-Timestamp")
    since = timedelta(microseconds=int(stamp) if stamp.isdecimal() else 0)
    return datetime.fromtimestamp(0, UTC) + since


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
                sender=typed.word(event.get("from_user")),
                to=typed.dialled(event.get("to_user") or event.get("to").partition("@")[0]),
                text=typed.text(event.get("_body")),
            )
        case _:
            return None


def read_arrival(about: Headers, node: str, now: datetime) -> Arrival:
    """From what FreeSWITCH says when a channel connects; a stranger typed much of it."""

    def told(name: str) -> str:
        return about.get(f"variable_{name}", "")

    facts = DialFacts.of_variables(told)
    sender = (told("cc_with") or facts.party) if told("cc_sent_to") else ""
    number = told("cc_caller") or about.get("Caller-Caller-ID-Number", "")
    hidden = about.get("Caller-Privacy-Hide-Number") == "true"
    return Arrival(
        leg=LegId(f"{node}/{about.get('Unique-ID', '')}"),
        source=typed.source(told("cc_source")),
        caller=typed.caller_number(number, hidden=hidden),
        caller_name=_name(about),
        dialled=typed.dialled(told("cc_dialled")),
        endpoint=(told("cc_endpoint") or told("cc_party")).removeprefix(TRUNK_PREFIX),
        call=typed.call(told("cc_call")),
        last_dial=facts.result(node, now) if facts.dialling else None,
        transferred_to=typed.word(told("cc_sent_to")),
        transferred_by="" if told("cc_sent_by_us") else typed.word(sender),
    )


def left_unasked(event: EslEvent, node: str, now: datetime) -> Arrival | None:
    """A caller who is gone and whose channel never came to us, as if it had; ``None``: not one.

    Each call of a phone begins with one that is refused and asked for a password.
    """
    let_in = event.get("Call-Direction") == "inbound" and event.variable("sip_authorized") == "true"
    if not let_in or event.variable("cc_call"):
        return None
    arrival = read_arrival(event.headers, node, now)
    inside = event.get("Caller-Context") == "cc-extensions"
    source = Source.EXTENSION if inside else arrival.source
    dialled = arrival.dialled or typed.dialled(event.get("Caller-Destination-Number"))
    return replace(arrival, source=source, dialled=dialled, gone=True)


def _name(about: Headers) -> str:
    name = about.get("Caller-Orig-Caller-ID-Name") or about.get("Caller-Caller-ID-Name", "")
    return "" if name == about.get("Caller-Caller-ID-Number") else typed.caller_name(name)
