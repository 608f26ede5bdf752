"""A caller, a menu, a queue, a seat: the story that everything grows on."""

import pytest

from callcenter.acd import SeatState, SeatStatus
from callcenter.calls import EndedBy
from callcenter.calls.cdr import Result
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Source
from tests.support.world import PIN, World


async def test_caller_is_served_by_the_seat_that_logged_in(world: World) -> None:
    agent = await world.logs_in("1001")
    assert agent.heard == ["agent-number", "agent-pin", "login-ok"]
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=12)
    assert alice.heard == ["welcome", "menu-main", "please-wait"]
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    await world.passes(seconds=1)
    assert world.state("1001") is SeatState.WRAP_UP
    await world.passes(seconds=8)
    assert world.state("1001") is SeatState.IDLE
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED
    assert cdr.seat == "1001"
    assert [leg.kind for leg in cdr.legs] == ["caller", "seat"]
    assert cdr.ended_by is EndedBy.CALLER
    assert cdr.wait_seconds == pytest.approx(2.0, abs=0.1)
    assert cdr.talk_seconds == pytest.approx(6.0, abs=0.5)


async def test_caller_waits_with_music_until_a_seat_logs_in(world: World) -> None:
    alice = world.calls()
    alice.presses("1")
    await world.passes(minutes=3)
    assert alice.music == "default"
    await world.logs_in("1001")
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert cdr.wait_seconds is not None
    assert cdr.wait_seconds > 170


async def test_first_come_first_served(world: World) -> None:
    first = world.calls("+861")
    first.presses("1")
    await world.passes(seconds=1)  # the menu is told first: at once, they would join together
    second = world.calls("+862")
    second.presses("1")
    await world.passes(seconds=20)
    await world.logs_in("1001")
    assert first.ring is not None
    assert second.ring is None
    first.hangs_up()
    await world.passes(seconds=20)
    assert second.ring is not None
    assert [cdr.caller for cdr in await world.cdrs()] == ["+861"]


async def test_seat_hangs_up_and_the_caller_hears_goodbye(world: World) -> None:
    await world.logs_in("1001")
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=15)
    world.phone("1001").hang_up()
    await world.passes(seconds=5)
    assert alice.heard[-1] == "goodbye"
    assert not alice.is_up
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED
    assert cdr.ended_by is EndedBy.ENGINE
    assert cdr.legs[1].ended_at is not None


async def test_seat_that_rejects_is_passed_over_for_the_next(world: World) -> None:
    await world.logs_in("1001")
    await world.logs_in("1002")
    world.phone("1001").rejects = True
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=15)
    assert world.state("1002") is SeatState.TALKING
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert [(leg.seat, leg.outcome) for leg in cdr.legs[1:]] == [
        ("1001", "rejected"),
        ("1002", "answered"),
    ]


async def test_seat_that_never_answers_is_set_aside_after_three_misses(world: World) -> None:
    await world.logs_in("1001")
    world.phone("1001").answers_after = None
    alice = world.calls()
    alice.presses("1")
    await world.passes(minutes=3)
    assert len(world.phone("1001").rings) == 3
    assert world.seat("1001").status is SeatStatus.BUSY
    assert world.seat("1001").reason == "no_answer"
    assert alice.music == "default"
    assert alice.is_up


async def test_phone_that_vanished_is_not_offered_callers(world: World) -> None:
    await world.logs_in("1001")
    world.phone("1001").vanish()
    alice = world.calls()
    alice.presses("1")
    await world.passes(minutes=1)
    assert world.state("1001") is SeatState.UNREACHABLE
    assert world.phone("1001").rings == []
    world.phone("1001").come_back()
    await world.passes(seconds=5)
    assert world.state("1001") is SeatState.TALKING


@pytest.mark.parametrize("after", [0.0, 1.0, 3.0, 5.0, 6.5, 7.0, 7.9, 8.0, 8.1, 9.0, 30.0])
async def test_caller_may_hang_up_at_any_moment(world: World, after: float) -> None:
    await world.logs_in("1001")
    world.phone("1001").answers_after = 2.0
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=after)
    alice.hangs_up()
    await world.passes(seconds=20)
    [cdr] = await world.cdrs()
    assert cdr.result in (Result.GAVE_UP, Result.ABANDONED, Result.ANSWERED)
    assert world.engine is not None
    assert not world.engine.ledger.open
    assert world.state("1001") is SeatState.IDLE
    assert not world.pbx.callers


async def test_unknown_number_is_refused_before_answer(world: World) -> None:
    alice = world.calls(number="4001111111")
    await world.passes(seconds=1)
    assert alice.refused is Cause.UNALLOCATED
    assert not alice.answered
    [cdr] = await world.cdrs()
    assert cdr.result is Result.REFUSED
    assert cdr.rule == "number 4001111111 is not hosted here"
    assert cdr.answered_at is None


async def test_wrong_pin_three_times_ends_politely(world: World) -> None:
    agent = world.pbx.place_call("1001", "*11", source=Source.EXTENSION)
    agent.presses(f"1001#1#1001#2#77#{PIN}#")
    await world.passes(minutes=1)
    assert agent.heard.count("login-failed") == 3
    assert agent.heard[-1] == "goodbye"
    assert world.seat("1001").status is SeatStatus.LOGGED_OUT


async def test_wrong_keys_and_no_keys_in_the_menu(world: World) -> None:
    alice = world.calls()
    alice.presses("7")
    await world.passes(minutes=1)
    assert alice.heard == [
        "welcome",
        "menu-main",
        "invalid-choice",
        "menu-main",
        "no-input",
        "goodbye",
    ]
    [cdr] = await world.cdrs()
    assert cdr.result is Result.SELF_SERVED


async def test_fault_of_ours_is_spoken_of_not_suffered_in_silence(world: World) -> None:
    alice = world.calls()
    alice.presses("9")
    await world.passes(seconds=30)
    assert alice.heard[-1] == "apology"
    assert not alice.is_up
    [cdr] = await world.cdrs()
    assert cdr.ended_by is EndedBy.ENGINE
