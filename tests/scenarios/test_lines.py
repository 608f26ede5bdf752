"""Lines of a number: tried one after the other, counted, journaled and billed like any talk."""

from datetime import timedelta
from typing import Any

import pytest

from callcenter.acd import SeatState
from callcenter.calls import EndedBy
from callcenter.calls.cdr import Cdr, Result
from callcenter.lines import Line, LineGroup, LineKind, Order, save_group
from callcenter.numbers import Destination, HostedNumber, Trunk, save_number, save_trunk
from callcenter.pbx.fake import FakePhone
from callcenter.pbx.port import Prompt, colour_ring
from callcenter.routing.store import hours_plans
from tests.support.world import World

NUMBER = "4008009999"
RING = timedelta(seconds=10)


def outside(name: str, calls: int = 1, **more: Any) -> Line:
    number = f"20255501{name[-1]}{name[-1]}"
    return Line(name=name, kind=LineKind.OUTSIDE, number=number, calls=calls, ring=RING, **more)


def seat(number: str) -> Line:
    return Line(name=f"seat-{number}", kind=LineKind.SEAT, number=number, ring=RING)


async def has_lines(world: World, *lines: Line, order: Order = Order.ORDERED, **more: Any) -> None:
    """The number leads to these lines."""
    group = LineGroup(name="office", tenant="acme", order=order, lines=lines, **more)
    with world.database.begin() as connection:
        save_trunk(connection, Trunk(name="world", match="127.0.0.3", contact="127.0.0.3"))
        save_group(connection, group)
        to = Destination.parse("lines:office")
        save_number(connection, HostedNumber(number=NUMBER, tenant="acme", destination=to))
    assert world.engine is not None
    await world.engine.reload()


def line(world: World, name: str) -> FakePhone:
    """The telephone behind an outside line."""
    phone = world.pbx.outside(outside(name).number)
    phone.answers_after = None
    return phone


def legs(cdr: Cdr) -> list[tuple[str, str, str]]:
    return [(leg.kind, leg.endpoint, leg.outcome) for leg in cdr.legs[1:]]


async def test_busy_then_no_answer_then_answer(world: World) -> None:
    await has_lines(world, outside("a1"), outside("b2"), outside("c3"))
    line(world, "a1").rejects = True
    silent, good = line(world, "b2"), line(world, "c3")
    good.answers_after = 3.0
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=5)
    assert silent.ringing is not None
    assert not alice.answered
    await world.passes(seconds=10)
    assert alice.answered
    await world.passes(seconds=5)
    good.hang_up()
    await world.passes(seconds=2)
    assert not alice.is_up
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED
    assert legs(cdr) == [
        ("line", "2025550111", "rejected"),
        ("line", "2025550122", "no_answer"),
        ("line", "2025550133", "answered"),
    ]
    assert cdr.answered_at == cdr.legs[3].answered_at
    assert cdr.talk_seconds == pytest.approx(7, abs=0.5)
    assert cdr.recording
    assert cdr.recording_seconds is not None


async def test_the_outside_line_sees_the_callers_number(world: World) -> None:
    await has_lines(world, outside("a1"))
    phone = line(world, "a1")
    world.calls("+8613811112222", NUMBER)
    await world.passes(seconds=1)
    assert phone.callers == ["+8613811112222"]


async def test_a_group_of_two_takes_two_calls_and_the_third_goes_on(world: World) -> None:
    await has_lines(world, outside("a1", calls=2), outside("b2"))
    first, second = line(world, "a1"), line(world, "b2")
    first.answers_after = second.answers_after = 1.0
    for caller in ("+861", "+862", "+863"):
        world.calls(caller, NUMBER)
        await world.passes(seconds=2)
    assert len(first.rings) == 2
    assert len(second.rings) == 1
    fourth = world.calls("+864", NUMBER)
    await world.passes(seconds=8)
    assert fourth.heard == ["all-seats-busy", "goodbye"]
    assert not fourth.is_up
    first.hang_up()
    await world.passes(seconds=2)
    world.calls("+865", NUMBER)
    await world.passes(seconds=2)
    assert len(first.rings) == 3


async def test_capacity_is_known_after_the_engine_died(world: World) -> None:
    await has_lines(world, outside("a1"), outside("b2"))
    first, second = line(world, "a1"), line(world, "b2")
    first.answers_after = second.answers_after = 1.0
    world.calls("+861", NUMBER)
    await world.passes(seconds=2)
    await world.engine_dies()
    await world.start()
    world.calls("+862", NUMBER)
    await world.passes(seconds=2)
    assert (len(first.rings), len(second.rings)) == (1, 1)


async def test_round_robin_begins_with_the_next_line_each_time(world: World) -> None:
    await has_lines(world, outside("a1"), outside("b2"), order=Order.ROUND_ROBIN)
    first, second = line(world, "a1"), line(world, "b2")
    first.answers_after = second.answers_after = 1.0
    for _ in range(3):
        caller = world.calls(number=NUMBER)
        await world.passes(seconds=3)
        caller.hangs_up()
        await world.passes(seconds=1)
    assert (len(first.rings), len(second.rings)) == (2, 1)


async def test_all_at_once_the_first_to_answer_has_the_call(world: World) -> None:
    await world.logs_in("1001")
    await has_lines(world, outside("a1"), seat("1001"), outside("b2"), order=Order.ALL)
    slow, quick = line(world, "a1"), line(world, "b2")
    world.phone("1001").answers_after = None
    quick.answers_after = 2.0
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=1)
    assert world.state("1001") is SeatState.RINGING
    assert slow.ringing is not None
    await world.passes(seconds=2)
    assert world.state("1001") is SeatState.IDLE
    assert slow.ringing is None
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert [outcome for *_, outcome in legs(cdr)] == ["withdrawn", "withdrawn", "answered"]
    assert cdr.seat == ""


async def test_a_seat_as_a_line_is_taken_and_wraps_up(world: World) -> None:
    await world.logs_in("1001")
    await has_lines(world, seat("1001"))
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=5)
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    await world.passes(seconds=1)
    assert world.state("1001") is SeatState.WRAP_UP
    await world.passes(seconds=8)
    assert world.state("1001") is SeatState.IDLE
    [cdr] = await world.cdrs()
    assert (cdr.seat, cdr.ended_by) == ("1001", EndedBy.CALLER)


async def test_after_the_last_line_the_caller_goes_to_the_fallback(world: World) -> None:
    await has_lines(world, outside("a1"), fallback=Destination.parse("queue:sales"))
    line(world, "a1").rejects = True
    await world.logs_in("1001")
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=10)
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert (cdr.seat, cdr.queue) == ("1001", "sales")
    assert cdr.rule == f"number {NUMBER}"


async def test_without_a_fallback_an_apology(world: World) -> None:
    await has_lines(world, outside("a1"))
    line(world, "a1").rejects = True
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=10)
    assert alice.heard == ["all-seats-busy", "goodbye"]
    [cdr] = await world.cdrs()
    assert cdr.result is Result.UNREACHED


async def test_closed_lines_are_passed_over(world: World) -> None:
    await has_lines(world, outside("a1", hours="night"), outside("b2"))
    with world.database.begin() as connection:
        connection.execute(
            hours_plans.insert().values(
                tenant="acme", name="night", zone="UTC", weekly=";;;;;;", holidays="", calendars=""
            )
        )
    assert world.engine is not None
    await world.engine.reload()
    night, day = line(world, "a1"), line(world, "b2")
    world.calls(number=NUMBER)
    await world.passes(seconds=2)
    assert (len(night.rings), len(day.rings)) == (0, 1)


async def test_the_colour_ring_is_heard_before_the_answer(world: World) -> None:
    await has_lines(world, outside("a1"), colour_ring="en/welcome")
    phone = line(world, "a1")
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=2)
    assert alice.music == colour_ring(Prompt("en/welcome"))
    assert not alice.answered
    phone.pick_up()
    await world.passes(seconds=1)
    assert alice.answered


async def test_a_talk_on_a_line_outlives_the_engine(world: World) -> None:
    await has_lines(world, outside("a1"), outside("b2"))
    phone, other = line(world, "a1"), line(world, "b2")
    phone.answers_after = 2.0
    world.calls(number=NUMBER)
    await world.passes(seconds=5)
    await world.engine_dies()
    await world.passes(seconds=20)
    await world.start()
    await world.passes(seconds=5)
    phone.hang_up()
    await world.passes(seconds=3)
    assert other.rings == []
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED
    assert cdr.talk_seconds == pytest.approx(28, abs=1)
    assert legs(cdr) == [("line", phone.extension, "answered")]
    assert cdr.recording


async def test_a_hunt_goes_on_where_the_engine_died(world: World) -> None:
    await has_lines(world, outside("a1"), outside("b2"), outside("c3"))
    first, second, third = (line(world, name) for name in ("a1", "b2", "c3"))
    first.rejects = True
    third.answers_after = 1.0
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=3)
    await world.engine_dies()
    await world.passes(seconds=30)
    await world.start()
    await world.passes(seconds=5)
    assert [len(phone.rings) for phone in (first, second, third)] == [1, 1, 1]
    assert alice.answered
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert [outcome for *_, outcome in legs(cdr)] == ["rejected", "no_answer", "answered"]


async def test_who_answered_of_all_is_known_after_the_engine_died(world: World) -> None:
    await world.logs_in("1001")
    await has_lines(world, seat("1001"), outside("b2"), order=Order.ALL)
    world.phone("1001").answers_after = None
    quick = line(world, "b2")
    quick.answers_after = 6.0
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=2)
    await world.engine_dies()
    await world.passes(seconds=10)
    await world.start()
    await world.passes(seconds=5)
    alice.hangs_up()
    await world.passes(seconds=2)
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED
    assert [outcome for *_, outcome in legs(cdr)] == ["withdrawn", "answered"]
    assert world.state("1001") is SeatState.IDLE


@pytest.mark.parametrize("after", [0.0, 0.5, 2.0, 5.0, 11.0, 12.5, 20.0])
async def test_the_caller_may_leave_at_any_moment(world: World, after: float) -> None:
    await world.logs_in("1001")
    await has_lines(world, outside("a1"), seat("1001"))
    line(world, "a1")
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=after)
    alice.hangs_up()
    await world.passes(seconds=3)
    assert world.engine is not None
    assert not world.engine.ledger.open
    await world.passes(seconds=8)  # wrap-up, if they talked
    assert world.state("1001") is SeatState.IDLE
    assert not world.pbx.callers
