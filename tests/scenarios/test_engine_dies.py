"""The engine is killed; callers do not notice, and the records are whole afterwards."""

import pytest

from callcenter.acd import SeatState
from callcenter.calls.cdr import Result
from tests.support.world import World


async def test_waiting_caller_is_served_once_with_the_first_arrival_time(world: World) -> None:
    alice = world.calls("+861")
    alice.presses("1")
    await world.passes(minutes=1)
    await world.engine_dies()
    await world.passes(seconds=30)
    assert alice.is_up
    await world.start()
    late = world.calls("+862")
    late.presses("1")
    await world.passes(seconds=20)
    await world.logs_in("1001")
    assert alice.ring is not None
    assert late.ring is None
    assert alice.heard.count("please-wait") == 1
    alice.hangs_up()
    await world.passes(seconds=1)
    [cdr] = await world.cdrs()
    assert cdr.resumed == 1
    assert cdr.wait_seconds == pytest.approx(120, abs=20)
    assert len(world.phone("1001").rings) == 1


async def test_talk_goes_on_and_its_cdr_is_complete(world: World) -> None:
    await world.logs_in("1001")
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=15)
    await world.engine_dies()
    await world.passes(seconds=30)
    await world.start()
    assert world.state("1001") is SeatState.TALKING
    await world.passes(seconds=15)
    alice.hangs_up()
    await world.passes(seconds=1)
    assert world.state("1001") is SeatState.WRAP_UP
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED
    assert cdr.talk_seconds == pytest.approx(53, abs=2)
    assert len(cdr.legs) == 2


async def test_call_that_ended_meanwhile_gets_its_cdr(world: World) -> None:
    await world.logs_in("1001")
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=15)
    await world.engine_dies()
    await world.passes(seconds=30)
    alice.hangs_up()
    await world.passes(minutes=5)
    await world.start()
    await world.passes(seconds=1)
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED
    assert cdr.talk_seconds == pytest.approx(37, abs=2)
    assert world.state("1001") is SeatState.IDLE


async def test_seat_answered_while_nobody_watched(world: World) -> None:
    await world.logs_in("1001")
    world.phone("1001").answers_after = 5.0
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=8)
    assert world.state("1001") is SeatState.RINGING
    await world.engine_dies()
    await world.passes(seconds=30)
    await world.start()
    await world.passes(seconds=10)
    world.phone("1001").hang_up()
    await world.passes(seconds=4)
    assert alice.heard[-1] == "goodbye"
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED
    assert cdr.talk_seconds == pytest.approx(39, abs=1)
    await world.passes(seconds=10)
    assert world.state("1001") is SeatState.IDLE


async def test_lost_connection_to_a_living_engine(world: World) -> None:
    await world.logs_in("1001")
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=15)
    world.pbx.cut_scripts()
    await world.passes(seconds=15)
    assert world.state("1001") is SeatState.TALKING
    world.phone("1001").hang_up()
    await world.passes(seconds=3)
    assert alice.heard[-1] == "goodbye"
    await world.passes(seconds=10)
    assert world.state("1001") is SeatState.IDLE
    [cdr] = await world.cdrs()
    assert cdr.resumed == 1
