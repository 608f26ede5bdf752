"""V1, V2: supervisors listen and confer: what is done, what is refused, what becomes of them."""

import asyncio

import pytest

from callcenter.acd import SeatState
from callcenter.calls import EndedBy
from callcenter.calls.cdr import Result
from callcenter.kernel.errors import CallCenterError
from callcenter.numbers import Tenant, save_extension, save_tenant
from callcenter.pbx.port import EavesdropMode
from callcenter.supervision import Act
from callcenter.supervision.refusals import (
    CallOver,
    ListensAlready,
    NotListening,
    NotTalking,
    SeatTaken,
    SeatUnreachable,
)
from tests.support.supervised import (
    BY,
    SPARE,
    cdr_of,
    changes,
    conductor,
    mode,
    rooms,
    talking,
    waiting,
)
from tests.support.world import World


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
