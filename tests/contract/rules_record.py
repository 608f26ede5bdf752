"""The contract: recordings of running talks begin, end and leave something out."""

import asyncio
from pathlib import Path

import pytest

from callcenter.demo import ears
from callcenter.pbx.port import Dial, LegId, PauseKey, SentElsewhere
from tests.contract import tape
from tests.contract.rig import CallerPhone, Rig, SeatPhone, rule, until
from tests.contract.rules_call import answered_call
from tests.contract.rules_lines import Dialling
from tests.contract.rules_talk import RING

_FRAME = ears.RATE // 10
_HEARD = -50.0


class Recorded:
    """A caller who hums, joined with the seat 1001, and a recording that began before."""

    caller: CallerPhone
    seat: SeatPhone
    dial: Dialling
    leg: LegId
    path: Path


async def talk(rig: Rig, *, recorded: bool = True) -> Recorded:
    made = Recorded()
    made.seat = await rig.seat("1001")
    made.seat.answers(after=0.1)
    made.caller, channel = await answered_call(rig)
    made.leg, made.path = channel.arrival.leg, rig.folder / "tape" / "call-1.wav"
    if recorded:
        await channel.record(made.path)
    made.dial = Dialling(channel, Dial(extension="1001", ring=RING))
    await until(lambda: made.dial.answered is not None)
    made.caller.says(8)
    return made


async def over(made: Recorded) -> list[bool]:
    """The talk ends; for each tenth of a second whether the caller's side has sound."""
    await made.seat.hang_up()
    await made.dial.result()
    await made.caller.hang_up()
    await tape.finished(made.path)
    return loud(tape.sides(made.path)[0])


def loud(side: tape.Samples) -> list[bool]:
    """For each tenth of a second whether it has sound."""
    frames = side[: len(side) // _FRAME * _FRAME].reshape(-1, _FRAME)
    return [ears.rms(frame) > _HEARD for frame in frames]


def stretches(heard: list[bool]) -> list[tuple[bool, int]]:
    """Sound and silence in turn, each with its tenths of a second; clicks are left out."""
    found: list[tuple[bool, int]] = []
    for loud in heard:
        if found and found[-1][0] is loud:
            found[-1] = (loud, found[-1][1] + 1)
        else:
            found.append((loud, 1))
    return [one for one in found if one[1] > 2]


@rule
async def what_is_said_in_a_pause_is_silence_in_its_place(rig: Rig) -> None:
    made = await talk(rig)
    await asyncio.sleep(1.0)
    assert await rig.pbx.pause_recording(made.leg)
    await asyncio.sleep(1.2)
    assert made.seat.is_talking
    assert await rig.pbx.resume_recording(made.leg)
    await asyncio.sleep(1.0)
    heard = stretches(await over(made))
    assert [loud for loud, _ in heard] == [True, False, True]
    assert 9 <= heard[1][1] <= 14


@rule
async def a_pause_lasts_through_the_death_of_the_engine(rig: Rig) -> None:
    made = await talk(rig)
    await asyncio.sleep(0.6)
    assert await rig.pbx.pause_recording(made.leg)
    await rig.engine_dies()
    await rig.engine_returns()
    await asyncio.sleep(0.6)
    assert await rig.pbx.resume_recording(made.leg)
    await asyncio.sleep(0.6)
    await made.seat.hang_up()
    again = await rig.next_call()
    assert again.arrival.call == "call-1"
    await made.caller.hang_up()
    await tape.finished(made.path)
    heard = stretches(loud(tape.sides(made.path)[0]))
    assert [loud for loud, _ in heard] == [True, False, True]


@rule
async def a_recording_begins_and_ends_in_the_middle_of_a_talk(rig: Rig) -> None:
    made = await talk(rig, recorded=False)
    assert not await rig.pbx.pause_recording(made.leg)
    await asyncio.sleep(0.8)
    assert await rig.pbx.record(made.leg, made.path)
    await asyncio.sleep(1.0)
    assert await rig.pbx.stop_recording(made.leg)
    await asyncio.sleep(0.8)
    assert not await rig.pbx.resume_recording(made.leg)
    heard = await over(made)
    assert 7 <= len(heard) <= 13
    assert not await rig.pbx.record(made.leg, made.path)
    assert not await rig.pbx.pause_recording(made.leg)


@rule
async def a_recording_and_its_pause_go_with_the_caller_through_a_transfer(rig: Rig) -> None:
    made = await talk(rig)
    await asyncio.sleep(1.0)
    assert await rig.pbx.transfer(made.leg, "1002")
    with pytest.raises(SentElsewhere):
        await made.dial.result()
    again = await rig.next_call()
    await again.adopt("call-1")
    other = await rig.seat("1002")
    other.answers(after=0.1)
    second = Dialling(again, Dial(extension="1002", ring=RING))
    await until(lambda: second.answered is not None)
    await asyncio.sleep(1.0)
    assert await rig.pbx.pause_recording(made.leg)
    await asyncio.sleep(1.0)
    assert await rig.pbx.resume_recording(made.leg)
    await asyncio.sleep(1.0)
    made.seat, made.dial = other, second
    heard = stretches(await over(made))
    assert [loud for loud, _ in heard] == [True, False, True]
    assert 15 <= heard[0][1] <= 25


@rule
async def the_key_that_pauses_is_told_of_phones_of_ours_only(rig: Rig) -> None:
    made = await talk(rig, recorded=False)
    assert made.dial.answered is not None
    await made.caller.press("*1")
    for keys, pause in (("*1", True), ("*2", False)):
        await made.seat.press(keys)
        told = PauseKey(leg=made.dial.answered.leg, call="call-1", pause=pause)
        await until(lambda told=told: told in rig.events, 4)  # type: ignore[misc]
    assert sum(isinstance(one, PauseKey) for one in rig.events) == 2
    await made.caller.hang_up()
