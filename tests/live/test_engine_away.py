"""The dialplan alone with a caller: no engine, or one that died. Nobody hears silence."""

import asyncio
import time
from datetime import timedelta

import pytest

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Dial, Prompt
from tests.contract.rig import until
from tests.live.asterisk_rig import AsteriskRig

pytestmark = pytest.mark.live


async def test_a_caller_without_an_engine_hears_ringing_then_an_apology_then_music(
    rig: AsteriskRig,
) -> None:
    await rig.engine_dies()
    caller = await rig.place_call("13800000001", "4008001234")
    await caller.call.ringing(within=2)
    await caller.call.answered(within=12)
    waited = caller.call.when("200") - caller.call.when("invite")
    assert 4 < waited < 9, "the apology comes after some seconds, and answers"
    await caller.hears(Prompt("zh/apology"))
    await caller.hears(Prompt("en/apology"))
    await caller.hears(Prompt("ja/apology"))
    await caller.hears_music()
    assert caller.call.heard.silence_gaps(1.6, since=caller.call.when("200")) == []
    await rig.engine_returns()
    channel = await rig.next_call()
    assert channel.arrival.call == ""
    assert channel.arrival.dialled == "4008001234"
    await channel.release(Cause.NORMAL)


async def test_an_engine_that_returns_takes_an_unanswered_caller_who_still_hears_ringing(
    rig: AsteriskRig,
) -> None:
    await rig.engine_dies()
    caller = await rig.place_call("13800000001", "4008001234")
    await caller.call.ringing(within=2)
    await rig.engine_returns()
    channel = await rig.next_call()
    await channel.reject(Cause.BUSY)
    await until(lambda: not caller.is_up)
    assert (caller.was_answered, caller.refused) == (False, Cause.BUSY)


async def test_music_goes_on_without_a_gap_when_the_engine_dies(rig: AsteriskRig) -> None:
    caller = await rig.place_call("13800000001", "4008001234")
    channel = await rig.next_call()
    await channel.adopt("call-1")
    await channel.answer()
    await channel.music("default")
    await caller.hears_music()
    since = asyncio.get_running_loop().time()
    await rig.engine_dies()
    await asyncio.sleep(3)  # the outage
    await rig.engine_returns()
    channel = await rig.next_call()
    await asyncio.sleep(1)
    assert channel.arrival.call == "call-1"
    assert caller.call.heard.silence_gaps(0.25, since=since) == []
    await caller.hang_up()


async def test_after_a_talk_without_an_engine_the_caller_hears_music(rig: AsteriskRig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.2)
    caller = await rig.place_call("13800000001", "4008001234")
    channel = await rig.next_call()
    await channel.adopt("call-1")
    await channel.answer()
    dial = asyncio.ensure_future(
        channel.dial(Dial(extension="1001", ring=timedelta(seconds=9)), lambda told: None)
    )
    await until(lambda: seat.is_talking)
    await rig.engine_dies()
    await asyncio.wait([dial])
    assert dial.exception() is not None
    await seat.hang_up()
    await caller.hears_music()
    await caller.hang_up()


async def test_the_note_of_an_ended_call_tells_when_it_was(rig: AsteriskRig) -> None:
    caller = await rig.place_call("13800000001", "4008001234")
    channel = await rig.next_call()
    await channel.adopt("call-1")
    await channel.answer()
    await rig.engine_dies()
    await caller.hang_up()
    left = time.time()
    await asyncio.sleep(1.5)
    await rig.engine_returns()
    ended = (await rig.pbx.orphans())["call-1"]
    assert ended.at is not None
    assert abs(ended.at.timestamp() - left) < 0.5
