"""The contract, first part: a caller's channel without a dial."""

import asyncio
from datetime import timedelta

import pytest

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    Channel,
    Digits,
    Ended,
    Hangup,
    NodeLost,
    Prompt,
    Source,
    colour_ring,
)
from tests.contract.rig import SOON, CallerPhone, Rig, rule, soon, until

WELCOME = Prompt("en/welcome")
MENU = Prompt("en/menu-main")
GOODBYE = Prompt("en/goodbye")
CALLER, NUMBER = "13800000001", "4008001234"
SHORT, LONG = timedelta(seconds=0.6), timedelta(seconds=8)


async def answered_call(rig: Rig) -> tuple[CallerPhone, Channel]:
    """A caller whose call is ours and answered."""
    caller = await rig.place_call(CALLER, NUMBER)
    channel = await rig.next_call()
    await channel.adopt("call-1")
    await channel.answer()
    return caller, channel


@rule
async def music_that_has_hardly_begun_is_stopped_at_once(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    for _ in range(3):
        await channel.music("default")
        await soon(channel.stop_music(), 1.5)
    await channel.music("default")
    await soon(channel.play([GOODBYE]), 6)
    await caller.hears(GOODBYE)
    await caller.hang_up()


@rule
async def a_new_call_tells_who_calls_whom(rig: Rig) -> None:
    caller = await rig.place_call(CALLER, NUMBER, name="王小明")
    arrival = (await rig.next_call()).arrival
    assert (arrival.source, arrival.caller, arrival.dialled) == (Source.TRUNK, CALLER, NUMBER)
    assert (arrival.caller_name, arrival.endpoint) == ("王小明", "world")
    assert (arrival.call, arrival.last_dial) == ("", None)
    assert arrival.leg.startswith(f"{rig.pbx.node}/")
    await caller.hang_up()


@rule
async def a_seat_that_calls_is_known_by_its_extension(rig: Rig) -> None:
    await rig.seat("1001")
    caller = await rig.place_call("1001", "*11", source=Source.EXTENSION)
    arrival = (await rig.next_call()).arrival
    assert (arrival.source, arrival.endpoint, arrival.dialled) == (Source.EXTENSION, "1001", "*11")
    await caller.hang_up()


@rule
async def an_adopted_call_comes_back_to_the_next_engine(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    await channel.music("default")
    await caller.hears_music()
    waiting = asyncio.ensure_future(channel.gone())
    await rig.engine_dies()
    await asyncio.wait([waiting], timeout=1)
    await rig.engine_returns()
    again = await rig.next_call()
    assert (again.arrival.call, again.arrival.leg) == ("call-1", channel.arrival.leg)
    assert (again.arrival.caller, again.arrival.dialled) == (CALLER, NUMBER)
    assert again.arrival.last_dial is None
    await again.play([WELCOME])
    assert caller.is_up
    waiting.cancel()
    await asyncio.wait([waiting])
    await caller.hang_up()


@rule
async def a_script_cut_off_is_told_so_and_not_that_the_caller_left(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    await channel.music("default")
    await rig.engine_dies()
    with pytest.raises(NodeLost):
        await channel.play([WELCOME])
    assert caller.is_up
    await caller.hang_up()


@rule
async def a_rejected_caller_gets_the_cause_and_no_answer(rig: Rig) -> None:
    for cause in (Cause.UNALLOCATED, Cause.BUSY, Cause.REJECTED, Cause.CONGESTION):
        caller = await rig.place_call(CALLER, NUMBER)
        channel = await rig.next_call()
        await channel.ring()
        await channel.reject(cause)
        await until(lambda caller=caller: not caller.is_up)  # type: ignore[misc]
        assert not caller.was_answered
        assert caller.refused is cause
        assert (await soon(channel.gone())) == Ended(cause=cause)
        with pytest.raises(Hangup):
            await channel.answer()


@rule
async def prompts_play_in_order_and_answering_twice_is_harmless(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    await channel.answer()
    assert await channel.play([WELCOME, MENU]) == ""
    await caller.hears(WELCOME)
    await caller.hears(MENU)
    await caller.hang_up()


@rule
async def a_key_out_of_stop_on_ends_the_prompt_and_is_told(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    playing = asyncio.ensure_future(channel.play([WELCOME, MENU, WELCOME], stop_on="12"))
    await caller.hears(WELCOME)
    await caller.press("2")
    assert await soon(playing, 3) == "2"
    await caller.hang_up()


@rule
async def prompts_without_stop_on_cannot_be_stopped(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    playing = asyncio.ensure_future(channel.play([WELCOME]))
    await caller.press("1")
    assert await soon(playing) == ""
    await caller.hears(WELCOME)
    await caller.hang_up()


@rule
async def the_key_that_stops_the_prompt_is_the_first_digit(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    reading = asyncio.ensure_future(
        channel.read_digits([WELCOME, MENU], most=4, first=LONG, between=LONG)
    )
    await caller.hears(WELCOME)
    await caller.press("4711")
    assert await soon(reading) == Digits(keys="4711")
    await caller.hang_up()


@rule
async def the_end_key_ends_and_is_not_among_the_digits(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    reading = asyncio.ensure_future(channel.read_digits([], most=9, first=LONG, between=LONG))
    await caller.press("12#")
    assert await soon(reading) == Digits(keys="12")
    reading = asyncio.ensure_future(
        channel.read_digits([], most=2, first=LONG, between=LONG, end="")
    )
    await caller.press("*#")
    assert await soon(reading) == Digits(keys="*#")
    await caller.hang_up()


@rule
async def waits_for_digits_end(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    assert await channel.read_digits([], most=1, first=SHORT, between=LONG) == Digits(
        keys="", timed_out=True
    )
    reading = asyncio.ensure_future(channel.read_digits([], most=3, first=LONG, between=SHORT))
    await caller.press("5")
    assert await soon(reading, 4) == Digits(keys="5", timed_out=True)
    await caller.hang_up()


@rule
async def a_hangup_is_told_by_every_command_once_and_for_all(rig: Rig) -> None:
    for work in (
        lambda channel: channel.play([MENU, MENU, MENU]),
        lambda channel: channel.read_digits([], most=1, first=LONG, between=LONG),
        lambda channel: channel.read_digits([MENU], most=1, first=LONG, between=LONG),
    ):
        caller, channel = await answered_call(rig)
        busy = asyncio.ensure_future(work(channel))
        await asyncio.sleep(0.3)
        await caller.hang_up()
        with pytest.raises(Hangup) as first:
            await soon(busy, 3)
        assert first.value.ended.cause is Cause.NORMAL
        assert first.value.ended.dial is None
        with pytest.raises(Hangup) as later:
            await channel.music("default")
        assert later.value.ended == first.value.ended == await channel.gone()


@rule
async def keys_are_read_while_music_goes_on(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    await channel.music("default")
    await caller.hears_music()
    reading = asyncio.ensure_future(channel.read_digits([], most=1, first=LONG, between=LONG))
    await caller.press("5")
    assert await soon(reading) == Digits(keys="5")
    await channel.music(colour_ring(GOODBYE))
    await caller.hears_colour_ring(GOODBYE)
    reading = asyncio.ensure_future(channel.read_digits([], most=2, first=LONG, between=LONG))
    await caller.press("5")
    await caller.hears_colour_ring(GOODBYE)
    await caller.press("1")
    assert await soon(reading) == Digits(keys="51")
    await caller.hang_up()


@rule
async def an_idle_caller_who_leaves_is_noticed(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    await channel.music("default")
    waiting = asyncio.ensure_future(channel.gone())
    await caller.hears_music()
    await caller.hang_up()
    assert await soon(waiting, 2) == Ended(cause=Cause.NORMAL)


@rule
async def a_caller_who_leaves_before_the_answer_is_noticed(rig: Rig) -> None:
    caller = await rig.place_call(CALLER, NUMBER)
    channel = await rig.next_call()
    await channel.ring()
    await caller.hang_up()
    await soon(channel.gone(), 3)
    with pytest.raises(Hangup):
        await channel.answer()
    assert not caller.was_answered


@rule
async def a_caller_who_leaves_at_once_is_told_once(rig: Rig) -> None:
    for caller in ("13800000001", "13800000002", "13800000003"):
        phone = await rig.place_call(caller, NUMBER)
        await phone.hang_up()
        channel = await rig.next_call()
        arrival = channel.arrival
        assert (arrival.source, arrival.caller, arrival.dialled) == (Source.TRUNK, caller, NUMBER)
        await soon(channel.gone(), 3)
        with pytest.raises(Hangup):
            await channel.answer()
        await channel.release(Cause.NORMAL)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await rig.next_call()


@rule
async def release_hangs_up_and_is_harmless_afterwards(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    await channel.release(Cause.NORMAL)
    await until(lambda: not caller.is_up, SOON)
    assert await soon(channel.gone()) == Ended(cause=Cause.NORMAL)
    await channel.release(Cause.NORMAL)
    caller, channel = await answered_call(rig)
    await caller.hang_up()
    await soon(channel.gone())
    await channel.release(Cause.NORMAL)


@rule
async def a_play_that_is_cancelled_makes_way(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    for work in (
        lambda: channel.play([MENU, MENU, MENU]),
        lambda: channel.read_digits([], most=1, first=timedelta(minutes=5), between=LONG),
    ):
        busy = asyncio.ensure_future(work())
        await asyncio.sleep(0.4)
        busy.cancel()
        await asyncio.wait([busy], timeout=2)
        assert busy.cancelled()
        await soon(channel.play([GOODBYE]), 4)
        await caller.hears(GOODBYE)
    await caller.hang_up()
