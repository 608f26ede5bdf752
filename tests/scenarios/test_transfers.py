"""S2, Q7: a caller is sent on: one call, one CDR, each agent's own talk time; hold is counted."""

import pytest

from callcenter.acd import SeatState
from callcenter.calls import Cdr, CdrLeg
from callcenter.calls.cdr import Result
from callcenter.conductor.transferring import word_for
from callcenter.numbers import Destination
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.port import PbxEvent, Source, Transferred
from tests.support.world import World


async def talking(world: World, seat: str = "1001") -> FakeCaller:
    """A caller of the queue who talks with this seat since 10 s."""
    await world.logs_in(seat)
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=16)
    assert world.state(seat) is SeatState.TALKING
    return alice


def talks(cdr: Cdr) -> list[tuple[str, str, int]]:
    """Kind, seat or number, seconds of each answered leg."""
    return [
        (leg.kind, leg.seat or leg.endpoint, round(seconds(leg)))
        for leg in cdr.legs[1:]
        if leg.answered_at
    ]


def seconds(leg: CdrLeg) -> float:
    assert leg.answered_at is not None
    assert leg.ended_at is not None
    return (leg.ended_at - leg.answered_at).total_seconds()


async def test_a_phone_sends_its_caller_to_a_colleague(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    world.pbx.talks.refers(world.phone("1001"), "1002")
    await world.passes(seconds=0.2)
    assert world.state("1001") is SeatState.WRAP_UP
    assert world.state("1002") is SeatState.RINGING
    await world.passes(seconds=32)
    assert world.state("1001") is SeatState.IDLE
    assert world.state("1002") is SeatState.TALKING
    world.phone("1002").hang_up()
    await world.passes(seconds=1)
    assert world.state("1002") is SeatState.WRAP_UP
    assert not alice.is_up
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED
    assert talks(cdr) == [("seat", "1001", 30), ("seat", "1002", 30)]
    assert cdr.talk_seconds == pytest.approx(60, abs=1)
    assert cdr.recording
    assert len(alice.recorded) == 2, "each talk is a part of the recording"


@pytest.mark.parametrize("to", ["seat:1002", "extension:1002"])
async def test_a_command_sends_a_caller_on(world: World, to: str) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    await world.pbx.transfer(alice.arrival.leg, word_for(Destination.parse(to)))
    await world.passes(seconds=5)
    assert world.state("1001") is SeatState.WRAP_UP
    assert alice.ring is not None
    assert alice.ring.phone.extension == "1002"
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert [who for _, who, _ in talks(cdr)] == ["1001", "1002"]


async def test_a_caller_is_sent_back_into_a_queue(world: World) -> None:
    alice = await talking(world)
    await world.pbx.transfer(alice.arrival.leg, "queue-sales")
    await world.passes(seconds=5)
    assert alice.music == "default"
    await world.passes(seconds=10)
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    await world.passes(seconds=1)
    assert world.state("1001") is SeatState.WRAP_UP
    [cdr] = await world.cdrs()
    assert [who for _, who, _ in talks(cdr)] == ["1001", "1001"]


async def test_who_cannot_be_reached_waits_where_they_waited(world: World) -> None:
    alice = await talking(world)
    world.phone("1002").vanish()
    world.pbx.talks.refers(world.phone("1001"), "1002")
    await world.passes(seconds=30)
    assert alice.ring is not None
    assert alice.ring.phone.extension == "1001"
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert [(leg.endpoint, leg.outcome) for leg in cdr.legs[1:]] == [
        ("1001", "answered"),
        ("1002", "unreachable"),
        ("1001", "answered"),
    ]


async def test_a_waiting_caller_is_sent_on_by_command(world: World) -> None:
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=20)
    await world.logs_in("1001")
    alice.hangs_up()
    await world.passes(seconds=30)
    bob = world.calls("+862")
    world.phone("1001").answers_after = None
    bob.presses("1")
    await world.passes(seconds=10)
    assert world.state("1001") is SeatState.RINGING
    world.phone("1003")
    await world.pbx.transfer(bob.arrival.leg, "queue-sales")
    await world.passes(seconds=0.5)
    world.phone("1001").answers_after = 1
    await world.passes(seconds=30)
    assert world.state("1001") is SeatState.TALKING
    bob.hangs_up()
    assert [cdr.result for cdr in await world.cdrs()] == [Result.ANSWERED] * 2
    assert world.engine is not None
    assert world.engine.dispatcher.metrics.double_offers == 0


async def consults(world: World, to: str = "1002") -> FakeCaller:
    """The agent at 1001 calls a colleague, who answers."""
    asked = world.pbx.place_call("1001", to, source=Source.EXTENSION)
    await world.passes(seconds=5)
    assert asked.ring is not None
    assert asked.ring.answered_at is not None
    return asked


async def test_a_phone_joins_its_caller_with_a_colleague(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    asked = await consults(world)
    world.pbx.talks.joins(world.phone("1001"), asked)
    await world.passes(seconds=1)
    assert world.state("1001") is SeatState.WRAP_UP
    assert world.state("1002") is SeatState.TALKING
    assert world.seat("1002").call == alice.call
    await world.passes(seconds=59)
    alice.hangs_up()
    await world.passes(seconds=1)
    assert world.state("1002") is SeatState.WRAP_UP
    await world.passes(seconds=10)
    assert world.state("1002") is SeatState.IDLE
    cdr = next(cdr for cdr in await world.cdrs() if cdr.caller != "1001")
    assert talks(cdr) == [("seat", "1001", 35), ("seat", "1002", 60)]
    assert cdr.talk_seconds == pytest.approx(95, abs=1)
    assert cdr.seat == "1002"


async def test_a_joining_that_is_told_when_the_consultation_has_ended(world: World) -> None:
    """The hang-up of a script and the PBX's events come by two connections."""
    alice = await talking(world)
    await world.logs_in("1002")
    asked = await consults(world)
    late: list[Transferred] = []
    with pytest.MonkeyPatch.context() as patch:
        tell = world.pbx.tell

        def told(event: PbxEvent) -> None:
            late.append(event) if isinstance(event, Transferred) else tell(event)

        patch.setattr(world.pbx, "tell", told)
        world.pbx.talks.joins(world.phone("1001"), asked)
        await world.passes(seconds=0.5)
    world.pbx.tell(late[0])
    await world.passes(seconds=0.5)
    assert world.state("1002") is SeatState.TALKING
    assert world.seat("1002").call == alice.call
    await world.passes(seconds=59)
    alice.hangs_up()
    cdr = next(cdr for cdr in await world.cdrs() if cdr.caller != "1001")
    assert [who for _, who, _ in talks(cdr)] == ["1001", "1002"]
    assert world.engine is not None
    assert not world.engine.conductor._context.answered


async def test_who_was_joined_may_send_the_caller_on_again(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    world.pbx.talks.joins(world.phone("1001"), await consults(world))
    await world.passes(seconds=20)
    world.pbx.talks.refers(world.phone("1002"), "1001")
    await world.passes(seconds=10)
    assert world.state("1002") is SeatState.IDLE or world.state("1002") is SeatState.WRAP_UP
    assert world.state("1001") is SeatState.TALKING
    world.phone("1001").hang_up()
    await world.passes(seconds=1)
    assert not alice.is_up
    cdr = next(cdr for cdr in await world.cdrs() if cdr.caller != "1001")
    assert [who for _, who, _ in talks(cdr)] == ["1001", "1002", "1001"]


async def test_the_engine_may_die_after_a_joining(world: World) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    world.pbx.talks.joins(world.phone("1001"), await consults(world))
    await world.passes(seconds=20)
    await world.engine_dies()
    await world.passes(seconds=20)
    await world.start()
    await world.passes(seconds=1)
    assert world.state("1002") is SeatState.TALKING
    alice.hangs_up()
    await world.passes(seconds=15)
    cdr = next(cdr for cdr in await world.cdrs() if cdr.caller != "1001")
    assert [(who, length > 15) for _, who, length in talks(cdr)] == [("1001", True), ("1002", True)]
    assert world.state("1002") in (SeatState.WRAP_UP, SeatState.IDLE)


async def test_hold_is_seen_and_counted(world: World) -> None:
    alice = await talking(world)
    phone = world.phone("1001")
    world.pbx.talks.holds(phone)
    await world.passes(seconds=7)
    assert world.state("1001") is SeatState.ON_HOLD
    world.pbx.talks.holds(phone, on=False)
    await world.passes(seconds=1)
    assert world.state("1001") is SeatState.TALKING
    world.pbx.talks.holds(phone)
    await world.passes(seconds=3)
    alice.hangs_up()
    await world.passes(seconds=1)
    assert world.state("1001") is SeatState.WRAP_UP
    [cdr] = await world.cdrs()
    assert cdr.legs[1].hold_seconds == pytest.approx(10, abs=0.1)
    assert cdr.talk_seconds == pytest.approx(21, abs=1)
