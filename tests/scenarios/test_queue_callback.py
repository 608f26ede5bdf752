"""Who hangs up and is called back in turn (Q5): the place is kept, and nobody is dialled twice."""

from datetime import timedelta

from callcenter.acd import Limits, OfferFailure, SeatState
from callcenter.calls import CallbackDialled
from callcenter.calls.cdr import Result
from callcenter.calls.store import get_moments
from callcenter.numbers import HostedNumber, NumberState, Trunk, save_number, save_trunk
from callcenter.pbx.fake import FakeCaller, FakePhone
from tests.scenarios.test_queue_voices import queue, waits
from tests.support.world import NUMBER, World

ALICE = "13800000001"


async def asks(world: World, caller: str = ALICE) -> FakePhone:
    """A caller asks to be called back and hangs up; returns the telephone at home."""
    with world.database.begin() as connection:
        save_trunk(connection, Trunk(name="world", match="127.0.0.3", contact="127.0.0.3"))
    limits = Limits(key="5", key_to="callback")
    await queue(world, limits=limits, seats=(("1001", 1),), announce_every=timedelta(minutes=9))
    home = world.pbx.outside(caller)
    alice = await waits(world, caller)
    await world.passes(seconds=10)
    alice.presses("51")
    await world.passes(seconds=10)
    assert alice.heard[-1] == "callback-kept"
    assert not alice.is_up
    return home


def talks(world: World, number: str = ALICE) -> FakeCaller:
    """The channel of a caller who was called back."""
    found = [c for c in world.pbx.callers.values() if c.arrival.endpoint == number]
    return found[0]


async def test_called_back_when_a_seat_is_free_and_joined_to_it(world: World) -> None:
    home = await asks(world)
    assert home.rings == []
    assert world.engine is not None
    [open_call] = world.engine.ledger.open.values()
    assert open_call.state == "callback"
    await world.passes(minutes=1)
    await world.logs_in("1001")
    await world.passes(seconds=10)
    assert len(home.rings) == 1
    assert world.state("1001") is SeatState.TALKING
    world.phone("1001").hang_up()
    await world.passes(seconds=5)
    [cdr] = await world.cdrs()
    assert (cdr.result, cdr.seat) == (Result.ANSWERED, "1001")
    assert cdr.wait_seconds is not None
    assert cdr.wait_seconds > 60
    with world.database.connect() as connection:
        moments = get_moments(connection, cdr.id) or ()
    assert any("Is called back" in moment.what for moment in moments)
    await world.passes(seconds=30)
    assert world.state("1001") is SeatState.IDLE
    assert len(home.rings) == 1


async def test_the_place_is_kept_before_those_who_came_later(world: World) -> None:
    home = await asks(world)
    bob = await waits(world, "13800000002")
    await world.logs_in("1001")
    await world.passes(seconds=10)
    assert len(home.rings) == 1
    assert bob.ring is None
    world.phone("1001").hang_up()
    await world.passes(seconds=20)
    assert bob.ring is not None
    bob.hangs_up()
    assert [cdr.caller for cdr in await world.cdrs()] == [ALICE, "13800000002"]


async def test_who_does_not_answer_is_not_called_again(world: World) -> None:
    home = await asks(world)
    home.answers_after = None
    bob = await waits(world, "13800000002")
    await world.logs_in("1001")
    await world.passes(seconds=45)
    assert len(home.rings) == 1
    assert bob.ring is not None
    assert world.state("1001") is SeatState.TALKING
    bob.hangs_up()
    await world.passes(minutes=2)
    assert len(home.rings) == 1
    assert len(await world.cdrs()) == 2
    assert world.engine is not None
    assert not world.engine.ledger.open


async def test_the_place_outlives_the_engine_and_the_dial_is_made_once(world: World) -> None:
    home = await asks(world)
    await world.engine_dies()
    await world.start()
    await world.passes(seconds=30)
    assert world.engine is not None
    [call] = world.engine.ledger.open.values()
    await world.logs_in("1001")
    await world.passes(seconds=10)
    assert len(home.rings) == 1
    assert world.state("1001") is SeatState.TALKING
    assert sum(isinstance(event, CallbackDialled) for event in call.events) == 1


async def test_an_engine_that_dies_while_it_calls_back_does_not_call_twice(world: World) -> None:
    home = await asks(world)
    home.answers_after = None
    await world.logs_in("1001")
    assert len(home.rings) == 1
    await world.engine_dies()
    await world.start()
    await world.passes(minutes=3)
    assert len(home.rings) == 1
    assert world.engine is not None
    assert not world.engine.ledger.open
    assert world.state("1001") is SeatState.IDLE


async def test_a_seat_that_does_not_answer_leaves_the_caller_at_the_head(world: World) -> None:
    home = await asks(world)
    bob = await waits(world, "13800000002")
    world.phone("1001").answers_after = None
    await world.logs_in("1001")
    alice = talks(world)
    assert alice.is_up
    world.phone("1001").answers_after = 1.0
    await world.passes(seconds=40)
    assert alice.ring is not None
    assert bob.ring is None
    assert len(home.rings) == 1


async def test_whoever_is_blocked_meanwhile_is_not_called(world: World) -> None:
    home = await asks(world)
    with world.database.begin() as connection:
        state = NumberState.SUSPENDED
        number = HostedNumber(number=NUMBER, tenant="acme", flow="main", state=state)
        save_number(connection, number)
    assert world.engine is not None
    await world.engine.reload()
    await world.logs_in("1001")
    await world.passes(seconds=10)
    assert home.rings == []
    assert world.state("1001") is SeatState.IDLE
    assert len(await world.cdrs()) == 1


async def test_a_seat_lost_while_the_caller_is_rung_is_no_second_dial(world: World) -> None:
    home = await asks(world)
    home.answers_after = 25.0
    await world.logs_in("1001")
    assert world.engine is not None
    dispatcher = world.engine.dispatcher
    offer = dispatcher.seat("1001").offer
    assert offer is not None
    dispatcher.failed(offer, OfferFailure.EXPIRED)
    await world.passes(seconds=30)
    assert len(home.rings) == 1
    assert world.state("1001") is SeatState.TALKING
    world.phone("1001").hang_up()
    await world.passes(seconds=5)
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED


async def test_another_key_goes_on_waiting(world: World) -> None:
    await asks(world, "13800000009")
    bob = await waits(world, "13800000002")
    bob.presses("52")
    await world.passes(seconds=40)
    assert bob.is_up
    assert bob.music == "default"
