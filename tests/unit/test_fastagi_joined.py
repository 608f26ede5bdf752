"""A phone that joins its two talks leaves both: its script ends by a hang-up, later or sooner."""

import asyncio

import pytest

from callcenter.pbx.port import Hangup, LegEnded, LegId
from tests.support.wired import ANSWERED, Wires, closes, starts_dial, wires

__all__ = ["wires"]
JOINED = {
    "Result": "Success",
    "TransfereeUniqueid": "1700000000.8",
    "OrigTransfererUniqueid": "1700000000.9",
    "SecondTransfererUniqueid": "1700000000.1",  # the script's own
    "TransferTargetUniqueid": "1700000000.2",
}


async def test_a_dial_that_comes_back_before_the_hang_up_waits_for_it(wires: Wires) -> None:
    call, channel = await wires.call()
    dialling = wires.dial(channel)
    await starts_dial(call)
    wires.ami.event("AttendedTransfer", **JOINED)
    async with asyncio.timeout(2):
        told = await anext(wires.node.events())
    assert getattr(told, "consult_leg", "") == channel.arrival.leg
    call.say("200 result=0")
    with pytest.raises(TimeoutError):  # nothing is asked of a channel that is about to end
        async with asyncio.timeout(0.2):
            await call.command()
    call.say("HANGUP")
    await closes(call, ANSWERED)
    with pytest.raises(Hangup) as hangup:
        await dialling
    assert hangup.value.ended.dial is not None


@pytest.mark.parametrize("peer", ["PJSIP/trunk-world-00000008", ""])
async def test_a_dial_that_comes_back_before_anything_is_told(wires: Wires, peer: str) -> None:
    """Whom the phone asked talks with somebody else by now, or has hung up."""
    wires.ami.answers["Getvar"] = lambda _: f"Response: Success\r\nValue: {peer}"
    call, channel = await wires.call(channel="PJSIP/1001-00000001", arg_2="source=extension")
    dialling = wires.dial(channel)
    await starts_dial(call)
    call.say("200 result=0")
    await call.expects("GET FULL VARIABLE", ANSWERED)
    if peer:
        call.say("HANGUP")
        await closes(call, ANSWERED)
        with pytest.raises(Hangup):
            await dialling
    else:
        await call.expects('EXEC "MSet" "CC_DIALLING="')
        assert (await dialling).talk is not None
        call.close()
    assert wires.ami.named("Getvar")[0]["Channel"] == "1700000000.2"


async def test_what_is_known_of_it_ends_with_the_channel(wires: Wires) -> None:
    wires.ami.event("AttendedTransfer", **JOINED)
    wires.ami.event("Hangup", Uniqueid="1700000000.1", Cause="16")
    async with asyncio.timeout(2):
        told = [await anext(wires.node.events()) for _ in range(2)]
    assert isinstance(told[-1], LegEnded)
    assert not wires.node.has_joined(LegId("pbx1/1700000000.1"))
