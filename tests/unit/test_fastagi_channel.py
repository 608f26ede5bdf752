"""A caller's channel over the wire: answers in step, hang-ups out of band, keys, and its end.

Both wires of the node are played by the test; the node itself is the real one.
"""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Digits, Ended, Hangup, NodeLost, Prompt
from tests.support.wired import Wires, closes, wires

__all__ = ["wires"]


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


@pytest.mark.parametrize("path", ["relative.wav", "/a,b.wav", "/a)b(.wav", "/a${x}.wav", '/a".wav'])
async def test_only_a_plain_path_reaches_the_recorder(wires: Wires, path: str) -> None:
    call, channel = await wires.call()
    with pytest.raises(PbxProblem, match="recorded"):
        await channel.record(Path(path))
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
