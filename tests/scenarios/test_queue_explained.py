"""Every decision can be explained afterwards (Q9), and what must be nothing is counted (Q8)."""

from callcenter.calls.explaining import Explanation
from callcenter.calls.store import get_moments
from callcenter.services import EngineServices
from callcenter.web.api import create_api
from tests.scenarios.test_queue_voices import queue, waits
from tests.support.world import World


async def nothing() -> None:
    """Nobody else is to be told."""


def services(world: World) -> EngineServices:
    assert world.engine is not None
    return EngineServices(world.engine, lambda: None, nothing, None)  # type: ignore[arg-type]


def sentences(told: Explanation) -> list[str]:
    return [moment.what for moment in told.moments]


async def test_why_this_seat_and_not_that_one(world: World) -> None:
    await world.logs_in("1001")
    await world.logs_in("1002")
    assert world.engine is not None
    world.engine.dispatcher.busy("1001", "lunch", by="test")
    alice = await waits(world)
    await world.passes(seconds=5)
    [call] = [c.id for c in world.engine.ledger.open.values() if c.talk]
    running = await services(world).explain(call)
    assert not running.ended
    alice.hangs_up()
    [cdr] = await world.cdrs()
    ended = await services(world).explain(cdr.id)
    assert ended.ended
    assert sentences(ended)[: len(running.moments)] == sentences(running)
    assert sentences(ended)[0] == "+8613800000001 calls 4008001234."
    [chosen] = [m for m in ended.moments if m.what.startswith("Seat 1002 is chosen")]
    assert [(p.who, p.why) for p in chosen.passed] == [("1001", "busy: lunch")]
    assert sentences(ended)[-1].startswith("Ends, by the caller")


async def test_an_explanation_outlives_the_engine(world: World) -> None:
    await world.logs_in("1001")
    alice = await waits(world)
    await world.passes(seconds=5)
    await world.engine_dies()
    alice.hangs_up()
    await world.start()
    await world.passes(seconds=5)
    [cdr] = await world.cdrs()
    with world.database.connect() as connection:
        moments = get_moments(connection, cdr.id)
    assert moments is not None
    assert any(moment.what.startswith("Seat 1001 is chosen") for moment in moments)


async def test_what_must_be_nothing_is_in_the_status(world: World) -> None:
    await queue(world)
    await world.logs_in("1001")
    alice = await waits(world)
    await world.passes(seconds=5)
    alice.hangs_up()
    await world.passes(seconds=30)
    offers = services(world).status().offers
    assert (offers.made, offers.double_offers, offers.expired_leases) == (1, 0, 0)
    assert offers.stuck_seat_seconds == 0


async def test_a_leased_ring_that_nobody_ends_is_counted(world: World) -> None:
    await world.logs_in("1001")
    assert world.engine is not None
    dispatcher = world.engine.dispatcher
    dispatcher.join("nobody", "sales", world.clock.now(), lambda offer: None)
    await world.passes(minutes=1)
    offers = services(world).status().offers
    assert offers.expired_leases >= 1
    assert offers.stuck_seat_seconds > 0


async def test_the_path_is_described(world: World) -> None:
    assert "/v1/calls/{call}/explain" in create_api(services(world)).openapi()["paths"]
