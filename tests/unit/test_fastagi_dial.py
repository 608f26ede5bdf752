"""A dial over the wire: who rings and answers, callers who leave, and what is not dialled at all.

Both wires of the node are played by the test; the node itself is the real one.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    Dial,
    DialProgress,
    DialResult,
    DialStatus,
    Hangup,
    LegAnswered,
    LegId,
    LegRinging,
)
from tests.support.wire import Headers
from tests.support.wired import ANSWERED, HERE, RING, Wires, closes, starts_dial, wires

__all__ = ["wires"]
CANCELLED = f"200 result=1 (CANCEL|1700000000.2||0|1700000012500|1|{HERE})"
LEG = LegId("pbx1/1700000000.2")


async def test_a_dial_tells_ringing_and_answer_from_ami(wires: Wires) -> None:
    call, channel = await wires.call()
    dialling = wires.dial(channel)
    command = await starts_dial(call)
    assert command == ('EXEC "Dial" "PJSIP/1001,20,gm(default)b(cc-leg^s^1)U(cc-answered)"')
    await wires.rings()
    call.say("200 result=0")
    await call.expects("GET FULL VARIABLE", ANSWERED)
    assert "CC_DIALLING=" in await call.expects('EXEC "MSet"')
    result = await dialling
    assert [type(one) for one in wires.told] == [LegRinging, LegAnswered]
    assert result == DialResult(
        status=DialStatus.ANSWER,
        leg=LEG,
        answered_at=datetime.fromtimestamp(1700000010, UTC),
        talk=timedelta(seconds=2.5),
        party="1001",
    )
    call.close()


async def test_what_ami_missed_is_told_before_the_dial_returns(wires: Wires) -> None:
    await wires.ami.stop()
    call, channel = await wires.call()
    dialling = wires.dial(channel)
    await starts_dial(call)
    call.say("200 result=0")
    await call.expects("GET FULL VARIABLE", ANSWERED)
    await call.expects('EXEC "MSet"')
    result = await dialling
    assert [(type(one), one.leg) for one in wires.told] == [(LegRinging, LEG), (LegAnswered, LEG)]
    assert result.talk == timedelta(seconds=2.5)
    await wires.ami.start()
    call.close()


async def test_a_caller_who_leaves_a_talk_brings_its_facts(wires: Wires) -> None:
    call, channel = await wires.call()
    dialling = wires.dial(channel)
    await starts_dial(call)
    call.say("200 result=-1", "HANGUP")
    await closes(call, ANSWERED)
    with pytest.raises(Hangup) as hangup:
        await dialling
    talked = hangup.value.ended.dial
    assert talked is not None
    assert (talked.status, talked.talk) == (DialStatus.ANSWER, timedelta(seconds=2.5))
    assert [type(one) for one in wires.told] == [LegRinging, LegAnswered]


async def test_a_caller_who_leaves_while_it_rings(wires: Wires) -> None:
    call, channel = await wires.call()
    dialling = wires.dial(channel)
    await starts_dial(call)
    await wires.rings()
    call.say("200 result=-1", "HANGUP")
    await closes(call, CANCELLED)
    with pytest.raises(Hangup) as hangup:
        await dialling
    assert hangup.value.ended.dial == DialResult(status=DialStatus.CANCELLED, leg=LEG)
    assert [type(one) for one in wires.told] == [LegRinging]


async def test_events_of_other_dials_and_of_later_are_not_told(wires: Wires) -> None:
    call, channel = await wires.call()
    dialling = wires.dial(channel)
    await starts_dial(call)
    wires.ami.event("DialBegin", Uniqueid="1.9", DestUniqueid="1.8")
    wires.ami.event("DialState", Uniqueid="1.9", DestUniqueid="1.8", DialStatus="RINGING")
    await wires.rings()
    call.say("200 result=0")
    await call.expects("GET FULL VARIABLE", ANSWERED)
    await call.expects('EXEC "MSet"')
    await dialling
    wires.ami.event(
        "DialEnd", Uniqueid="1700000000.1", DestUniqueid="1700000000.2", DialStatus="ANSWER"
    )
    wires.ami.answers["Hangup"] = lambda action: "Response: Error\r\nMessage: No such channel"
    assert not await wires.node.hangup(LEG, Cause.NORMAL)
    assert {one.leg for one in wires.told} == {LEG}
    assert len(wires.told) == 2
    call.close()


async def test_a_listener_that_fails_harms_neither_dial_nor_link(wires: Wires) -> None:
    call, channel = await wires.call()

    def fail(progress: DialProgress) -> None:
        wires.told.append(progress)
        raise RuntimeError("a listener's own fault")

    dialling = asyncio.ensure_future(channel.dial(RING, fail))
    await starts_dial(call)
    await wires.rings()
    call.say("200 result=0")
    await call.expects("GET FULL VARIABLE", ANSWERED)
    await call.expects('EXEC "MSet"')
    assert (await dialling).status is DialStatus.ANSWER
    call.close()


async def test_cancelling_hangs_up_the_leg_also_when_it_appears_only_then(wires: Wires) -> None:
    def hangup(action: Headers) -> str:
        assert action["Channel"] == "1700000000.2"
        call.say("200 result=0")
        return "Response: Success\r\nMessage: Channel Hungup"

    wires.ami.answers["Hangup"] = hangup
    call, channel = await wires.call()
    dialling = wires.dial(channel)
    await starts_dial(call)
    dialling.cancel()
    await asyncio.sleep(0.05)
    assert wires.ami.named("Hangup") == []
    wires.ami.event("DialBegin", Uniqueid="1700000000.1", DestUniqueid="1700000000.2")
    cleared = await call.expects('EXEC "MSet"')
    assert "CC_DIALLING=" in cleared
    await asyncio.wait([dialling])
    assert dialling.cancelled()
    call.close()


@pytest.mark.parametrize(
    "extension",
    ["", "1001&1002", "1001/x", "1001,60", "a@b", "$x", "{x}", "1001\n", "1" * 33, "１００１"],
)
async def test_only_an_extension_reaches_dial(wires: Wires, extension: str) -> None:
    call, channel = await wires.call()
    with pytest.raises(PbxProblem, match="no extension"):
        await wires.dial(channel, Dial(extension=extension, ring=timedelta(seconds=5)))
    call.close()
