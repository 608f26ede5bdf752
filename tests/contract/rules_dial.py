"""The contract, second part: ring, join, talk."""

import asyncio
from datetime import timedelta

import pytest

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    Channel,
    Dial,
    DialProgress,
    DialResult,
    DialStatus,
    Hangup,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeLost,
)
from tests.contract import tape
from tests.contract.rig import SOON, Rig, rule, soon, until
from tests.contract.rules_call import WELCOME, answered_call

RING = timedelta(seconds=10)


class Dialling:
    """A dial under way and what it told."""

    def __init__(self, channel: Channel, extension: str = "1001", ring: timedelta = RING) -> None:
        self.told: list[DialProgress] = []
        self.task: asyncio.Future[DialResult] = asyncio.ensure_future(
            channel.dial(Dial(extension=extension, ring=ring), self.told.append)
        )

    def kinds(self) -> list[type]:
        return [type(one) for one in self.told]

    async def result(self) -> DialResult:
        async with asyncio.timeout(15):
            return await self.task


@rule
async def a_seat_that_answers_talks_until_it_hangs_up(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.5)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel)
    await until(lambda: seat.is_talking)
    await until(lambda: dial.kinds() == [LegRinging, LegAnswered])
    await asyncio.sleep(1.0)
    await seat.hang_up()
    result = await dial.result()
    assert dial.kinds() == [LegRinging, LegAnswered]
    assert {one.leg for one in dial.told} == {result.leg}
    assert result.status is DialStatus.ANSWER
    assert result.answered_at == dial.told[1].at
    assert isinstance(dial.told[1], LegAnswered)
    assert result.party == dial.told[1].party == "1001"
    assert result.talk is not None
    assert 0.9 < result.talk.total_seconds() < 2.0
    assert dial.told[1].at - dial.told[0].at > timedelta(seconds=0.3)
    await channel.play([WELCOME])
    await caller.hears(WELCOME)
    await caller.hang_up()


@rule
async def a_caller_hears_music_while_the_seat_rings(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.never_answers()
    caller, channel = await answered_call(rig)
    dial = Dialling(channel)
    await until(lambda: seat.is_ringing)
    await caller.hears_music()
    await caller.hang_up()
    with pytest.raises(Hangup):
        await dial.result()


@rule
async def a_seat_that_rejects_is_busy(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.rejects()
    caller, channel = await answered_call(rig)
    result = await Dialling(channel).result()
    assert (result.status, result.answered_at, result.talk) == (DialStatus.BUSY, None, None)
    await caller.hang_up()


@rule
async def a_seat_that_does_not_answer_rings_out(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.never_answers()
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, ring=timedelta(seconds=2))
    result = await dial.result()
    assert (result.status, result.talk) == (DialStatus.NO_ANSWER, None)
    assert dial.kinds() == [LegRinging]
    await until(lambda: not seat.is_ringing)
    await channel.play([WELCOME])
    await caller.hang_up()


@rule
async def an_extension_without_a_phone_is_unreachable_at_once(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    dial = Dialling(channel, "1002")
    assert (await soon(dial.task, 1)) == DialResult(status=DialStatus.UNREACHABLE)
    assert dial.told == []
    await caller.hang_up()


@rule
async def music_goes_on_after_a_dial_in_vain(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.rejects()
    caller, channel = await answered_call(rig)
    await channel.music("default")
    await Dialling(channel).result()
    await caller.hears_music()
    await caller.hang_up()


@rule
async def cancelling_a_dial_silences_the_phone(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.never_answers()
    caller, channel = await answered_call(rig)
    dial = Dialling(channel)
    await until(lambda: seat.is_ringing)
    dial.task.cancel()
    await asyncio.wait([dial.task], timeout=3)
    assert dial.task.cancelled()
    await until(lambda: not seat.is_ringing, SOON)
    await soon(channel.play([WELCOME]))
    await caller.hears(WELCOME)
    await caller.hang_up()


@rule
async def a_dial_is_called_off_by_hanging_up_its_leg(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.never_answers()
    caller, channel = await answered_call(rig)
    dial = Dialling(channel)
    await until(lambda: dial.kinds() == [LegRinging])
    assert await rig.pbx.hangup(dial.told[0].leg, Cause.NORMAL)
    result = await dial.result()
    assert result == DialResult(status=DialStatus.CANCELLED, leg=dial.told[0].leg)
    await until(lambda: not seat.is_ringing, SOON)
    assert caller.is_up
    await caller.hang_up()


@rule
async def a_caller_who_leaves_while_it_rings_cancels(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.never_answers()
    caller, channel = await answered_call(rig)
    dial = Dialling(channel)
    await until(lambda: dial.kinds() == [LegRinging])
    await caller.hang_up()
    with pytest.raises(Hangup) as hangup:
        await dial.result()
    ended = hangup.value.ended
    assert ended.cause is Cause.NORMAL
    assert ended.dial == DialResult(status=DialStatus.CANCELLED, leg=dial.told[0].leg)
    assert dial.kinds() == [LegRinging]
    await until(lambda: not seat.is_ringing, SOON)


@rule
async def a_caller_who_leaves_a_talk_leaves_its_length(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.2)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel)
    await until(lambda: dial.kinds() == [LegRinging, LegAnswered])
    await asyncio.sleep(1.0)
    await caller.hang_up()
    with pytest.raises(Hangup) as hangup:
        await dial.result()
    talked = hangup.value.ended.dial
    assert talked is not None
    assert (talked.status, talked.leg) == (DialStatus.ANSWER, dial.told[0].leg)
    assert talked.talk is not None
    assert 0.9 < talked.talk.total_seconds() < 2.0
    await until(lambda: not seat.is_talking, SOON)


@rule
async def an_earlier_dial_is_not_told_as_the_last_one(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    await Dialling(channel, "1002").result()
    await caller.hang_up()
    assert (await channel.gone()).dial is None


@rule
async def a_talk_outlives_the_engine_and_is_told_to_the_next(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.2)
    caller, channel = await answered_call(rig)
    dial = Dialling(channel)
    await until(lambda: dial.kinds() == [LegRinging, LegAnswered])
    await rig.engine_dies()
    with pytest.raises(NodeLost):
        await dial.result()
    await rig.engine_returns()
    await asyncio.sleep(1.0)
    assert seat.is_talking
    assert caller.is_up
    await seat.hang_up()
    again = await rig.next_call()
    told = again.arrival.last_dial
    assert again.arrival.call == "call-1"
    assert told is not None
    assert (told.status, told.leg) == (DialStatus.ANSWER, dial.told[0].leg)
    assert told.talk is not None
    assert 0.9 < told.talk.total_seconds() < 3.5
    assert told.answered_at is not None
    assert abs(told.answered_at - dial.told[1].at) < timedelta(seconds=0.5)
    await again.play([WELCOME])
    await caller.hears(WELCOME)
    await caller.hang_up()


@rule
async def a_dial_told_once_is_not_told_to_the_next_engine(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.rejects()
    caller, channel = await answered_call(rig)
    await Dialling(channel).result()
    await channel.music("default")
    await rig.engine_dies()
    await rig.engine_returns()
    again = await rig.next_call()
    assert (again.arrival.call, again.arrival.last_dial) == ("call-1", None)
    await caller.hang_up()


@rule
async def both_sides_are_recorded(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.answers(after=0.2)
    caller, channel = await answered_call(rig)
    path = rig.folder / "2026" / "call-1.wav"
    await channel.stop_recording()
    await channel.record(path)
    dial = Dialling(channel)
    await until(lambda: LegAnswered in dial.kinds())
    await asyncio.sleep(1.0)
    await seat.hang_up()
    await dial.result()
    await channel.stop_recording()
    said, heard = tape.sides(path)
    assert 0.8 < len(said) / 8000 < 2.5
    assert len(heard) == pytest.approx(len(said), abs=800)
    await channel.stop_recording()
    await caller.hang_up()


@rule
async def every_leg_that_ends_is_told(rig: Rig) -> None:
    seat = await rig.seat("1001")
    seat.rejects()
    caller, channel = await answered_call(rig)
    result = await Dialling(channel).result()
    await caller.hang_up()
    wanted = {result.leg, channel.arrival.leg}
    await until(lambda: wanted <= {one.leg for one in rig.events if isinstance(one, LegEnded)})
    assert {one.call for one in rig.events if isinstance(one, LegEnded)} == {"call-1"}
