"""S3: a seat at an outside telephone is rung for each call and has to press 1."""

from typing import Any

import pytest

from callcenter.acd import SeatState
from callcenter.acd.desk import OUTSIDE
from callcenter.calls.cdr import Result
from callcenter.numbers import Trunk, save_trunk
from callcenter.pbx.fake import FakePhone
from tests.support.world import World

NUMBER = "2025550188"


async def at_home(world: World, **rules: Any) -> FakePhone:
    """The agent of 1001 is logged in at an outside telephone."""
    with world.database.begin() as connection:
        save_trunk(connection, Trunk(name="world", match="127.0.0.3", contact="127.0.0.3:5060"))
    assert world.engine is not None
    await world.engine.reload()
    phone = world.pbx.outside(NUMBER)
    world.engine.dispatcher.log_in("1001", OUTSIDE + NUMBER, by="test")
    assert world.state("1001") is SeatState.IDLE
    return phone


async def test_whoever_presses_1_has_the_call(world: World) -> None:
    phone = await at_home(world)
    phone.presses("1")
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=15)
    assert phone.heard == ["confirm-call"]
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    await world.passes(seconds=1)
    assert world.state("1001") is SeatState.WRAP_UP
    await world.passes(seconds=8)
    assert world.state("1001") is SeatState.IDLE
    [cdr] = await world.cdrs()
    assert (cdr.result, cdr.seat) == (Result.ANSWERED, "1001")


async def test_a_pocket_or_an_answering_machine_gets_no_caller(world: World) -> None:
    await at_home(world)
    await world.logs_in("1002")
    world.phone("1002").answers_after = None
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=35)
    assert world.state("1001") is not SeatState.TALKING
    assert not any(leg for leg in [alice.ring] if leg and leg.answered_at)
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ABANDONED


async def test_a_caller_is_sent_to_a_seat_outside(world: World) -> None:
    phone = await at_home(world)
    await world.logs_in("1002")
    assert world.engine is not None
    world.engine.dispatcher.busy("1001", "break", by="test")
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=15)
    assert world.state("1002") is SeatState.TALKING
    world.engine.dispatcher.ready("1001", by="test")
    phone.presses("1")
    await world.pbx.transfer(alice.arrival.leg, "seat-1001")
    await world.passes(seconds=10)
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert [leg.seat for leg in cdr.legs[1:]] == ["1002", "1001"]
    assert cdr.talk_seconds == pytest.approx(16, abs=4)
