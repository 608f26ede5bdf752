"""S2: a phone joins its two talks before the second one is a talk. For the caller it is a transfer
to what the phone had dialled: one call, each agent's own talk time, nobody is lost."""

from callcenter.acd import SeatState
from callcenter.calls import Cdr
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.port import Arrival, DeviceState, Source
from tests.scenarios.test_transfers import talking, talks
from tests.support.world import NUMBER, World


async def rings(world: World, to: str = "1002") -> FakeCaller:
    """The agent at 1001 calls a colleague, whose phone rings."""
    world.phone(to).answers_after = None
    asking = world.pbx.place_call("1001", to, source=Source.EXTENSION)
    await world.passes(seconds=5)
    assert world.phone(to).ringing is not None
    assert asking.ring is not None
    assert asking.ring.answered_at is None
    return asking


async def joined_early(world: World) -> FakeCaller:
    """Alice, whose agent at 1001 joins her with a colleague whose phone still rings."""
    alice = await talking(world)
    await world.logs_in("1002")
    asking = await rings(world)
    world.pbx.talks.joins(world.phone("1001"), asking)
    return alice


async def of_alice(world: World) -> Cdr:
    """Her CDR; the consultation has one of its own."""
    [cdr] = [cdr for cdr in await world.cdrs() if cdr.caller != "1001"]
    return cdr


async def test_a_colleague_who_rings_rings_again_with_the_caller(world: World) -> None:
    alice = await joined_early(world)
    await world.passes(seconds=0.5)
    assert world.state("1001") is SeatState.WRAP_UP
    assert world.state("1002") is SeatState.RINGING
    assert world.seat("1002").call == alice.call
    assert world.phone("1002").callers == ["1001", alice.arrival.caller]
    world.phone("1002").pick_up()
    await world.passes(seconds=60)
    assert world.state("1001") is SeatState.IDLE
    alice.hangs_up()
    await world.passes(seconds=1)
    assert world.state("1002") is SeatState.WRAP_UP
    cdr = await of_alice(world)
    assert talks(cdr) == [("seat", "1001", 35), ("seat", "1002", 60)]
    assert len(alice.recorded) == 2, "each talk is a part of the recording"
    [consultation] = [cdr for cdr in await world.cdrs() if cdr.caller == "1001"]
    assert talks(consultation) == []
    assert world.engine is not None
    assert world.engine.dispatcher.metrics.double_offers == 0


async def test_whom_the_colleague_does_not_take_waits_where_they_waited(world: World) -> None:
    alice = await joined_early(world)
    await world.passes(seconds=60)
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    cdr = await of_alice(world)
    assert [leg.endpoint for leg in cdr.legs[1:]][:2] == ["1001", "1002"]
    assert talks(cdr)[-1][1] == "1001"


async def test_a_menu_that_was_consulted_has_the_caller(world: World) -> None:
    alice = await talking(world)
    asking = world.pbx.place_call("1001", NUMBER, source=Source.EXTENSION)
    await world.passes(seconds=1)
    heard = len(alice.heard)
    world.pbx.talks.joins(world.phone("1001"), asking)
    await world.passes(seconds=5)
    assert world.state("1001") in (SeatState.WRAP_UP, SeatState.IDLE)
    assert alice.heard[heard:], "the menu"
    alice.hangs_up()
    cdr = await of_alice(world)
    assert [who for _, who, _ in talks(cdr)] == ["1001"]


async def test_a_colleague_who_has_just_answered_is_waited_for(world: World) -> None:
    """The PBX has hung up there; that the telephone is free is told a moment later."""
    alice = await talking(world)
    await world.logs_in("1002")
    world.phone("1002").set_state(DeviceState.IN_USE)
    await world.passes(seconds=0.1)
    assert world.state("1002") is SeatState.ENGAGED
    world.pbx.talks.refers(world.phone("1001"), "1002")
    await world.passes(seconds=0.4)
    assert alice.music == "default"
    world.phone("1002").set_state(DeviceState.IDLE)
    await world.passes(seconds=0.2)
    assert world.state("1002") is SeatState.RINGING
    assert world.seat("1002").call == alice.call


async def test_a_colleague_who_stays_on_the_telephone_is_not_waited_for(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    world.phone("1002").set_state(DeviceState.IN_USE)
    await world.passes(seconds=0.1)
    world.pbx.talks.refers(world.phone("1001"), "1002")
    await world.passes(seconds=30)
    assert world.state("1001") is SeatState.TALKING, "back from the queue"
    assert world.seat("1001").call == alice.call


async def test_whom_a_phone_had_called_itself_goes_on_in_a_call_of_their_own(world: World) -> None:
    """The call was the phone's, and ends with it; the one it called is sent on just before."""
    await world.logs_in("1002")
    first = world.pbx.place_call("1001", "1002", source=Source.EXTENSION)
    await world.passes(seconds=5)
    assert first.ring is not None
    arrival = Arrival(
        leg=world.pbx.new_leg(),
        source=Source.EXTENSION,
        caller="1002",
        caller_name="",
        dialled="",
        endpoint="1002",
        call=first.call,
        transferred_to=NUMBER,
        transferred_by="1001",
    )
    sent = world.pbx.admit(arrival)
    first.hangs_up()
    await world.passes(seconds=5)
    assert sent.heard, "the menu"
    assert sent.call != first.call
    sent.hangs_up()
    assert [cdr.caller for cdr in await world.cdrs()] == ["1001", "1002"]
    assert world.engine is not None
    assert not world.engine.ledger.open


async def test_the_engine_may_be_away_meanwhile(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    asking = await rings(world)
    await world.engine_dies()
    world.pbx.talks.joins(world.phone("1001"), asking)
    await world.passes(seconds=5)
    world.phone("1002").answers_after = 1
    await world.start()
    await world.passes(seconds=10)
    assert world.state("1002") is SeatState.TALKING
    assert world.seat("1002").call == alice.call
    alice.hangs_up()
    cdr = await of_alice(world)
    assert [who for _, who, _ in talks(cdr)] == ["1001", "1002"]
