"""V1, V2: supervisors listen and step in: what is done, what is refused, what is on record."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from callcenter.acd import QueuePlan, SeatState, SeatStatus, save_queue
from callcenter.calls import EndedBy
from callcenter.calls.cdr import Cdr, Result
from callcenter.conductor.conductor import Conductor
from callcenter.kernel.errors import CallCenterError
from callcenter.numbers import Destination, Extension, Tenant, save_extension, save_tenant
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.port import EavesdropMode
from callcenter.supervision import Act
from callcenter.supervision.refusals import (
    CallOver,
    ListensAlready,
    NotListening,
    NotTalking,
    NotWaiting,
    SeatTaken,
    SeatUnreachable,
    TalksAlready,
)
from tests.support.world import World

BY = "wang"
SPARE = Extension(number="1003", tenant="acme", secret="unused")


def conductor(world: World) -> Conductor:
    assert world.engine is not None
    return world.engine.conductor


async def talking(world: World, seat: str = "1001", caller: str = "+861") -> FakeCaller:
    """A caller of the queue who talks with this seat."""
    await world.logs_in(seat)
    alice = world.calls(caller)
    alice.presses("1")
    await world.passes(seconds=16)
    assert world.state(seat) is SeatState.TALKING
    return alice


async def waiting(world: World, caller: str = "+861") -> FakeCaller:
    """A caller whom nobody can serve yet."""
    alice = world.calls(caller)
    alice.presses("1")
    await world.passes(seconds=10)
    assert alice.music == "default"
    return alice


async def cdr_of(world: World, caller: str = "+861") -> Cdr:
    [found] = [cdr for cdr in await world.cdrs() if cdr.caller == caller]
    return found


async def changes(world: World, change: Callable[[Connection], None]) -> None:
    """An administrator changes something."""
    with world.database.begin() as connection:
        change(connection)
    assert world.engine is not None
    await world.engine.reload()


def mode(world: World) -> EavesdropMode | None:
    """How somebody listens in the PBX now."""
    found = list(world.pbx.talks.listening.values())
    return found[0].mode if found else None


# -- listening --------------------------------------------------------------------------------


async def test_a_supervisor_listens_switches_and_leaves(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    listening = conductor(world).listening
    await listening.listen(alice.call, Act.MONITOR, "1002", BY)
    assert mode(world) is EavesdropMode.MONITOR
    assert world.seat("1002").state is SeatState.ENGAGED
    assert world.seat("1002").call == alice.call
    await listening.listen(alice.call, Act.WHISPER, "1002", BY)
    assert mode(world) is EavesdropMode.WHISPER
    await listening.switch(alice.call, Act.BARGE, "", BY)
    assert mode(world) is EavesdropMode.BARGE
    await listening.leave(alice.call, "1002")
    await world.passes(seconds=0.1)
    assert mode(world) is None
    assert world.state("1002") is SeatState.IDLE
    assert world.state("1001") is SeatState.TALKING
    with pytest.raises(NotListening):
        await listening.switch(alice.call, Act.BARGE, "", BY)
    alice.hangs_up()
    assert (await cdr_of(world)).ended_by is EndedBy.CALLER


async def test_who_listens_is_offered_nobody_not_even_while_the_phone_rings(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    listen = conductor(world).listening.listen
    asked = asyncio.create_task(listen(alice.call, Act.MONITOR, "1002", BY))
    await world.passes(seconds=1)
    assert world.state("1002") is SeatState.ENGAGED
    bob = await waiting(world, "+862")
    await asked
    assert world.state("1002") is SeatState.ENGAGED
    alice.hangs_up()
    await world.passes(seconds=3)
    assert mode(world) is None
    assert world.state("1002") is SeatState.TALKING
    bob.hangs_up()
    await world.passes(seconds=1)
    assert world.engine is not None
    assert world.engine.dispatcher.metrics.double_offers == 0


async def test_a_listeners_phone_that_drops_changes_nothing_for_the_talk(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    await conductor(world).listening.listen(alice.call, Act.BARGE, "1002", BY)
    world.phone("1002").hang_up()
    await world.passes(seconds=0.1)
    assert world.state("1002") is SeatState.IDLE
    assert world.state("1001") is SeatState.TALKING
    world.phone("1001").hang_up()
    await world.passes(seconds=5)
    assert (await cdr_of(world)).result is Result.ANSWERED


async def test_what_cannot_be_listened_to_or_from_there(world: World) -> None:
    listen = conductor(world).listening.listen
    with pytest.raises(CallOver):
        await listen("c-nobody", Act.MONITOR, "1002", BY)
    alice = await waiting(world)
    with pytest.raises(SeatUnreachable, match="not logged in"):
        await listen(alice.call, Act.MONITOR, "1002", BY)
    world.phone("1002")
    await world.logs_in("1002")  # and gets alice
    bob = await waiting(world, "+862")
    with pytest.raises(NotTalking):
        await listen(bob.call, Act.MONITOR, "1002", BY)
    with pytest.raises(SeatTaken, match="itself"):
        await listen(alice.call, Act.MONITOR, "1002", BY)
    with pytest.raises(CallCenterError, match="no seat or extension 77"):
        await listen(alice.call, Act.MONITOR, "77", BY)
    await world.logs_in("1001")  # and gets bob
    with pytest.raises(SeatTaken, match="talking"):
        await listen(alice.call, Act.MONITOR, "1001", BY)
    alice.hangs_up()
    bob.hangs_up()


async def test_one_call_at_a_time_unless_more_are_allowed(world: World) -> None:
    alice = await talking(world)
    bob = await talking(world, "1002", "+862")
    chief = world.phone("1003")
    chief.most_calls = 5
    listen = conductor(world).listening.listen
    await changes(world, lambda c: save_extension(c, SPARE))
    await listen(alice.call, Act.MONITOR, "1003", BY)
    with pytest.raises(ListensAlready, match="already"):
        await listen(bob.call, Act.MONITOR, "1003", BY)
    more = Tenant(id="acme", name="Acme", listens=2)
    await changes(world, lambda c: save_tenant(c, more))
    await listen(bob.call, Act.MONITOR, "1003", BY)
    assert len(world.pbx.talks.listening) == 2
    alice.hangs_up()
    bob.hangs_up()
    await world.passes(seconds=1)
    assert conductor(world).listening.book.all() == []


@pytest.mark.parametrize("told", ["both", "agent"])
async def test_who_listens_is_announced_before(world: World, told: str) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    lawful = Tenant(id="acme", name="Acme", language="en", announce_listening=told)
    await changes(world, lambda c: save_tenant(c, lawful))
    heard = len(alice.heard)
    listen = conductor(world).listening.listen
    asked = asyncio.create_task(listen(alice.call, Act.MONITOR, "1002", BY))
    await world.passes(seconds=1)
    assert not world.phone("1002").rings, "nobody listens before it was said"
    await asked
    assert world.phone("1001").heard == ["listening-announced"]
    assert alice.heard[heard:] == (["listening-announced"] if told == "both" else [])
    await conductor(world).listening.leave(alice.call, "1002")
    await world.passes(seconds=1)
    asked = asyncio.create_task(listen(alice.call, Act.MONITOR, "1002", BY))
    await world.passes(seconds=1)
    alice.hangs_up()
    with pytest.raises(NotTalking):
        await asked
    assert len(world.phone("1002").rings) == 1
    assert world.state("1002") is SeatState.IDLE


async def test_a_phone_that_does_not_answer_is_told_so(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    listen = conductor(world).listening.listen
    world.phone("1002").answers_after = None
    with pytest.raises(SeatUnreachable, match="pick up"):
        await listen(alice.call, Act.MONITOR, "1002", BY)
    assert world.state("1002") is SeatState.IDLE
    world.phone("1002").rejects = True
    with pytest.raises(SeatTaken):
        await listen(alice.call, Act.MONITOR, "1002", BY)
    world.phone("1002").rejects = False
    asked = asyncio.create_task(listen(alice.call, Act.MONITOR, "1002", BY))
    await world.passes(seconds=1)
    await conductor(world).listening.leave(alice.call, "1002")
    with pytest.raises(NotListening):
        await asked
    world.phone("1002").answers_after = 5
    asked = asyncio.create_task(listen(alice.call, Act.MONITOR, "1002", BY))
    await world.passes(seconds=1)
    alice.hangs_up()
    with pytest.raises(NotTalking):
        await asked
    await world.passes(seconds=1)
    assert conductor(world).listening.book.all() == []
    assert world.state("1002") is SeatState.IDLE


def rooms(world: World) -> list[tuple[int, list[str]]]:
    """How many talks, and which guests, are in each room of the PBX."""
    found = world.pbx.talks.rooms.values()
    return [(len(r.talks), [phone.extension for phone in r.guests.values()]) for r in found]


async def test_guests_join_a_talk_and_do_not_stay_alone(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    await changes(world, lambda c: save_extension(c, SPARE))
    world.phone("1003")
    confer = conductor(world).conferring.confer
    await confer([alice.call], ["1002", "1003"], BY)
    assert rooms(world) == [(1, ["1002", "1003"])]
    assert world.state("1002") is SeatState.ENGAGED
    with pytest.raises(ListensAlready):
        await confer([alice.call], ["1003"], BY)
    world.phone("1003").hang_up()
    await world.passes(seconds=0.1)
    assert rooms(world) == [(1, ["1002"])]
    assert world.state("1001") is SeatState.TALKING
    world.phone("1001").hang_up()
    await world.passes(seconds=0.1)
    assert rooms(world) == []
    assert world.state("1002") is SeatState.IDLE
    assert world.state("1001") is SeatState.WRAP_UP
    await world.passes(seconds=5)
    cdr = await cdr_of(world)
    assert [leg.seat for leg in cdr.legs[1:]] == ["1001"], "guests are no legs of the record"


async def test_two_calls_and_a_guest_confer_and_part(world: World) -> None:
    alice = await talking(world)
    bob = await talking(world, "1002", "+862")
    carol = await waiting(world, "+863")
    await changes(world, lambda c: save_extension(c, SPARE))
    world.phone("1003")
    confer = conductor(world).conferring.confer
    with pytest.raises(NotTalking):
        await confer([alice.call, carol.call], ["1003"], BY)
    assert rooms(world) == [], "all is checked before anything is done"
    carol.hangs_up()
    await confer([alice.call, bob.call], ["1003"], BY)
    assert rooms(world) == [(2, ["1003"])]
    alice.hangs_up()
    await world.passes(seconds=0.1)
    assert rooms(world) == [(1, ["1003"])]
    assert world.state("1001") is SeatState.WRAP_UP
    [guest] = conductor(world).listening.book.all()
    assert guest.call == bob.call
    await conductor(world).listening.leave(bob.call, "1003")
    await world.passes(seconds=0.1)
    assert rooms(world) == [], "a talk is taken out when it is alone"
    assert world.state("1002") is SeatState.TALKING
    bob.hangs_up()
    found = {cdr.caller: cdr.talk_seconds > 0 for cdr in await world.cdrs()}
    assert found == {"+861": True, "+862": True, "+863": False}


async def test_calls_confer_without_guests(world: World) -> None:
    alice = await talking(world)
    bob = await talking(world, "1002", "+862")
    await conductor(world).conferring.confer([alice.call, bob.call], [], BY)
    assert rooms(world) == [(2, [])]
    with pytest.raises(CallCenterError, match="Name a phone"):
        await conductor(world).conferring.confer([alice.call], [], BY)
    bob.hangs_up()
    await world.passes(seconds=0.1)
    assert rooms(world) == []
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    await world.passes(seconds=1)


async def test_who_does_not_come_to_a_conference(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    world.phone("1002").answers_after = None
    confer = conductor(world).conferring.confer
    with pytest.raises(SeatUnreachable, match="pick up"):
        await confer([alice.call], ["1002"], BY)
    await world.passes(seconds=0.1)
    assert rooms(world) == []
    assert world.state("1002") is SeatState.IDLE
    world.phone("1002").answers_after = 5
    asked = asyncio.create_task(confer([alice.call], ["1002"], BY))
    await world.passes(seconds=1)
    assert rooms(world) == [(1, [])]
    alice.hangs_up()
    with pytest.raises((NotTalking, CallOver)):
        await asked
    await world.passes(seconds=1)
    assert rooms(world) == []
    assert world.state("1002") is SeatState.IDLE


# -- by force ---------------------------------------------------------------------------------


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


async def test_a_listening_outlives_the_engine_and_ends_with_the_talk(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    await conductor(world).listening.listen(alice.call, Act.WHISPER, "1002", BY)
    await world.engine_dies()
    await world.passes(seconds=3)
    await world.start()
    await world.passes(seconds=1)
    assert mode(world) is EavesdropMode.WHISPER
    assert world.state("1002") is SeatState.ENGAGED, "nobody is offered to who listens"
    with pytest.raises(SeatTaken):
        await conductor(world).listening.listen(alice.call, Act.MONITOR, "1002", BY)
    await conductor(world).stepping.hang_up(alice.call, BY)
    await world.passes(seconds=1)
    assert mode(world) is None
    assert world.state("1002") is SeatState.IDLE
    cdr = await cdr_of(world)
    assert (cdr.ended_by, cdr.ended_by_name, cdr.resumed) == (EndedBy.SUPERVISOR, BY, 0)


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
