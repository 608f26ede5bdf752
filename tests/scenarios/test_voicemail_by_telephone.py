"""R2: boxes by telephone: who may listen, heard, handed over, called back, greetings."""

import re

import pytest

from callcenter.calls.store import list_cdrs
from callcenter.numbers import Extension, Tenant, save_extension, save_tenant
from tests.support.voicemail import CALLER, LINE, box, dials, heard, leaves, messages
from tests.support.world import NUMBER, PIN, World


async def test_messages_are_heard_in_order_deleted_and_left(world: World) -> None:
    await box(world)
    await leaves(world, 2.0)
    await leaves(world, 4.0, "+8613800000002")
    agent = dials(world, f"1001#{PIN}#")
    await world.passes(seconds=12)
    assert heard(agent)[2:] == ["voicemail-new", "digits/2", "a message", "voicemail-menu"]
    agent.presses("3")
    await world.passes(seconds=6)
    agent.presses("2")
    await world.passes(seconds=8)
    assert heard(agent)[6:] == [
        "voicemail-deleted",
        "a message",
        "voicemail-menu",
        "voicemail-no-more",
        "goodbye",
    ]
    (left,) = await messages(world)
    assert left.caller == "+8613800000002"
    assert left.heard_at is not None


async def test_a_message_is_handed_over_by_telephone(world: World) -> None:
    await box(world)
    await leaves(world)
    agent = dials(world, f"1001#{PIN}#")
    await world.passes(seconds=10)
    agent.presses("6")
    await world.passes(seconds=3)
    agent.presses("1002#")
    await world.passes(seconds=10)
    assert "voicemail-handed" in agent.heard
    (message,) = await messages(world)
    assert (message.box, message.heard_at) == ("seat-1002", None)
    assert message.handed_by == "seat 1001 from seat-1001"
    await world.passes(seconds=6)
    assert (world.pbx.lamps["1001"], world.pbx.lamps["1002"]) == ((0, 0), (1, 0))


async def test_nobody_is_handed_a_message_who_is_no_seat(world: World) -> None:
    await box(world)
    await leaves(world)
    agent = dials(world, f"1001#{PIN}#")
    await world.passes(seconds=10)
    agent.presses("6")
    await world.passes(seconds=3)
    agent.presses("7777#")
    await world.passes(seconds=3)
    assert "wrong-code" in agent.heard
    (message,) = await messages(world)
    assert message.box == "seat-1001"


async def test_the_caller_is_called_back_by_a_key(world: World) -> None:
    await box(world)
    await leaves(world)
    alice = world.pbx.outside(CALLER)
    alice.answers_after = 3.0
    agent = dials(world, f"1001#{PIN}#")
    await world.passes(seconds=10)
    agent.presses("4")
    await world.passes(seconds=2)
    assert agent.music == "default", "nobody hears silence"
    await world.passes(seconds=6)
    assert alice.picked_up
    assert alice.callers[-1] == NUMBER, "a number of the tenant's"
    await world.passes(seconds=10)
    alice.hang_up()
    await world.passes(seconds=3)
    assert agent.heard[-1] == "voicemail-menu"
    agent.hangs_up()
    (message,) = await messages(world)
    assert message.called_back_at is not None
    assert world.engine is not None
    with world.database.connect() as connection:
        cdr = next(row for row in list_cdrs(connection) if row.dialled == "*98")
    (leg,) = cdr.legs[1:]
    assert (leg.kind, leg.endpoint, cdr.caller) == ("outside", CALLER, "1001")
    assert cdr.talk_seconds == pytest.approx(13.0, abs=3.0)


async def test_who_does_not_answer_was_not_called_back(world: World) -> None:
    await box(world)
    await leaves(world)
    world.pbx.outside(CALLER).rejects = True
    agent = dials(world, f"1001#{PIN}#")
    await world.passes(seconds=10)
    agent.presses("4")
    await world.passes(seconds=4)
    assert "voicemail-not-reached" in agent.heard
    (message,) = await messages(world)
    assert message.called_back_at is None


async def test_the_greeting_is_spoken_by_telephone(world: World) -> None:
    await box(world)
    agent = dials(world, f"1001#{PIN}#")
    await world.passes(seconds=10)
    assert agent.heard[-1] == "voicemail-menu-none"
    agent.presses("0")
    await world.passes(seconds=3)
    agent.says(2.0)
    agent.presses("2")
    await world.passes(seconds=18)
    agent.presses("3*")
    await world.passes(seconds=10)
    assert "prompt-kept" in agent.heard
    agent.hangs_up()
    await world.passes(seconds=1)
    alice = world.calls(CALLER, LINE)
    await world.passes(seconds=1)
    assert re.fullmatch(r"tenant/acme/voicemail/seat-1001/\d+", alice.heard[0])


async def test_who_and_when(world: World) -> None:
    await box(world)
    await leaves(world)
    agent = dials(world, f"1001#{PIN}#")
    await world.passes(seconds=10)
    agent.presses("5")
    await world.passes(minutes=1)
    told = agent.heard[agent.heard.index("voicemail-menu") + 1 :]
    assert told[:3] == ["digits/8", "digits/6", "digits/1"]


async def test_an_agent_who_is_logged_in_gives_the_pin_alone(world: World) -> None:
    await world.logs_in("1001")
    agent = dials(world, f"{PIN}#")
    await world.passes(seconds=8)
    assert "agent-number" not in agent.heard
    assert "voicemail-new" in agent.heard


async def test_a_wrong_pin_and_a_stranger_hear_nothing(world: World) -> None:
    await box(world)
    await leaves(world)
    thief = dials(world, "1001#0000#1001#1111#1001#2222#")
    await world.passes(seconds=40)
    assert thief.heard.count("login-failed") == 3
    assert "voicemail-new" not in thief.heard
    with world.database.begin() as connection:
        save_tenant(connection, Tenant(id="other", name="Other", language="en"))
        save_extension(connection, Extension(number="7001", tenant="other", secret="unused"))
    assert world.engine is not None
    await world.engine.reload()
    await world.passes(minutes=20)
    other = dials(world, f"1001#{PIN}#", "7001")
    await world.passes(seconds=10)
    assert "login-failed" in other.heard


async def test_agents_of_a_queue_share_its_box(world: World) -> None:
    await box(world, "queue-sales")
    await leaves(world)
    await world.passes(seconds=6)
    assert world.pbx.lamps["1001"] == world.pbx.lamps["1002"] == (1, 0)
    agent = dials(world, f"1002#{PIN}#", "1002")
    await world.passes(seconds=10)
    assert "a message" in heard(agent)


async def test_a_box_may_name_its_listeners(world: World) -> None:
    await box(world, "front-desk", seats=("1002",))
    await leaves(world)
    await world.passes(seconds=6)
    assert (world.pbx.lamps["1001"], world.pbx.lamps["1002"]) == ((0, 0), (1, 0))
