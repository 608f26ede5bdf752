"""V2: supervisors end calls, send them on, pick them up, take them over, change who is next."""

import asyncio

import pytest

from callcenter.acd import QueuePlan, SeatState, SeatStatus, save_queue
from callcenter.calls import EndedBy
from callcenter.numbers import Destination
from callcenter.supervision import Act
from callcenter.supervision.refusals import (
    CallOver,
    NotWaiting,
    SeatTaken,
    TalksAlready,
)
from tests.support.supervised import (
    BY,
    cdr_of,
    changes,
    conductor,
    talking,
    waiting,
)
from tests.support.world import World


@pytest.mark.parametrize("when", ["in the menu", "waiting", "ringing", "talking"])
async def test_a_hang_up_is_on_record_with_its_name(world: World, when: str) -> None:
    alice = world.calls("+861")
    if when in ("ringing", "talking"):
        await world.logs_in("1001")
        alice.hangs_up()
        world.phone("1001").answers_after = 2 if when == "talking" else None
        alice = world.calls("+863")
    if when != "in the menu":
        alice.presses("1")
    await world.passes(seconds=12)
    await conductor(world).stepping.hang_up(alice.call, BY)
    assert not alice.is_up
    assert world.engine is not None
    assert not world.engine.ledger.open, "it is done when it is answered"
    assert world.state("1001") is (SeatState.WRAP_UP if when == "talking" else SeatState.IDLE)
    cdr = await cdr_of(world, alice.arrival.caller)
    assert (cdr.ended_by, cdr.ended_by_name) == (EndedBy.SUPERVISOR, BY)
    if when == "talking":
        assert [leg.ended_by for leg in cdr.legs[1:]] == ["supervisor"]
    with pytest.raises(CallOver):
        await conductor(world).stepping.hang_up(alice.call, BY)


async def test_a_hang_up_that_comes_too_late_is_the_callers_own(world: World) -> None:
    alice = await talking(world)
    alice.hangs_up()  # the engine has not heard of it yet
    with pytest.raises(CallOver):
        await conductor(world).stepping.hang_up(alice.call, BY)
    cdr = await cdr_of(world)
    assert (cdr.ended_by, cdr.ended_by_name) == (EndedBy.CALLER, "")


async def test_a_forced_transfer_is_one_call_and_the_seat_left_has_its_wrap_up(
    world: World,
) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    await conductor(world).stepping.transfer(alice.call, Destination.parse("seat:1002"), BY)
    assert world.state("1001") is SeatState.WRAP_UP
    assert world.state("1002") in (SeatState.RINGING, SeatState.TALKING)
    await world.passes(seconds=5)
    assert world.state("1002") is SeatState.TALKING
    with pytest.raises(SeatTaken):  # it is on the other's line already
        await conductor(world).stepping.transfer(alice.call, Destination.parse("seat:1002"), BY)
    alice.hangs_up()
    cdr = await cdr_of(world)
    assert [leg.seat for leg in cdr.legs[1:]] == ["1001", "1002"]
    assert len(alice.recorded) == 2, "each talk is a part of the recording"
    assert world.engine is not None
    assert world.engine.dispatcher.metrics.double_offers == 0


async def test_a_seat_on_a_break_picks_up_who_waits_and_who_rings_elsewhere(world: World) -> None:
    alice = await waiting(world)
    await world.logs_in("1002")
    await world.passes(seconds=10)
    alice.hangs_up()
    await world.passes(seconds=10)
    assert world.engine is not None
    world.engine.dispatcher.busy("1002", "meeting", by=BY)
    bob = await waiting(world, "+862")
    await conductor(world).stepping.pick_up(bob.call, "1002", BY)
    await world.passes(seconds=3)
    assert world.seat("1002").state is SeatState.TALKING
    assert world.seat("1002").call == bob.call
    with pytest.raises(TalksAlready):
        await conductor(world).stepping.pick_up(bob.call, "1001", BY)
    bob.hangs_up()
    await world.passes(seconds=10)
    assert world.seat("1002").status is SeatStatus.BUSY
    await world.logs_in("1001")
    world.phone("1001").answers_after = None
    carol = world.calls("+863")
    carol.presses("1")
    await world.passes(seconds=10)
    assert world.state("1001") is SeatState.RINGING
    await conductor(world).stepping.pick_up(carol.call, "1002", BY)
    await world.passes(seconds=3)
    assert (world.state("1001"), world.state("1002")) == (SeatState.IDLE, SeatState.TALKING)
    carol.hangs_up()
    cdr = await cdr_of(world, "+863")
    assert [(leg.seat, leg.outcome) for leg in cdr.legs[1:]] == [
        ("1001", "caller_gone"),
        ("1002", "answered"),
    ]


async def test_who_is_picked_up_in_vain_waits_in_the_same_place(world: World) -> None:
    first = await waiting(world)
    second = await waiting(world, "+862")
    await world.passes(seconds=10)
    world.phone("1002").answers_after = None
    world.phone("1001")
    await world.logs_in("1002")  # rings for the first, in vain
    assert world.engine is not None
    await world.passes(seconds=16)
    world.engine.dispatcher.busy("1002", "meeting", by=BY)
    await world.passes(seconds=30)
    await conductor(world).stepping.pick_up(first.call, "1002", BY)
    await world.passes(seconds=40)
    assert world.state("1002") is SeatState.IDLE
    await world.logs_in("1001")
    assert world.seat("1001").call == first.call
    first.hangs_up()
    second.hangs_up()
    await world.passes(seconds=1)


async def test_who_is_taken_over_in_vain_goes_before_those_who_came_later(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    assert world.engine is not None
    world.engine.dispatcher.busy("1002", "meeting", by=BY)
    late = await waiting(world, "+862")
    world.phone("1002").answers_after = None
    world.engine.dispatcher.busy("1001", "meeting", by=BY)
    await conductor(world).stepping.take_over(alice.call, "1002", BY)
    await world.passes(seconds=35)
    assert alice.music == "default"
    assert world.state("1002") is SeatState.IDLE
    world.engine.dispatcher.ready("1001", by=BY)
    await world.passes(seconds=3)
    assert world.seat("1001").call == alice.call
    alice.hangs_up()
    late.hangs_up()
    await world.passes(seconds=1)


async def test_a_talk_is_taken_over_also_by_who_listens_to_it(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    await conductor(world).listening.listen(alice.call, Act.MONITOR, "1002", BY)
    await conductor(world).stepping.take_over(alice.call, "1002", BY)
    assert world.state("1001") is SeatState.WRAP_UP
    await world.passes(seconds=0.1)
    assert alice.music == "default", "the caller hears something meanwhile"
    await world.passes(seconds=3)
    assert world.state("1002") is SeatState.TALKING
    assert not world.pbx.talks.listening
    with pytest.raises(TalksAlready):
        await conductor(world).stepping.take_over(alice.call, "1002", BY)
    world.phone("1002").hang_up()
    await world.passes(seconds=5)
    cdr = await cdr_of(world)
    assert [leg.seat for leg in cdr.legs[1:]] == ["1001", "1002"]
    assert [leg.ended_by for leg in cdr.legs[1:]] == ["transfer", "seat"]


async def test_a_waiting_caller_is_moved_with_the_time_waited(world: World) -> None:
    support = QueuePlan(name="support", tenant="acme", seats=(("1002", 1),))
    await changes(world, lambda c: save_queue(c, support))
    early, late = await waiting(world), await waiting(world, "+862")
    await conductor(world).stepping.move(late.call, "support", BY)
    await world.passes(seconds=1)
    await conductor(world).stepping.move(early.call, "support", BY)
    await world.passes(seconds=1)
    assert (early.music, late.music) == ("default", "default")
    await world.logs_in("1002")
    assert world.seat("1002").call == early.call
    with pytest.raises(NotWaiting):
        await conductor(world).stepping.move(early.call, "sales", BY)
    late.hangs_up()
    early.hangs_up()
    cdr = await cdr_of(world)
    assert [visit.queue for visit in cdr.visits] == ["sales", "support"]


async def test_a_waiting_caller_is_put_first(world: World) -> None:
    first, second, third = [await waiting(world, f"+86{n}") for n in (1, 2, 3)]
    assert await conductor(world).stepping.prioritise(third.call, None, BY) == 1
    assert await conductor(world).stepping.prioritise(second.call, None, BY) == 1  # came earlier
    assert await conductor(world).stepping.prioritise(first.call, -5, BY) == -5
    await world.logs_in("1001")
    assert world.seat("1001").call == second.call
    second.hangs_up()
    await world.passes(seconds=12)
    assert world.seat("1001").call == third.call
    third.hangs_up()
    first.hangs_up()
    await world.passes(seconds=1)
    with pytest.raises(CallOver):
        await conductor(world).stepping.prioritise(first.call, 3, BY)
    await world.passes(seconds=1)


async def test_the_priority_outlives_the_engine(world: World) -> None:
    first, second = await waiting(world), await waiting(world, "+862")
    await conductor(world).stepping.prioritise(second.call, None, BY)
    await world.engine_dies()
    await world.passes(seconds=5)
    await world.start()
    await world.passes(seconds=5)
    await world.logs_in("1001")
    assert world.seat("1001").call == second.call
    first.hangs_up()
    second.hangs_up()
    await world.passes(seconds=1)


async def test_two_acts_at_once_do_not_both_get_the_call(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    stepping = conductor(world).stepping
    over = asyncio.create_task(stepping.take_over(alice.call, "1002", BY))
    down = asyncio.create_task(stepping.hang_up(alice.call, "li"))
    await over
    await down
    await world.passes(seconds=1)
    assert world.state("1002") is SeatState.IDLE
    assert world.state("1001") is SeatState.WRAP_UP
    cdr = await cdr_of(world)
    assert (cdr.ended_by, cdr.ended_by_name) == (EndedBy.SUPERVISOR, "li")


async def test_a_caller_who_leaves_on_the_way_frees_the_seat(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    asked = asyncio.create_task(conductor(world).stepping.take_over(alice.call, "1002", BY))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert world.state("1002") is SeatState.RINGING
    alice.hangs_up()
    await asyncio.wait([asked])
    await world.passes(seconds=1)
    assert world.state("1002") is SeatState.IDLE
    assert not world.phone("1002").rings[1:]


async def test_a_talk_that_nobody_watches_is_transferred_all_the_same(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    await world.engine_dies()
    await world.passes(seconds=3)
    await world.start()
    await world.passes(seconds=1)
    await conductor(world).stepping.take_over(alice.call, "1002", BY)
    await world.passes(seconds=3)
    assert world.state("1001") is SeatState.WRAP_UP
    assert world.seat("1002").call == alice.call
    alice.hangs_up()
    cdr = await cdr_of(world)
    assert [leg.seat for leg in cdr.legs[1:]] == ["1001", "1002"]
