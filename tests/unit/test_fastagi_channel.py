"""A caller's channel over the wire: answers in step, hang-ups out of band, dials and their facts.

Both wires of the node are played by the test; the node itself is the real one.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callcenter.kernel.clock import LoopClock
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk import AsteriskLink, AsteriskNode
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    Channel,
    Dial,
    DialProgress,
    DialResult,
    DialStatus,
    Digits,
    Ended,
    Hangup,
    LegAnswered,
    LegId,
    LegRinging,
    LinkUp,
    NodeLost,
    Prompt,
)
from tests.support.wire import AgiCall, AmiServer, Headers

HERE = "cc-loop|s|3"
NO_DIAL = f"200 result=1 (|||16|1700000000000||{HERE})"
ANSWERED = f"200 result=1 (ANSWER|1700000000.2|1700000010000|16|1700000012500|1|{HERE})"
CANCELLED = f"200 result=1 (CANCEL|1700000000.2||0|1700000012500|1|{HERE})"
LEG = LegId("pbx1/1700000000.2")
RING = Dial(extension="1001", ring=timedelta(seconds=20))


class Wires:
    """A node between a played AMI server and played FastAGI calls."""

    def __init__(self, ami: AmiServer) -> None:
        self.ami = ami
        self.told: list[DialProgress] = []
        link = AsteriskLink(
            ami_host="127.0.0.1",
            ami_port=ami.port,
            ami_user="callcenter",
            ami_secret="s",
            fastagi_host="127.0.0.1",
            fastagi_port=0,
            fastagi_key="key",
            sounds=Path("/sounds"),
        )
        self.node = AsteriskNode(link, LoopClock())

    async def call(self, **fields: str) -> tuple[AgiCall, Channel]:
        """A call comes in."""
        call = await AgiCall.connect(self.node._agi.port, **fields)
        async with asyncio.timeout(2):
            return call, await anext(self.node.calls())

    def dial(self, channel: Channel, dial: Dial = RING) -> "asyncio.Future[DialResult]":
        return asyncio.ensure_future(channel.dial(dial, self.told.append))

    async def rings(self) -> None:
        """AMI tells that the leg rings."""
        pair = {"Uniqueid": "1700000000.1", "DestUniqueid": "1700000000.2"}
        self.ami.event("DialBegin", **pair)
        self.ami.event("DialState", DialStatus="RINGING", **pair)
        async with asyncio.timeout(2):
            while not self.told:  # noqa: ASYNC110  told by a plain callback
                await asyncio.sleep(0.005)


@pytest.fixture
async def wires() -> AsyncIterator[Wires]:
    async with AmiServer().listening() as ami:
        made = Wires(ami)
        await made.node.start()
        assert await anext(made.node.events()) == LinkUp(node="pbx1")
        yield made
        await made.node.stop()


async def closes(call: AgiCall, facts: str = NO_DIAL) -> None:
    """What the adapter does when the caller has gone."""
    await call.expects("GET FULL VARIABLE", facts)
    await call.expects('SET VARIABLE "CC_CLOSED" "1"', "200 result=1")
    await call.ended()
    call.close()


async def starts_dial(call: AgiCall) -> str:
    begun = await call.expects('EXEC "MSet"')
    assert "CC_DIALLING=1" in begun
    assert "DIALSTATUS=," in begun, "an older dial's result is not taken for this one's"
    return await call.command()


# -- in step ----------------------------------------------------------------------------------


async def test_hangup_during_a_command_does_not_put_the_next_answer_out_of_step(
    wires: Wires,
) -> None:
    call, channel = await wires.call()
    waiting = asyncio.ensure_future(
        channel.read_digits([], most=1, first=timedelta(seconds=9), between=timedelta(seconds=9))
    )
    await call.command()
    call.say("200 result=-1", "HANGUP")
    await closes(call)
    with pytest.raises(Hangup) as first:
        await waiting
    assert first.value.ended == Ended(cause=Cause.NORMAL) == await channel.gone()
    with pytest.raises(Hangup) as later:
        await channel.answer()
    assert later.value.ended == first.value.ended


async def test_hangup_before_the_answer_of_a_command_that_still_succeeds(wires: Wires) -> None:
    call, channel = await wires.call()
    ringing = asyncio.ensure_future(channel.ring())
    await call.command()
    call.say("HANGUP", "200 result=0")
    await ringing
    await closes(call)
    with pytest.raises(Hangup):
        await channel.answer()


async def test_hangup_while_idle_is_noticed_by_who_waits(wires: Wires) -> None:
    call, channel = await wires.call()
    waiting = asyncio.ensure_future(channel.gone())
    call.say("HANGUP")
    await closes(call)
    assert await waiting == Ended(cause=Cause.NORMAL)


async def test_a_command_that_fails_on_a_living_channel_is_no_hangup(wires: Wires) -> None:
    call, channel = await wires.call()
    playing = asyncio.ensure_future(channel.play([Prompt("en/a"), Prompt("en/b")]))
    await call.expects('STREAM FILE "/sounds/en/a" ""', "200 result=-1 endpos=0")
    await call.expects('STREAM FILE "/sounds/en/b" ""', "200 result=0 endpos=800")
    assert await playing == ""
    call.close()


async def test_a_connection_that_ends_is_no_hangup(wires: Wires) -> None:
    call, channel = await wires.call()
    playing = asyncio.ensure_future(channel.play([Prompt("en/a")]))
    await call.command()
    call.close()
    with pytest.raises(NodeLost):
        await playing
    with pytest.raises(NodeLost):
        await channel.gone()
    with pytest.raises(NodeLost):
        await channel.answer()
    await channel.release(Cause.NORMAL)


async def test_a_channel_sent_elsewhere_is_no_hangup_and_not_closed(wires: Wires) -> None:
    call, channel = await wires.call()
    call.say("HANGUP")
    await call.expects("GET FULL VARIABLE", "200 result=1 (|||0|1700000000000||cc-pickup|s|1)")
    assert b"CC_CLOSED" not in await call.ended()
    with pytest.raises(NodeLost, match="elsewhere"):
        await channel.gone()
    call.close()


async def test_a_cancelled_command_keeps_the_next_one_in_step(wires: Wires) -> None:
    call, channel = await wires.call()
    answering = asyncio.ensure_future(channel.answer())
    await call.command()
    answering.cancel()
    await asyncio.wait([answering])
    nine = timedelta(seconds=9)
    reading = asyncio.ensure_future(channel.read_digits([], most=1, first=nine, between=nine))
    await asyncio.sleep(0)
    call.say("200 result=0")
    await call.expects("WAIT FOR DIGIT", "200 result=55")
    assert await reading == Digits(keys="7")
    call.close()


async def test_adopting_refuses_what_could_be_more_than_a_name(wires: Wires) -> None:
    call, channel = await wires.call()
    for bad in ("", "a b", "x,y", "a\nHANGUP", "x" * 65):
        with pytest.raises(PbxProblem):
            await channel.adopt(bad)
    call.close()


# -- digits -----------------------------------------------------------------------------------


async def test_the_key_that_stopped_the_prompt_counts(wires: Wires) -> None:
    call, channel = await wires.call()
    reading = asyncio.ensure_future(
        channel.read_digits(
            [Prompt("en/a")], most=3, first=timedelta(seconds=4), between=timedelta(seconds=2)
        )
    )
    await call.expects('STREAM FILE "/sounds/en/a" "0123456789*#"', "200 result=52 endpos=80")
    assert await call.expects("WAIT FOR DIGIT", "200 result=50") == 'WAIT FOR DIGIT "2000"'
    await call.expects("WAIT FOR DIGIT", "200 result=0")
    assert await reading == Digits(keys="42", timed_out=True)
    call.close()


async def test_keys_that_no_telephone_has_do_not_count(wires: Wires) -> None:
    call, channel = await wires.call()
    reading = asyncio.ensure_future(
        channel.read_digits([], most=1, first=timedelta(seconds=4), between=timedelta(seconds=2))
    )
    await call.expects('WAIT FOR DIGIT "4000"', f"200 result={ord('D')}")
    await call.expects("WAIT FOR DIGIT", "200 result=55")
    assert await reading == Digits(keys="7")
    call.close()


# -- dial -------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("path", ["relative.wav", "/a,b.wav", "/a)b(.wav", "/a${x}.wav", '/a".wav'])
async def test_only_a_plain_path_reaches_the_recorder(wires: Wires, path: str) -> None:
    call, channel = await wires.call()
    with pytest.raises(PbxProblem, match="recorded"):
        await channel.record(Path(path))
    call.close()


# -- the end from our side --------------------------------------------------------------------


async def test_release_says_so_lets_go_and_makes_sure(
    wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.pbx.asterisk.node._HANGUP_GRACE", 0.2)
    wires.ami.answers["Hangup"] = lambda action: "Response: Success\r\nMessage: Channel Hungup"
    call, channel = await wires.call()
    releasing = asyncio.ensure_future(channel.release(Cause.NORMAL))
    said = await call.expects('EXEC "MSet"')
    assert "CC_CAUSE=16,CC_DONE=1,CC_CLOSED=1" in said
    await call.ended()
    await releasing
    assert await channel.gone() == Ended(cause=Cause.NORMAL)
    await wires.ami.until(lambda: bool(wires.ami.named("Hangup")))
    assert wires.ami.named("Hangup")[0]["Channel"] == "1700000000.1"
    call.close()


async def test_a_channel_that_went_by_itself_is_not_hung_up_again(
    wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.pbx.asterisk.node._HANGUP_GRACE", 0.2)
    call, channel = await wires.call()
    releasing = asyncio.ensure_future(channel.release(Cause.NORMAL))
    await call.expects('EXEC "MSet"')
    await releasing
    wires.ami.event("Hangup", Uniqueid="1700000000.1", Cause="16")
    await asyncio.sleep(0.4)  # longer than the grace
    assert wires.ami.named("Hangup") == []
    call.close()
