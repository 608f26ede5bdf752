"""A phone joined its two talks too early: Asterisk puts the caller into its second channel's place,
and the node sends them on from there."""

import asyncio

import pytest

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Channel, DialResult, Hangup, LegEnded, LegId, SentElsewhere
from tests.support.wire import AgiCall
from tests.support.wired import HERE, Wires, starts_dial, wires

__all__ = ["wires"]
FIRST, SECOND = "1700000000.1", "1700000000.7"
TOLD = {
    "Result": "Success",
    "DestType": "App",
    "DestApp": "Dial",
    "TransfereeUniqueid": FIRST,
    "OrigTransfererUniqueid": "1700000000.2",
    "SecondTransfererUniqueid": SECOND,
}
EARLIER = "ANSWER|1700000000.2|1700000010000|16|1700000012500|1"
CALLER, PHONE = "PJSIP/trunk-world-00000001", "PJSIP/1001-00000007"


async def ends(call: AgiCall, place: str, channel: str, owner: str) -> None:
    """Asterisk says HANGUP, and who is there now."""
    call.say("200 result=-1", "HANGUP")
    facts = f"200 result=1 ({EARLIER}|{place}|{channel}|{owner})"
    await call.expects("GET FULL VARIABLE", facts)
    await call.expects('SET VARIABLE "CC_CLOSED" "1"', "200 result=1")
    await call.ended()
    call.close()


async def dialling(
    wires: Wires, **fields: str
) -> tuple[AgiCall, Channel, asyncio.Future[DialResult]]:
    call, channel = await wires.call(**fields)
    dial = wires.dial(channel)
    await starts_dial(call)
    return call, channel, dial


async def test_the_callers_script_is_told_that_they_are_elsewhere(wires: Wires) -> None:
    call, _, dial = await dialling(wires)
    await ends(call, HERE, PHONE, SECOND)
    with pytest.raises(SentElsewhere):
        await dial


@pytest.mark.parametrize("place", [HERE, "cc-handed|s|1"])
async def test_the_phones_script_is_over(wires: Wires, place: str) -> None:
    call, _, dial = await dialling(wires, uniqueid=SECOND, channel=PHONE)
    await ends(call, place, CALLER, SECOND)
    with pytest.raises(Hangup):
        await dial


async def test_the_caller_is_fetched_when_the_phones_channel_is_gone(wires: Wires) -> None:
    wires.ami.answers["Redirect"] = lambda _: "Response: Success"
    stops = iter(["Response: Success", "Response: Error\r\nMessage: Could not stop"])
    wires.ami.answers["StopMixMonitor"] = lambda _: next(stops)
    wires.ami.event("AttendedTransfer", **TOLD)
    wires.ami.event("Hangup", Uniqueid="1700000000.2", Cause="16")
    async with asyncio.timeout(2):
        assert isinstance(await anext(wires.node.events()), LegEnded)
    assert not wires.ami.named("Redirect"), "Asterisk has not put them there yet"
    wires.ami.event("Hangup", Uniqueid=SECOND, Cause="16")
    async with asyncio.timeout(2):
        await wires.ami.until(lambda: bool(wires.ami.named("Redirect")))
    stopped = [action["Channel"] for action in wires.ami.named("StopMixMonitor")]
    assert stopped == [FIRST, FIRST], "both channels may have been recorded"
    [asked] = wires.ami.named("Redirect")
    assert (asked["Channel"], asked["Context"], asked["Exten"]) == (FIRST, "cc-handed", "s")


async def test_who_came_by_themselves_are_not_fetched(wires: Wires) -> None:
    wires.ami.answers |= dict.fromkeys(
        ("Hangup", "Redirect", "StopMixMonitor"), lambda _: "Response: Success"
    )
    wires.ami.event("AttendedTransfer", **TOLD)
    wires.ami.event("Hangup", Uniqueid="1700000000.2", Cause="16")
    async with asyncio.timeout(2):
        assert isinstance(await anext(wires.node.events()), LegEnded)
    call, _ = await wires.call(arg_1="call=c-1", arg_5="sent=1002|PJSIP/1001-00000007")
    wires.ami.event("Hangup", Uniqueid=SECOND, Cause="16")
    async with asyncio.timeout(2):
        await anext(wires.node.events())
    await asyncio.sleep(0)
    assert await wires.node.hangup(LegId("pbx1/1700000000.9"), Cause.NORMAL)  # in step
    assert not wires.ami.named("Redirect")
    call.close()
