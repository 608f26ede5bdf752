"""Where a queue sends callers it does not keep: every form of destination, every reason (Q4)."""

from datetime import timedelta

import pytest

from callcenter.acd import Action, Limits, SeatState, Step
from callcenter.calls.cdr import Result
from callcenter.ivr import Flow, publish
from callcenter.numbers import Trunk, save_trunk
from tests.scenarios.test_queue_voices import queue, waits
from tests.support.world import FLOW, World

SECOND = {**FLOW, "name": "second", "start": "bye"}


async def test_to_another_queue(world: World) -> None:
    limits = Limits(most_wait=timedelta(seconds=20), waited_to="queue:back-office")
    await queue(world, "back-office", seats=(("1002", 1),))
    await queue(world, limits=limits, seats=(("1001", 1),))
    await world.logs_in("1002")
    alice = await waits(world)
    await world.passes(seconds=30)
    assert world.state("1002") is SeatState.TALKING
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert (cdr.result, cdr.seat, cdr.queue) == (Result.ANSWERED, "1002", "back-office")


async def test_to_voicemail(world: World) -> None:
    await queue(world, limits=Limits(needs_seat=True, no_seat_to="voicemail:sales"))
    alice = await waits(world)
    alice.says(5)
    await world.passes(minutes=2)
    assert "beep" in alice.heard
    assert not alice.is_up


async def test_to_an_outside_number(world: World) -> None:
    with world.database.begin() as connection:
        save_trunk(connection, Trunk(name="world", match="127.0.0.3", contact="127.0.0.3"))
    world.pbx.outside("13900000000")
    await queue(world, limits=Limits(most_waiting=0, full_to="outside:13900000000"))
    alice = await waits(world)
    await world.passes(seconds=20)
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert [(leg.kind, leg.outcome) for leg in cdr.legs[1:]] == [("outside", "answered")]


async def test_to_a_flow_by_a_recipe(world: World) -> None:
    with world.database.begin() as connection:
        publish(connection, Flow.model_validate(SECOND))
    after = timedelta(seconds=10)
    step = Step(after=after, action=Action.OVERFLOW, to="flow:second")
    await queue(world, recipe=(step,))
    alice = await waits(world)
    await world.passes(seconds=20)
    assert alice.heard[3:] == ["goodbye"]
    [cdr] = await world.cdrs()
    assert cdr.result is Result.FLOWED_OUT


@pytest.mark.parametrize("to", ["extension:1002", "lines:nobody", "announcement:closed"])
async def test_to_other_places(world: World, to: str) -> None:
    await queue(world, limits=Limits(most_waiting=0, full_to=to))
    world.phone("1002")
    alice = await waits(world)
    await world.passes(seconds=60)
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert world.engine is not None
    assert not world.engine.ledger.open
    assert (cdr.legs[-1].kind == "extension") is (to == "extension:1002")


async def test_without_a_place_the_menu_goes_on(world: World) -> None:
    await queue(world, limits=Limits(most_waiting=0))
    alice = await waits(world)
    await world.passes(seconds=10)
    assert alice.heard[-1] == "goodbye"
    assert not alice.is_up


# -- who dials again --------------------------------------------------------------------------


async def test_who_dials_again_in_time_stands_where_they_stood(world: World) -> None:
    await queue(world, redial=timedelta(minutes=5), seats=(("1001", 1),))
    alice = await waits(world, "+861")
    await world.passes(seconds=10)
    bob = await waits(world, "+862")
    alice.hangs_up()
    await world.passes(minutes=2)
    alice = await waits(world, "+861")
    await world.logs_in("1001")
    assert alice.ring is not None
    assert bob.ring is None


async def test_who_dials_again_too_late_stands_last(world: World) -> None:
    await queue(world, redial=timedelta(minutes=5), seats=(("1001", 1),))
    alice = await waits(world, "+861")
    bob = await waits(world, "+862")
    alice.hangs_up()
    await world.passes(minutes=6)
    alice = await waits(world, "+861")
    await world.logs_in("1001")
    assert bob.ring is not None
    assert alice.ring is None


async def test_a_regained_place_outlives_the_engine(world: World) -> None:
    await queue(world, redial=timedelta(minutes=5), seats=(("1001", 1),))
    alice = await waits(world, "+861")
    bob = await waits(world, "+862")
    alice.hangs_up()
    await world.passes(minutes=1)
    alice = await waits(world, "+861")
    await world.engine_dies()
    await world.start()
    await world.passes(seconds=5)
    await world.logs_in("1001")
    assert alice.ring is not None
    assert bob.ring is None
