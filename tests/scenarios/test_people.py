"""Extensions, the world, members and last agents: whom a call may reach, and who is asked what."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from callcenter.acd import SeatState
from callcenter.calls.cdr import Result
from callcenter.ivr import Flow, publish
from callcenter.members import Member, hash_pin, save_member
from callcenter.members.model import Standing
from callcenter.numbers import (
    Destination,
    Extension,
    HostedNumber,
    Trunk,
    save_extension,
    save_number,
    save_trunk,
)
from callcenter.pbx.causes import Cause
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.port import Prompt, Source, colour_ring
from tests.support.world import World

NUMBER = "4008007777"
PIN_HASH = hash_pin("1234")


async def set_up(world: World, destination: str = "", flow: dict[str, Any] | None = None) -> None:
    """A number that leads somewhere, a trunk, and 1001 who may dial outside."""
    with world.database.begin() as connection:
        save_trunk(connection, Trunk(name="world", match="127.0.0.3", contact="127.0.0.3"))
        save_extension(
            connection, Extension(number="1001", tenant="acme", secret="unused", outside=True)
        )
        to = Destination.parse(destination or "flow:people")
        save_number(connection, HostedNumber(number=NUMBER, tenant="acme", destination=to))
        if flow is not None:
            publish(connection, Flow.model_validate({"name": "people", **flow}))
    assert world.engine is not None
    await world.engine.reload()


def inside(world: World, extension: str, dialled: str) -> FakeCaller:
    """An extension dials."""
    world.phone(extension)
    return world.pbx.place_call(extension, dialled, source=Source.EXTENSION)


async def test_an_extension_dials_another(world: World) -> None:
    await set_up(world)
    world.phone("1002").answers_after = 2.0
    ada = inside(world, "1001", "1002")
    await world.passes(seconds=1)
    assert not ada.answered
    await world.passes(seconds=5)
    assert ada.answered
    world.phone("1002").hang_up()
    await world.passes(seconds=2)
    [cdr] = await world.cdrs()
    assert (cdr.result, cdr.rule) == (Result.ANSWERED, "extension 1002")
    assert [(leg.kind, leg.endpoint) for leg in cdr.legs[1:]] == [("extension", "1002")]
    assert cdr.talk_seconds == pytest.approx(4, abs=0.5)
    assert cdr.recording


async def test_an_extension_that_is_busy_says_so_without_an_answer(world: World) -> None:
    await set_up(world)
    world.phone("1002").rejects = True
    ada = inside(world, "1001", "1002")
    await world.passes(seconds=1)
    assert ada.refused is Cause.BUSY
    [cdr] = await world.cdrs()
    assert (cdr.result, cdr.answered_at) == (Result.UNREACHED, None)


async def test_an_extension_dials_the_world_with_its_tenants_number(world: World) -> None:
    await set_up(world)
    phone = world.pbx.outside("13912345678")
    ada = inside(world, "1001", "13912345678")
    await world.passes(seconds=5)
    assert ada.answered
    assert phone.callers == ["4008001234"]
    ada.hangs_up()
    [cdr] = await world.cdrs()
    assert [(leg.kind, leg.outcome) for leg in cdr.legs[1:]] == [("outside", "answered")]


async def test_who_may_not_dial_outside_is_refused_with_a_clear_cause(world: World) -> None:
    await set_up(world)
    phone = world.pbx.outside("13912345678")
    grace = inside(world, "1002", "13912345678")
    await world.passes(seconds=2)
    assert grace.refused is Cause.REJECTED
    assert phone.rings == []
    [cdr] = await world.cdrs()
    assert cdr.rule == "extension 1002 may not dial outside"


@pytest.mark.parametrize("dialled", ["12", "1001", "abc", "999999999999999999999"])
async def test_what_is_nobody_is_refused(world: World, dialled: str) -> None:
    await set_up(world)
    ada = inside(world, "1001", dialled)
    await world.passes(seconds=2)
    assert ada.refused in (Cause.UNALLOCATED, Cause.BUSY)


async def test_a_talk_between_extensions_outlives_the_engine(world: World) -> None:
    await set_up(world)
    world.phone("1002").answers_after = 2.0
    ada = inside(world, "1001", "1002")
    await world.passes(seconds=5)
    await world.engine_dies()
    await world.passes(seconds=20)
    await world.start()
    await world.passes(seconds=5)
    ada.hangs_up()
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED
    assert cdr.talk_seconds == pytest.approx(28, abs=1)


async def test_a_number_at_an_extension_with_its_own_colour_ring(world: World) -> None:
    await set_up(world, "extension:1002")
    with world.database.begin() as connection:
        save_extension(
            connection,
            Extension(number="1002", tenant="acme", secret="x", colour_ring="en/goodbye"),
        )
    assert world.engine is not None
    await world.engine.reload()
    world.phone("1002").answers_after = 3.0
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=1)
    assert (alice.music, alice.answered) == (colour_ring(Prompt("en/goodbye")), False)
    await world.passes(seconds=4)
    assert alice.answered


async def test_a_queue_behind_a_colour_ring_answers_with_the_seat(world: World) -> None:
    await set_up(world, "queue:sales")
    with world.database.begin() as connection:
        to = Destination.parse("queue:sales")
        number = HostedNumber(number=NUMBER, tenant="acme", destination=to)
        save_number(connection, replace(number, flow="", colour_ring="en/welcome"))
    assert world.engine is not None
    await world.engine.reload()
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=30)
    assert (alice.music, alice.answered) == (colour_ring(Prompt("en/welcome")), False)
    await world.logs_in("1001")
    assert alice.answered
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert cdr.answered_at == cdr.legs[1].answered_at


# -- last agent (I7) ------------------------------------------------------------------------------

AGAIN = {
    "start": "again",
    "nodes": {
        "again": {"kind": "last-agent", "next": "bye", "otherwise": "sales"},
        "sales": {"kind": "queue", "queue": "sales", "next": "bye"},
        "bye": {"kind": "hangup", "prompts": ["goodbye"]},
    },
}


async def spoke_with(world: World, seat: str) -> None:
    """Alice has spoken with this seat."""
    await world.logs_in(seat)
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=5)
    alice.hangs_up()
    await world.passes(seconds=12)


async def test_the_last_agent_is_asked_for_and_offered(world: World) -> None:
    await set_up(world, flow=AGAIN)
    await spoke_with(world, "1002")
    await world.logs_in("1001")
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=1)
    assert alice.heard == ["last-agent"]
    alice.presses("1")
    await world.passes(seconds=5)
    assert world.state("1002") is SeatState.TALKING
    alice.hangs_up()
    cdr = (await world.cdrs())[-1]
    assert (cdr.seat, cdr.queue) == ("1002", "")


async def test_who_does_not_want_the_last_agent_waits_in_the_queue(world: World) -> None:
    await set_up(world, flow=AGAIN)
    await spoke_with(world, "1002")
    await world.logs_in("1001")
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=1)
    alice.presses("2")
    await world.passes(seconds=5)
    alice.hangs_up()
    assert (await world.cdrs())[-1].queue == "sales"


async def test_a_last_agent_who_is_busy_is_not_offered(world: World) -> None:
    await set_up(world, flow=AGAIN)
    await spoke_with(world, "1002")
    assert world.engine is not None
    world.engine.dispatcher.busy("1002", "lunch", by="test")
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=3)
    assert alice.heard == []
    assert alice.music == "default"


async def test_the_last_agent_is_known_after_a_restart(world: World) -> None:
    await set_up(world, flow=AGAIN)
    await spoke_with(world, "1002")
    await world.cdrs()
    await world.engine_dies()
    await world.start()
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=1)
    assert alice.heard == ["last-agent"]


# -- members (I6) ---------------------------------------------------------------------------------

CLUB = {
    "start": "card",
    "nodes": {
        "card": {
            "kind": "member",
            "next": "premium",
            "locked": "locked",
            "expired": "expired",
            "used_up": "expired",
            "otherwise": "bye",
        },
        "premium": {"kind": "queue", "queue": "sales", "next": "bye"},
        "locked": {"kind": "hangup", "prompts": ["pin-locked"]},
        "expired": {"kind": "hangup", "prompts": ["closed"]},
        "bye": {"kind": "hangup", "prompts": ["goodbye"]},
    },
}


async def member(world: World, **more: Any) -> None:
    """Member 77, PIN 1234."""
    await set_up(world, flow=CLUB)
    assert world.engine is not None
    world.engine.members.keep(Member(tenant="acme", number="77", pin_hash=PIN_HASH, **more))


async def test_the_right_pin_opens_the_premium_queue_with_priority(world: World) -> None:
    await member(world, priority=5)
    alice = world.calls(number=NUMBER)
    alice.presses("77#1234#")
    await world.passes(seconds=8)
    assert alice.music == "default"
    assert world.engine is not None
    [call] = world.engine.ledger.open.values()
    assert call.queue is not None
    assert call.queue.priority == 5


async def test_three_wrong_pins_lock_and_the_right_one_does_not_help_then(world: World) -> None:
    await member(world)
    alice = world.calls(number=NUMBER)
    alice.presses("77#1#77#2#77#3#")
    await world.passes(seconds=30)
    assert alice.heard[-1] == "pin-locked"
    alice = world.calls(number=NUMBER)
    alice.presses("77#1234#")
    await world.passes(seconds=20)
    assert alice.heard[-1] == "pin-locked"
    assert world.engine is not None
    world.engine.members.unlock("acme", "77")
    now = world.clock.now()
    assert await world.engine.members.check("acme", "77", "1234", now) is Standing.OK


async def test_wrong_pins_are_counted_over_calls_and_a_restart(world: World) -> None:
    await member(world)
    for _ in range(2):
        alice = world.calls(number=NUMBER)
        alice.presses("77#9999#")
        await world.passes(seconds=8)
        alice.hangs_up()
        await world.passes(seconds=1)
    await world.engine_dies()
    await world.start()
    alice = world.calls(number=NUMBER)
    alice.presses("77#9999#")
    await world.passes(seconds=20)
    assert alice.heard[-1] == "pin-locked"


@pytest.mark.parametrize(
    "card",
    [
        {"valid_to": datetime(2026, 1, 1, tzinfo=UTC)},
        {"valid_from": datetime(2027, 1, 1, tzinfo=UTC)},
        {"services_left": 0},
        {"allowance_seconds": 0},
    ],
)
async def test_a_card_that_is_over_is_told(world: World, card: dict[str, Any]) -> None:
    await member(world, **card)
    alice = world.calls(number=NUMBER)
    alice.presses("77#1234#")
    await world.passes(seconds=20)
    assert alice.heard[-1] == "closed"


async def test_a_stranger_learns_nothing_about_numbers(world: World) -> None:
    await member(world)
    alice = world.calls(number=NUMBER)
    alice.presses("78#1234#")
    await world.passes(seconds=8)
    assert alice.heard.count("member-wrong") == 1


async def test_what_the_database_has_is_taken_over_at_a_reload(world: World) -> None:
    await set_up(world, flow=CLUB)
    with world.database.begin() as connection:
        save_member(connection, Member(tenant="acme", number="88", pin_hash=PIN_HASH))
    assert world.engine is not None
    await world.engine.reload()
    now = world.clock.now()
    assert await world.engine.members.check("acme", "88", "1234", now) is Standing.OK
