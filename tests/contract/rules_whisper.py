"""The contract: what a phone hears, or must press, before it is joined to the caller."""

import asyncio
from datetime import timedelta

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.port import Dial, DialStatus, Hangup, LegRinging, NodeLost
from tests.contract.rig import SOON, Rig, rule, soon, until
from tests.contract.rules_call import GOODBYE, MENU, WELCOME, answered_call
from tests.contract.rules_lines import FIRST, SECOND, Dialling

RING = timedelta(seconds=10)
WHISPER = Dial(extension="1001", ring=RING, whisper=(MENU,))
CONFIRM = Dial(parties=(FIRST,), ring=timedelta(seconds=5), confirm=GOODBYE, key="1")


@rule
async def a_whisper_is_heard_by_the_seat_while_the_caller_hears_music(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.3)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, WHISPER)
    await until(lambda: seat.is_talking)
    await caller.hears_music()
    assert dial.answered is None
    await seat.hears(MENU)
    await until(lambda: dial.answered is not None)
    assert not await caller.heard_prompt(MENU)
    await asyncio.sleep(1.0)
    await seat.hang_up()
    result = await dial.result()
    assert isinstance(dial.told[0], LegRinging)
    assert {one.leg for one in dial.told} == {result.leg}
    assert (result.status, result.party) == (DialStatus.ANSWER, "1001")
    assert result.talk is not None
    assert 0.8 < result.talk.total_seconds() < 2.0
    await channel.play([WELCOME])
    await caller.hears(WELCOME)
    await caller.hang_up()


@rule
async def who_hangs_up_during_the_whisper_has_not_answered(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.1)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, WHISPER)
    await until(lambda: seat.is_talking)
    await asyncio.sleep(0.5)
    await seat.hang_up()
    result = await dial.result()
    assert (result.status, result.talk, dial.answered) == (DialStatus.NO_ANSWER, None, None)
    await channel.play([WELCOME])
    await caller.hears(WELCOME)
    await caller.hang_up()


@rule
async def a_caller_who_leaves_during_the_whisper_frees_the_seat(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.1)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, WHISPER)
    await until(lambda: seat.is_talking)
    await asyncio.sleep(0.3)
    await caller.hang_up()
    with pytest.raises(Hangup) as hangup:
        await dial.result()
    assert hangup.value.ended.dial is not None
    assert hangup.value.ended.dial.status is DialStatus.CANCELLED
    await until(lambda: not seat.is_talking, SOON)


@rule
async def cancelling_a_dial_breaks_off_the_whisper(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.1)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, WHISPER)
    await until(lambda: seat.is_talking)
    await asyncio.sleep(0.3)
    dial.task.cancel()
    await asyncio.wait([dial.task], timeout=3)
    await until(lambda: not seat.is_talking, SOON)
    await soon(channel.play([WELCOME]))
    await caller.hang_up()


@rule
async def a_whisper_outlives_the_engine(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.1)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, WHISPER)
    await until(lambda: seat.is_talking)
    await asyncio.sleep(0.3)
    await rig.engine_dies()
    with pytest.raises(NodeLost):
        await dial.result()
    await seat.hears(MENU)
    await rig.engine_returns()
    await asyncio.sleep(1.0)
    assert seat.is_talking
    assert caller.is_up
    await seat.hang_up()
    told = (await rig.next_call()).arrival.last_dial
    assert told is not None
    assert (told.status, told.party, told.leg) == (DialStatus.ANSWER, "1001", dial.told[0].leg)
    assert told.talk is not None
    assert 0.5 < told.talk.total_seconds() < 3.0
    await caller.hang_up()


@rule
async def a_seat_that_is_busy_hears_no_whisper(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.rejects()
    caller, channel = await answered_call(rig)
    assert (await Dialling(channel, WHISPER).result()).status is DialStatus.BUSY
    nobody = Dial(extension="1002", ring=RING, whisper=(MENU,))
    assert (await Dialling(channel, nobody).result()).status is DialStatus.UNREACHABLE
    seat.never_answers()
    short = Dial(extension="1001", ring=timedelta(seconds=1), whisper=(MENU,))
    assert (await Dialling(channel, short).result()).status is DialStatus.NO_ANSWER
    await caller.hang_up()


@rule
async def who_presses_the_key_has_the_call(rig: Rig) -> None:
    line = await rig.outside(FIRST.number)
    line.answers(after=0.1)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, CONFIRM)
    await until(lambda: line.is_talking)
    await line.hears(GOODBYE)
    assert dial.answered is None
    await line.press("1")
    await until(lambda: dial.answered is not None)
    await line.hang_up()
    result = await dial.result()
    assert (result.status, result.party) == (DialStatus.ANSWER, FIRST.number)
    await caller.hang_up()


@rule
async def a_voicemail_box_does_not_swallow_the_caller(rig: Rig) -> None:
    line = await rig.outside(FIRST.number)
    line.answers(after=0.1)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, CONFIRM)
    await until(lambda: line.is_talking)
    await line.press("2")
    async with asyncio.timeout(40):
        result = await dial.task
    assert (result.status, result.talk, dial.answered) == (DialStatus.NO_ANSWER, None, None)
    await until(lambda: not line.is_talking, SOON)
    await channel.play([WELCOME])
    await caller.hears(WELCOME)
    await caller.hang_up()


@rule
async def of_several_the_first_to_confirm_has_the_call(rig: Rig) -> None:
    box, person = await rig.outside(FIRST.number), await rig.outside(SECOND.number)
    box.answers(after=0.1)
    person.answers(after=0.8)
    caller, channel = await answered_call(rig)
    both = Dial(parties=(FIRST, SECOND), ring=RING, confirm=GOODBYE, whisper=(MENU,))
    dial = Dialling(channel, both)
    await until(lambda: box.is_talking and person.is_talking)
    await asyncio.sleep(0.3)
    await person.press("1")
    await person.hears(MENU)
    await until(lambda: dial.answered is not None)
    await until(lambda: not box.is_talking, SOON)
    await person.hang_up()
    result = await dial.result()
    assert (result.status, result.party) == (DialStatus.ANSWER, SECOND.number)
    await caller.hang_up()


@rule
async def only_a_key_of_a_telephone_confirms(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    for key in ("", "12", "${X}", ","):
        with pytest.raises(PbxProblem):
            await channel.dial(
                Dial(extension="1001", ring=RING, confirm=GOODBYE, key=key), lambda _: None
            )
    await caller.hang_up()
