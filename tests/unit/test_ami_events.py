"""AMI messages to events and rows of the port; and the events nobody reads."""

from pathlib import Path

import pytest
from panoramisk.message import Message

from callcenter.kernel.clock import LoopClock
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import node as node_module
from callcenter.pbx.asterisk import AsteriskLink, AsteriskNode, events
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    DeviceChanged,
    DeviceState,
    LegEnded,
    LegId,
    LinkDown,
    LinkUp,
    LiveLeg,
)


@pytest.mark.parametrize(
    ("channel", "endpoint"),
    [
        ("PJSIP/1001-0000002a", "1001"),
        ("PJSIP/trunk-world-0000002a", "trunk-world"),
        ("PJSIP/my-phone-0000002a", "my-phone"),
        ("Local/s@cc-0000002a;1", ""),
        ("", ""),
    ],
)
def test_the_endpoint_behind_a_channel(channel: str, endpoint: str) -> None:
    assert events.endpoint_of(channel) == endpoint


def test_a_hangup() -> None:
    message = Message(
        {"Event": "Hangup", "Uniqueid": "1.2", "Cause": "17", "ChanVariable": "CC_CALL=call-1"}
    )
    assert events.to_event(message, "pbx1") == LegEnded(
        leg=LegId("pbx1/1.2"), call="call-1", cause=Cause.BUSY
    )


def test_a_bye_without_a_reason_is_normal() -> None:
    message = Message({"Event": "Hangup", "Uniqueid": "1.2", "Cause": "0"})
    ended = events.to_event(message, "pbx1")
    assert ended == LegEnded(leg=LegId("pbx1/1.2"), call="", cause=Cause.NORMAL)


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("NOT_INUSE", DeviceState.IDLE),
        ("Not in use", DeviceState.IDLE),
        ("INUSE", DeviceState.IN_USE),
        ("BUSY", DeviceState.IN_USE),
        ("ONHOLD", DeviceState.IN_USE),
        ("RINGINUSE", DeviceState.IN_USE),
        ("Ring+Inuse", DeviceState.IN_USE),
        ("RINGING", DeviceState.RINGING),
        ("UNAVAILABLE", DeviceState.UNREACHABLE),
        ("INVALID", DeviceState.UNREACHABLE),
        ("UNKNOWN", DeviceState.UNREACHABLE),
    ],
)
def test_device_states(told: str, state: DeviceState) -> None:
    message = Message({"Event": "DeviceStateChange", "Device": "PJSIP/1001", "State": told})
    assert events.to_event(message, "pbx1") == DeviceChanged(extension="1001", state=state)


@pytest.mark.parametrize("device", ["PJSIP/trunk-world", "Local/1001", "MWI:1001", "PJSIP/a b"])
def test_devices_that_are_no_extensions(device: str) -> None:
    message = Message({"Event": "DeviceStateChange", "Device": device, "State": "INUSE"})
    assert events.to_event(message, "pbx1") is None


def row(**variables: str) -> Message:
    return Message(
        {
            "Event": "Status",
            "Channel": "PJSIP/trunk-world-00000001",
            "Uniqueid": "1.2",
            "ChannelStateDesc": "Up",
            "Variable": [f"{name}={value}" for name, value in variables.items()],
        }
    )


def test_a_callers_leg_and_a_dialled_one() -> None:
    leg = events.to_leg(row(CC_CALL="call-1", CC_SOURCE="trunk"), "pbx1")
    assert leg == LiveLeg(
        leg=LegId("pbx1/1.2"),
        call="call-1",
        endpoint="world",
        inbound=True,
        up=True,
    )
    dialled = events.to_leg(row(CC_CALL="call-1", CC_SOURCE="(null)"), "pbx1")
    assert dialled is not None
    assert not dialled.inbound


def test_a_channel_that_is_none_of_ours() -> None:
    assert events.to_leg(row(CC_CALL="(null)", CC_SOURCE="trunk"), "pbx1") is None


def node() -> AsteriskNode:
    link = AsteriskLink(
        ami_host="127.0.0.1",
        ami_port=1,
        ami_user="u",
        ami_secret="very secret",
        fastagi_host="127.0.0.1",
        fastagi_port=0,
        fastagi_key="very secret",
        sounds=Path("/sounds"),
    )
    assert "very secret" not in repr(link)
    return AsteriskNode(link, LoopClock())


async def test_events_nobody_reads_are_dropped_and_the_reader_is_told_to_ask_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(node_module, "EVENTS_KEPT", 100)
    pbx = node()
    for number in range(1050):
        pbx._heard(Message({"Event": "Hangup", "Uniqueid": f"1.{number}", "Cause": "16"}))
    assert pbx._events.qsize() <= 102
    reader = pbx.events()
    assert await anext(reader) == LinkDown(node="pbx1", why="nobody read the events")
    assert await anext(reader) == LinkUp(node="pbx1")
    kept = [await anext(reader) for _ in range(pbx._events.qsize())]
    assert [one.leg for one in kept if isinstance(one, LegEnded)][-1] == "pbx1/1.1049"


@pytest.mark.parametrize("leg", ["other/1.2", "1.2", "pbx1/", "pbx1/a b", "pbx1//^PJSIP.*$/"])
async def test_only_a_leg_of_this_node_reaches_an_action(leg: str) -> None:
    with pytest.raises(PbxProblem, match="not a channel"):
        await node().hangup(LegId(leg), Cause.NORMAL)
