"""A caller who left in the moment in which the script began: Asterisk may keep it from that."""

import asyncio

from callcenter.pbx.causes import Cause
from tests.support.wired import Wires, closes, wires

__all__ = ["wires"]
ENDS = {"Uniqueid": "1700000000.1", "Cause": "16"}


async def test_an_end_that_only_the_control_connection_tells(wires: Wires) -> None:
    call, channel = await wires.call()
    wires.ami.event("HangupRequest", **ENDS)
    async with asyncio.timeout(5):
        await closes(call)
        assert (await channel.gone()).cause is Cause.NORMAL


async def test_an_end_that_was_told_before_the_script_came(wires: Wires) -> None:
    wires.ami.event("HangupRequest", **ENDS)
    wires.ami.event("DeviceStateChange", Device="PJSIP/1001", State="NOT_INUSE")
    async with asyncio.timeout(5):
        await anext(wires.node.events())
        call, channel = await wires.call()
        await closes(call)
        assert (await channel.gone()).cause is Cause.NORMAL


async def test_another_channel_s_end_is_none_of_it(wires: Wires) -> None:
    call, channel = await wires.call()
    wires.ami.event("HangupRequest", Uniqueid="1700000000.7", Cause="16")
    answering = asyncio.create_task(channel.answer())
    await call.expects("ANSWER")
    async with asyncio.timeout(2):
        await answering
    call.say("HANGUP")
    await closes(call)
