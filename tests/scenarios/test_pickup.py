"""S2: a colleague's ringing call is picked up: one call, one CDR, the seat that talks wraps up."""

from callcenter.acd import SeatState, SeatStatus
from callcenter.calls.cdr import Cdr, Result
from callcenter.numbers import Extension, Tenant, save_extension, save_tenant
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.port import Source
from tests.support.world import World


async def rings(world: World, at: str = "1001") -> FakeCaller:
    """A caller of the queue for whom this seat rings and rings."""
    await world.logs_in(at)
    world.phone(at).answers_after = None
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=9)
    assert world.state(at) is SeatState.RINGING
    return alice


async def dials(world: World, extension: str, code: str = "*8") -> FakeCaller:
    """A phone dials the code."""
    world.phone(extension)
    picking = world.pbx.place_call(extension, code, source=Source.EXTENSION)
    await world.passes(seconds=0.2)
    return picking


def legs(cdr: Cdr) -> list[tuple[str, str]]:
    return [(leg.seat or leg.endpoint, leg.outcome) for leg in cdr.legs[1:]]


async def test_an_agent_picks_up_what_rings_at_a_colleague(world: World) -> None:
    await world.logs_in("1002")
    world.engine.dispatcher.busy("1002", "break", by="test")  # type: ignore[union-attr]
    alice = await rings(world)
    picking = await dials(world, "1002")
    assert (world.state("1001"), world.state("1002")) == (SeatState.IDLE, SeatState.TALKING)
    assert world.seat("1002").call == alice.call
    assert world.phone("1001").ringing is None
    bob = world.calls("+8613800000002")
    bob.presses("1")
    await world.passes(seconds=10)
    assert world.state("1001") is SeatState.RINGING, "who did not answer is no seat that misses"
    bob.hangs_up()
    await world.passes(seconds=20)
    picking.hangs_up()
    await world.passes(seconds=1)
    assert (world.state("1001"), world.state("1002")) == (SeatState.IDLE, SeatState.WRAP_UP)
    await world.passes(seconds=8)
    assert world.state("1002") is SeatState.IDLE
    assert not alice.is_up
    cdr, other = await world.cdrs()
    assert other.caller == bob.arrival.caller
    assert cdr.result is Result.ANSWERED
    assert legs(cdr) == [("1001", "withdrawn"), ("1002", "answered")]
    assert (cdr.seat, round(cdr.talk_seconds)) == ("1002", 30)
    assert cdr.recording
    assert world.engine is not None
    assert world.engine.dispatcher.metrics.double_offers == 0
    assert world.engine.dispatcher.metrics.expired_leases == 0


async def test_a_number_after_the_code_says_whose(world: World) -> None:
    alice = await rings(world)
    elsewhere = await dials(world, "1002", "*81003")
    await world.passes(seconds=3)
    assert elsewhere.heard == ["nothing-to-pick-up"]
    picking = await dials(world, "1002", "*81001")  # nobody is logged in there
    assert alice.ring is not None
    assert alice.ring.phone.extension == "1002"
    assert world.state("1001") is SeatState.IDLE
    picking.hangs_up()
    await world.passes(seconds=4)
    [cdr] = await world.cdrs()
    assert legs(cdr) == [("1001", "withdrawn"), ("1002", "answered")]
    assert cdr.legs[2].kind == "extension"


async def test_a_phone_without_an_agent_takes_no_queues_call_unnamed(world: World) -> None:
    await rings(world)
    picking = await dials(world, "1002")
    await world.passes(seconds=3)
    assert picking.heard == ["nothing-to-pick-up"]
    assert world.state("1001") is SeatState.RINGING
    called = world.pbx.place_call("1009", "1003", source=Source.EXTENSION)
    await world.passes(seconds=1)
    assert called.ring is None


async def test_a_call_to_an_extension_is_picked_up(world: World) -> None:
    with world.database.begin() as connection:
        for number in ("1003", "1004"):
            save_extension(connection, Extension(number=number, tenant="acme", secret="unused"))
    assert world.engine is not None
    await world.engine.reload()
    world.phone("1003").answers_after = None
    called = world.pbx.place_call("1004", "1003", source=Source.EXTENSION)
    await world.passes(seconds=1)
    picking = await dials(world, "1002")
    assert called.ring is not None
    assert called.ring.phone.extension == "1002"
    called.hangs_up()
    await world.passes(seconds=1)
    assert not picking.is_up
    [cdr] = await world.cdrs()
    assert legs(cdr) == [("1003", "withdrawn"), ("1002", "answered")]


async def test_another_tenants_calls_are_not_seen(world: World) -> None:
    with world.database.begin() as connection:
        save_tenant(connection, Tenant(id="other", name="Other", language="en"))
        save_extension(connection, Extension(number="2001", tenant="other", secret="unused"))
    assert world.engine is not None
    await world.engine.reload()
    await rings(world)
    for code in ("*8", "*81001"):
        picking = await dials(world, "2001", code)
        await world.passes(seconds=3)
        assert picking.heard == ["nothing-to-pick-up"]
    assert world.state("1001") is SeatState.RINGING


async def test_who_is_too_late_is_told_and_nothing_sticks(world: World) -> None:
    await world.logs_in("1002")
    world.engine.dispatcher.busy("1002", "break", by="test")  # type: ignore[union-attr]
    alice = await rings(world)
    world.phone("1002")
    picking = world.pbx.place_call("1002", "*8", source=Source.EXTENSION)
    world.phone("1001").pick_up()
    await world.passes(seconds=3)
    assert picking.heard == ["nothing-to-pick-up"]
    assert world.state("1001") is SeatState.TALKING
    assert (world.state("1002"), world.seat("1002").status) == (SeatState.IDLE, SeatStatus.BUSY)
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert [leg for leg in legs(cdr) if leg[1] == "answered"] == [("1001", "answered")]


async def test_what_was_picked_up_survives_the_engine(world: World) -> None:
    await world.logs_in("1002")
    world.engine.dispatcher.busy("1002", "break", by="test")  # type: ignore[union-attr]
    alice = await rings(world)
    picking = await dials(world, "1002")
    await world.passes(seconds=5)
    await world.engine_dies()
    await world.passes(seconds=5)
    await world.start()
    await world.passes(seconds=1)
    assert (world.state("1001"), world.state("1002")) == (SeatState.IDLE, SeatState.TALKING)
    assert alice.is_up
    picking.hangs_up()
    await world.passes(seconds=1)
    assert world.state("1002") is SeatState.WRAP_UP
    await world.passes(seconds=20)
    [cdr] = await world.cdrs()
    assert legs(cdr) == [("1001", "withdrawn"), ("1002", "answered")]
    assert round(cdr.talk_seconds) == 11


async def test_an_engine_that_dies_between_asking_and_answer_keeps_the_caller(
    world: World,
) -> None:
    await world.logs_in("1002")
    world.engine.dispatcher.busy("1002", "break", by="test")  # type: ignore[union-attr]
    alice = await rings(world)
    engine = world.engine
    assert engine is not None
    [ringing] = engine.conductor._context.ringing.values()
    [(_, party)] = ringing.rings
    assert ringing.lend(party, "1002") is not None
    assert world.state("1002") is SeatState.RINGING
    await world.engine_dies()
    await world.start()
    world.phone("1001").pick_up()
    await world.passes(seconds=5)
    alice.hangs_up()
    await world.passes(seconds=20)
    assert (world.state("1001"), world.state("1002")) == (SeatState.IDLE, SeatState.IDLE)
    [cdr] = await world.cdrs()
    assert legs(cdr) == [("1001", "answered"), ("1002", "withdrawn")]


async def test_who_picks_up_may_send_the_caller_on(world: World) -> None:
    await world.logs_in("1002")
    world.engine.dispatcher.busy("1002", "break", by="test")  # type: ignore[union-attr]
    alice = await rings(world)
    await dials(world, "1002")
    world.phone("1001").answers_after = 2
    world.pbx.talks.refers(world.phone("1002"), "1001")
    await world.passes(seconds=5)
    assert (world.state("1001"), world.state("1002")) == (SeatState.TALKING, SeatState.WRAP_UP)
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert legs(cdr) == [("1001", "withdrawn"), ("1002", "answered"), ("1001", "answered")]


async def test_an_answer_that_no_engine_saw_is_seen_by_the_next(world: World) -> None:
    alice = await rings(world)
    await world.engine_dies()
    await world.start()
    assert world.state("1001") is SeatState.RINGING
    world.phone("1001").pick_up()
    await world.passes(seconds=11)
    assert world.state("1001") is SeatState.TALKING
    await world.logs_in("1002")
    asked = world.pbx.place_call("1001", "1002", source=Source.EXTENSION)
    await world.passes(seconds=5)
    world.pbx.talks.joins(world.phone("1001"), asked)
    await world.passes(seconds=1)
    assert (world.state("1001"), world.state("1002")) == (SeatState.WRAP_UP, SeatState.TALKING)
    alice.hangs_up()
    await world.passes(seconds=1)
    assert world.state("1002") is SeatState.WRAP_UP
    cdr = next(cdr for cdr in await world.cdrs() if cdr.caller != "1001")
    assert legs(cdr) == [("1001", "answered"), ("1002", "answered")]


async def test_an_engine_that_is_stopped_leaves_a_talk_alone(world: World) -> None:
    alice = await rings(world)
    world.phone("1001").pick_up()
    await world.passes(seconds=5)
    assert world.engine is not None
    await world.engine.stop()
    await world.passes(seconds=5)
    assert alice.is_up
    assert world.phone("1001").picked_up
    await world.start()
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert legs(cdr) == [("1001", "answered")]
    assert round(cdr.talk_seconds) == 10
