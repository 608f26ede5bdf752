"""Q1, Q6: of several phones that ring at once each refusal is told when it happens."""

from datetime import timedelta

from callcenter.acd import QueuePlan, SeatState, SeatStatus, StrategyName, save_queue
from callcenter.pbx.fake import FakeCaller
from tests.support.world import World


async def rings_all(world: World) -> FakeCaller:
    """A caller for whom both seats are about to ring."""
    plan = QueuePlan(
        name="sales",
        tenant="acme",
        ring=timedelta(seconds=15),
        wrap_up=timedelta(seconds=8),
        rest_after_miss=timedelta(0),
        strategy=StrategyName.RING_ALL,
        most_rejected=1,
        most_unreachable=1,
        seats=(("1001", 1), ("1002", 1)),
    )
    with world.database.begin() as connection:
        save_queue(connection, plan)
    assert world.engine is not None
    await world.engine.reload()
    await world.logs_in("1001")
    await world.logs_in("1002")
    world.phone("1002").answers_after = None
    alice = world.calls()
    alice.presses("1")
    return alice


async def test_who_rejects_is_set_aside_while_the_other_rings(world: World) -> None:
    world.phone("1001").rejects = True
    alice = await rings_all(world)
    await world.passes(seconds=10)
    first, second = world.seat("1001"), world.seat("1002")
    assert (first.state, first.status, first.reason) == (
        SeatState.IDLE,
        SeatStatus.BUSY,
        "rejected",
    )
    assert second.state is SeatState.RINGING
    world.phone("1002").pick_up()
    await world.passes(seconds=5)
    assert world.state("1002") is SeatState.TALKING
    alice.hangs_up()
    [cdr] = await world.cdrs()
    legs = {leg.seat: leg.outcome for leg in cdr.legs[1:]}
    assert legs == {"1001": "rejected", "1002": "answered"}


async def test_who_cannot_be_reached_is_set_aside_for_that(world: World) -> None:
    alice = await rings_all(world)
    await world.passes(seconds=2)
    world.phone("1001").registered = False  # and nobody has told yet
    await world.passes(seconds=8)
    assert world.seat("1001").reason == "unreachable"
    assert world.state("1002") is SeatState.RINGING
    alice.hangs_up()
    await world.passes(seconds=1)
    assert (world.seat("1002").status, world.state("1002")) == (SeatStatus.READY, SeatState.IDLE)


async def test_a_seat_that_refused_serves_the_next_caller_meanwhile(world: World) -> None:
    world.phone("1001").rejects = True
    await rings_all(world)
    await world.passes(seconds=10)
    world.phone("1001").rejects = False
    world.phone("1001").answers_after = 1
    assert world.engine is not None
    world.engine.dispatcher.ready("1001", by="test")
    bob = world.calls("+8613800000002")
    bob.presses("1")
    await world.passes(seconds=6)
    assert world.state("1001") is SeatState.TALKING, "the first caller's ring goes on without it"
    assert world.seat("1001").call == bob.call
    await world.passes(seconds=20)
    assert world.engine.dispatcher.metrics.double_offers == 0
