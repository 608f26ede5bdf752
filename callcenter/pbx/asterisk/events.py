"""AMI messages to values of the port: events, channel rows, device states. Pure.

Names of events and fields are those of Asterisk 20 and 22.
"""

import base64
import re
from typing import Any

from panoramisk.message import Message

from callcenter.pbx import typed
from callcenter.pbx.causes import Cause
from callcenter.pbx.checked import TRUNK_PREFIX
from callcenter.pbx.port import (
    DeviceChanged,
    DeviceState,
    DialStatus,
    LegEnded,
    LegHeld,
    LegId,
    LegResumed,
    LiveLeg,
    MessageReceived,
    PauseKey,
    PbxEvent,
    Source,
    Transferred,
)

_CHANNEL = re.compile(r"PJSIP/(?P<endpoint>.+)-[0-9a-f]{8}(?:;[12])?")
_DEVICE = re.compile(r"PJSIP/([0-9A-Za-z_-]{1,32})")
_STATES = {
    "notinuse": DeviceState.IDLE,
    "inuse": DeviceState.IN_USE,
    "busy": DeviceState.IN_USE,
    "onhold": DeviceState.IN_USE,
    "ringinuse": DeviceState.IN_USE,
    "ring+inuse": DeviceState.IN_USE,
    "ringing": DeviceState.RINGING,
}
_HANDED = ("SecondTransferer", "Transferee")
_REFUSALS = {
    "BUSY": DialStatus.BUSY,
    "NOANSWER": DialStatus.NO_ANSWER,
    "CHANUNAVAIL": DialStatus.UNREACHABLE,
    "CONGESTION": DialStatus.CONGESTION,
}


def endpoint_of(channel: str) -> str:
    """The extension or trunk behind a channel's name: ``PJSIP/1001-0000002a`` is ``1001``."""
    found = _CHANNEL.fullmatch(channel)
    return found.group("endpoint") if found else ""


def door_of(channel: Any) -> str:
    """Name that both ends of a Local channel share; ``""`` for any other channel."""
    name = str(channel)
    return name.rpartition(";")[0] if name.startswith("Local/") else ""


def owner_of(message: Message) -> str:
    """Unique id of the caller's channel for which the first channel of the message was made."""
    return variables(message, "ChanVariable").get("CC_OWNER", "")


def device_state(text: str) -> DeviceState:
    """From ``NOT_INUSE`` (events) or ``Not in use`` (lists); whatever is unknown cannot be rung."""
    return _STATES.get(re.sub(r"[ _]", "", text.lower()), DeviceState.UNREACHABLE)


def refusal(dialstatus: str) -> DialStatus | None:
    """How one leg of a dial ended, if the phone there did not take it."""
    return _REFUSALS.get(dialstatus)


def told_cause(text: str) -> Cause:
    """Why a channel ended; a BYE that gives no reason is a normal end (RFC 3398, 8.2.6.1)."""
    return Cause.of(text) or Cause.NORMAL


def variables(message: Message, header: str) -> dict[str, str]:
    """Channel variables in a message: one ``name=value`` per header of that name."""
    values: Any = message.get(header, [])
    pairs = [one.partition("=") for one in ([values] if isinstance(values, str) else values)]
    return {name: "" if value == "(null)" else value for name, _, value in pairs}


def to_event(message: Message, node: str) -> PbxEvent | None:  # noqa: PLR0911 - one per event kind
    """What the port tells of this message, if anything."""
    match message.event:
        case "Hangup" if not door_of(message.channel):
            return LegEnded(
                leg=LegId(f"{node}/{message.uniqueid}"),
                call=variables(message, "ChanVariable").get("CC_CALL", ""),
                cause=told_cause(str(message.cause)),
            )
        case "Hold" | "Unhold":
            made = LegHeld if message.event == "Hold" else LegResumed
            leg = LegId(f"{node}/{message.uniqueid}")
            return made(leg=leg, call=variables(message, "ChanVariable").get("CC_CALL", ""))
        case "AttendedTransfer" if message.result == "Success":
            return _transferred(message, node)
        case "UserEvent" if message.userevent == "CcKey":
            return PauseKey(
                leg=LegId(f"{node}/{message.uniqueid}"),
                call=variables(message, "ChanVariable").get("CC_CALL", ""),
                pause=str(message.get("Act", "")) == "pause",
            )
        case "UserEvent" if message.userevent == "CcMessage":
            return MessageReceived(
                sender=_user(_decoded(message.get("From", ""))),
                to=str(message.get("To", "")),
                text=typed.text(_decoded(message.get("Text", ""))),
            )
        case "DeviceStateChange":
            return _device(str(message.device), str(message.state))
        case _:
            return None


def handed_over(message: Message, node: str) -> tuple[LegId, LegId] | None:
    """A phone joined its two talks while the second one was none: its second channel, and whom
    Asterisk is putting into the place of that."""
    if message.event != "AttendedTransfer" or message.result != "Success":
        return None
    second, leg = (str(message.get(f"{who}Uniqueid", "")) for who in _HANDED)
    if message.desttype != "App" or not second or not leg:
        return None
    return LegId(f"{node}/{second}"), LegId(f"{node}/{leg}")


def _transferred(message: Message, node: str) -> Transferred | None:
    """``None`` when not both talks were joined, as when one rang still."""
    ids = [
        str(message.get(f"{who}Uniqueid", ""))
        for who in ("Transferee", "OrigTransferer", "SecondTransferer", "TransferTarget")
    ]
    if not all(ids):
        return None
    leg, from_leg, consult_leg, to_leg = (LegId(f"{node}/{one}") for one in ids)
    return Transferred(
        call=variables(message, "TransfereeChanVariable").get("CC_CALL", ""),
        leg=leg,
        from_leg=from_leg,
        consultation=variables(message, "TransferTargetChanVariable").get("CC_CALL", ""),
        consult_leg=consult_leg,
        to_leg=to_leg,
    )


def _decoded(text: Any) -> str:
    """From base64, whole characters only; what stands in no line stays out, but for its breaks."""
    raw = str(text)
    try:
        data = base64.b64decode(raw[: len(raw) // 4 * 4])
    except ValueError:
        return ""
    return data.decode("utf-8", "ignore")


def _user(address: str) -> str:
    """The extension in ``"name" <sip:1001@127.0.0.1>``."""
    found = re.search(r"sips?:([0-9A-Za-z_-]{1,32})@", address.rpartition("<")[2])
    return found.group(1) if found else ""


def _device(name: str, state: str) -> DeviceChanged | None:
    found = _DEVICE.fullmatch(name)
    if found is None or name.startswith("PJSIP/" + TRUNK_PREFIX):
        return None
    return DeviceChanged(extension=found.group(1), state=device_state(state))


def to_device(message: Message) -> DeviceChanged | None:
    """A row of ``PJSIPShowEndpoints``."""
    return _device(f"PJSIP/{message.objectname}", str(message.devicestate))


def to_leg(message: Message, node: str) -> LiveLeg | None:
    """A row of ``Status`` asked with :data:`LEG_VARIABLES`; ``None`` for a channel not of ours."""
    ours = variables(message, "Variable")
    if not ours.get("CC_CALL") or door_of(message.channel):
        return None
    return LiveLeg(
        leg=LegId(f"{node}/{message.uniqueid}"),
        call=ours["CC_CALL"],
        endpoint=endpoint_of(str(message.channel)).removeprefix(TRUNK_PREFIX),
        inbound=ours.get("CC_SOURCE") in set(Source),  # not inherited by legs
        up=str(message.channelstatedesc) == "Up",
    )


LEG_VARIABLES = "CC_CALL,CC_SOURCE"
