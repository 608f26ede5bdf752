"""Members on the phone: another PIN, what a talk costs the card, a queue of their own (I6)."""

from datetime import timedelta
from typing import Any

import pytest

from callcenter.acd import QueuePlan, SeatState, save_queue
from callcenter.ivr import Flow, publish
from callcenter.members import Member, hash_pin
from callcenter.members.model import Standing
from callcenter.numbers import Destination, HostedNumber, save_number
from callcenter.pbx.fake import FakeCaller
from tests.support.world import World

NUMBER = "4008007777"
PIN_HASH = hash_pin("1234")
CLUB: dict[str, Any] = {
    "name": "club",
    "start": "card",
    "nodes": {
        "card": {"kind": "member", "next": "premium", "otherwise": "bye"},
        "premium": {"kind": "queue", "queue": "sales", "own": True, "next": "bye"},
        "bye": {"kind": "hangup", "prompts": ["goodbye"]},
    },
}
PINS: dict[str, Any] = {
    "name": "club",
    "start": "pin",
    "nodes": {
        "pin": {"kind": "member-pin", "next": "bye", "locked": "locked", "otherwise": "no"},
        "bye": {"kind": "hangup", "prompts": ["goodbye"]},
        "no": {"kind": "hangup", "prompts": ["please-wait"]},
        "locked": {"kind": "hangup", "prompts": ["pin-locked"]},
    },
}


async def club(world: World, flow: dict[str, Any], **card: Any) -> None:
    """The number leads to the flow; member 77 has PIN 1234."""
    with world.database.begin() as connection:
        to = Destination.parse("flow:club")
        save_number(connection, HostedNumber(number=NUMBER, tenant="acme", destination=to))
        for tenant in ("acme", "other"):
            plan = QueuePlan(
                name=f"gold-{tenant}",
                tenant=tenant,
                wrap_up=timedelta(seconds=5),
                seats=(("1002", 1),),
            )
            save_queue(connection, plan)
        publish(connection, Flow.model_validate(flow))
    assert world.engine is not None
    await world.engine.reload()
    world.engine.members.keep(Member(tenant="acme", number="77", pin_hash=PIN_HASH, **card))


def card_of(world: World) -> Member:
    assert world.engine is not None
    return world.engine.members.find("acme", "77")


async def standing(world: World, pin: str) -> Standing:
    assert world.engine is not None
    return await world.engine.members.check("acme", "77", pin, world.clock.now())


async def keys(world: World, pressed: str) -> FakeCaller:
    """Somebody calls and presses these."""
    alice = world.calls(number=NUMBER)
    alice.presses(pressed)
    await world.passes(seconds=40)
    return alice


# -- another PIN ----------------------------------------------------------------------------------


async def test_a_member_changes_the_pin(world: World) -> None:
    await club(world, PINS)
    alice = await keys(world, "77#1234#5678#5678#")
    assert alice.heard[-2:] == ["pin-changed", "goodbye"]
    assert await standing(world, "1234") is Standing.WRONG
    assert await standing(world, "5678") is Standing.OK
    await world.engine_dies()
    await world.start()
    assert await standing(world, "5678") is Standing.OK


@pytest.mark.parametrize(
    "new",
    ["123#123#", "1234#1234#", "5678#5679#", "#" * 2, "12*4#12*4#"],
    ids=["short", "the old one", "not the same twice", "none", "no digits"],
)
async def test_an_unfit_pin_is_asked_for_again(world: World, new: str) -> None:
    await club(world, PINS)
    alice = await keys(world, f"77#1234#{new}9876#9876#")
    assert alice.heard.count("pin-unfit") == 1
    assert await standing(world, "9876") is Standing.OK


async def test_three_unfit_pins_leave_the_old_one(world: World) -> None:
    await club(world, PINS)
    alice = await keys(world, "77#1234#" + "1#1#" * 3)
    assert alice.heard[-1] == "please-wait"
    assert await standing(world, "1234") is Standing.OK


async def test_the_old_pin_is_checked_and_wrong_ones_lock(world: World) -> None:
    await club(world, PINS)
    alice = await keys(world, "77#1111#77#2222#77#3333#")
    assert alice.heard[-1] == "pin-locked"
    assert "pin-new" not in alice.heard
    assert card_of(world).locked


async def test_pins_are_in_no_journal(world: World) -> None:
    await club(world, PINS)
    await keys(world, "77#1234#56789012#56789013#56789012#56789012#")
    assert world.engine is not None
    written = b"".join(f.read_bytes() for f in (world.folder / "journal").rglob("*") if f.is_file())
    assert b"member" in written
    assert b"5678901" not in written


# -- what a talk costs ----------------------------------------------------------------------------


async def talking(world: World) -> None:
    """The seat has the caller."""
    for _ in range(300):
        if world.state("1001") is SeatState.TALKING:
            return
        await world.passes(seconds=0.1)
    raise AssertionError("nobody talks")


async def talk(world: World, seconds: float) -> FakeCaller:
    """A member's call is served for so long."""
    alice = world.calls(number=NUMBER)
    alice.presses("77#1234#")
    await talking(world)
    await world.passes(seconds=seconds)
    alice.hangs_up()
    await world.passes(seconds=12)
    return alice


async def test_a_talk_takes_its_seconds_and_one_service_off_the_card(world: World) -> None:
    await club(world, CLUB, allowance_seconds=100, services_left=2)
    await world.logs_in("1001")
    await talk(world, 30)
    card = card_of(world)
    assert card.services_left == 1
    assert card.allowance_seconds == pytest.approx(69, abs=2)
    await talk(world, 90)
    card = card_of(world)
    assert (card.services_left, card.allowance_seconds) == (0, 0)
    assert await standing(world, "1234") is Standing.USED_UP


async def test_who_was_not_served_pays_nothing(world: World) -> None:
    await club(world, CLUB, allowance_seconds=100, services_left=2)
    alice = world.calls(number=NUMBER)
    alice.presses("77#1234#")
    await world.passes(seconds=60)
    alice.hangs_up()
    await world.passes(seconds=2)
    assert (card_of(world).services_left, card_of(world).allowance_seconds) == (2, 100)


async def test_a_card_without_limits_stays_without(world: World) -> None:
    await club(world, CLUB)
    await world.logs_in("1001")
    await talk(world, 10)
    assert (card_of(world).services_left, card_of(world).allowance_seconds) == (None, None)


async def test_a_talk_over_a_restart_is_taken_off_once(world: World) -> None:
    await club(world, CLUB, allowance_seconds=100, services_left=2)
    await world.logs_in("1001")
    alice = world.calls(number=NUMBER)
    alice.presses("77#1234#")
    await talking(world)
    await world.passes(seconds=10)
    await world.engine_dies()
    await world.passes(seconds=20)
    await world.start()
    await world.passes(seconds=5)
    alice.hangs_up()
    await world.passes(seconds=2)
    left = card_of(world).allowance_seconds
    assert left == pytest.approx(64, abs=2)
    for _ in range(2):
        await world.engine_dies()
        await world.start()
        assert (card_of(world).allowance_seconds, card_of(world).services_left) == (left, 1)


async def test_what_the_last_engine_had_no_time_to_take_off_is_taken_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await club(world, CLUB, services_left=2)
    await world.logs_in("1001")
    assert world.engine is not None
    monkeypatch.setattr(world.engine.members, "use", lambda *_, **__: None)
    monkeypatch.setattr(world.engine.projector, "add", lambda *_: None)
    await talk(world, 10)
    assert card_of(world).services_left == 2
    await world.engine_dies()
    await world.start()
    assert card_of(world).services_left == 1


async def test_what_only_the_journal_has_is_not_taken_off_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await club(world, CLUB, services_left=5, allowance_seconds=100)
    await world.logs_in("1001")
    assert world.engine is not None
    monkeypatch.setattr(world.engine.projector, "add", lambda *_: None)
    await talk(world, 10)
    left = card_of(world).allowance_seconds
    assert card_of(world).services_left == 4
    await world.engine_dies()
    await world.start()
    assert (card_of(world).services_left, card_of(world).allowance_seconds) == (4, left)


# -- a queue of their own -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "waits_in"), [("gold-acme", "gold-acme"), ("gold-other", "sales"), ("", "sales")]
)
async def test_a_member_waits_in_the_own_queue(world: World, own: str, waits_in: str) -> None:
    await club(world, CLUB, queue=own, priority=7)
    alice = world.calls(number=NUMBER)
    alice.presses("77#1234#")
    await world.passes(seconds=10)
    assert world.engine is not None
    [call] = world.engine.ledger.open.values()
    assert call.queue is not None
    assert (call.queue.queue, call.queue.priority) == (waits_in, 7)
    alice.hangs_up()


async def test_a_queue_node_that_does_not_say_so_is_everybodys(world: World) -> None:
    nodes = CLUB["nodes"] | {"premium": {"kind": "queue", "queue": "sales", "next": "bye"}}
    await club(world, CLUB | {"nodes": nodes}, queue="gold-acme")
    alice = world.calls(number=NUMBER)
    alice.presses("77#1234#")
    await world.passes(seconds=10)
    assert world.engine is not None
    [call] = world.engine.ledger.open.values()
    assert call.queue is not None
    assert call.queue.queue == "sales"
    alice.hangs_up()
