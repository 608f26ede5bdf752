"""I4, R2 on the fake: prompts recorded by phone and heard at once; messages left and kept."""

from collections.abc import Iterator

import pytest

from callcenter.kernel import sound
from callcenter.numbers import Destination, HostedNumber, save_number
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.fake.channel import voice
from callcenter.pbx.port import Source
from callcenter.records import Message
from callcenter.records.store import list_messages
from tests.support.world import PIN, World


def dials_the_line(world: World, keys: str = "") -> FakeCaller:
    """Somebody at 1001 dials the prompt line and presses keys as fast as they can."""
    world.phone("1001")
    caller = world.pbx.place_call("1001", "*15", source=Source.EXTENSION)
    caller.presses(keys)
    return caller


async def recorded(world: World, seconds: float) -> FakeCaller:
    """1001 records prompt 101 and keeps it."""
    admin = dials_the_line(world, f"1001#{PIN}#101#2")
    admin.says(seconds)
    await world.passes(seconds=20)
    admin.presses("3")
    await world.passes(seconds=4)
    admin.hangs_up()
    await world.passes(seconds=0.1)
    return admin


@pytest.fixture
def numbered(world: World) -> Iterator[World]:
    """The prompt "welcome" has the number 101 in acme."""
    assert world.engine is not None
    world.engine.conductor._context.studio.store.number("acme", "welcome")
    return world


async def test_a_prompt_is_recorded_and_the_next_caller_hears_it(numbered: World) -> None:
    world = numbered
    assert world.engine is not None
    await world.engine.reload()
    admin = await recorded(world, 2.0)
    assert "prompt-kept" in admin.heard
    caller = world.calls()
    await world.passes(seconds=1)
    assert caller.heard[0] == "tenant/acme/welcome/1"
    store = world.engine.conductor._context.studio.store
    kept = store.version("acme", "welcome", "en")
    assert (kept.by, kept.origin) == ("seat 1001", "phone")
    assert kept.seconds == pytest.approx(2.1, abs=0.2)
    assert len(sound.read(store.file(kept))) == pytest.approx(2.1 * 8000, abs=1600)

    await recorded(world, 1.0)
    again = world.calls("+8613800000002")
    await world.passes(seconds=1)
    assert again.heard[0] == "tenant/acme/welcome/2"
    takes = world.folder / "prompts/en/tenant/acme/takes"
    assert list(takes.iterdir()) == []


async def test_listening_plays_what_callers_hear_then_the_take(numbered: World) -> None:
    world = numbered
    assert world.engine is not None
    await world.engine.reload()
    admin = dials_the_line(world, f"1001#{PIN}#101#")
    await world.passes(seconds=1)
    admin.presses("1")
    await world.passes(seconds=5)
    assert admin.heard[-2:] == ["welcome", "prompt-line-menu"]
    admin.says(1.0)
    admin.presses("2")
    await world.passes(seconds=14)
    take = next(name for name in admin.heard if "takes" in name)
    admin.presses("1")
    await world.passes(seconds=3)
    assert admin.heard.count(take) == 2
    admin.hangs_up()
    await world.passes(seconds=1)
    caller = world.calls()
    await world.passes(seconds=1)
    assert caller.heard[0] == "welcome", "a take that was not kept is not heard"


async def test_nothing_said_is_nothing_kept(numbered: World) -> None:
    world = numbered
    assert world.engine is not None
    await world.engine.reload()
    admin = dials_the_line(world, f"1001#{PIN}#101#2")
    await world.passes(seconds=15)
    admin.presses("3")
    await world.passes(seconds=3)
    assert admin.heard.count("prompt-nothing") == 2
    assert "prompt-kept" not in admin.heard


async def test_three_wrong_pins_lock_the_number_for_a_while(world: World) -> None:
    thief = dials_the_line(world, "1001#0000#1001#1111#1001#2222#")
    await world.passes(seconds=30)
    assert thief.heard.count("login-failed") == 3
    assert thief.heard[-1] == "goodbye"
    assert not thief.is_up
    owner = dials_the_line(world, f"1001#{PIN}#")
    await world.passes(seconds=10)
    assert "pin-locked" in owner.heard
    assert "prompt-line-number" not in owner.heard
    other = dials_the_line(world, f"1002#{PIN}#")
    await world.passes(seconds=3)
    assert "prompt-line-number" in other.heard
    other.hangs_up()
    await world.passes(minutes=16)
    owner = dials_the_line(world, f"1001#{PIN}#")
    await world.passes(seconds=3)
    assert "prompt-line-number" in owner.heard


async def test_unknown_prompts_and_silence_end_politely(world: World) -> None:
    admin = dials_the_line(world, f"1001#{PIN}#999#")
    await world.passes(minutes=2)
    assert "prompt-unknown" in admin.heard
    assert admin.heard[-1] == "goodbye"
    assert not admin.is_up


async def test_a_stranger_cannot_dial_the_line(world: World) -> None:
    stranger = world.pbx.place_call("+8613800000001", "*15")
    await world.passes(seconds=1)
    assert not stranger.answered
    assert not stranger.is_up


async def test_a_hosted_number_may_lead_to_the_line(world: World) -> None:
    assert world.engine is not None
    with world.database.begin() as connection:
        to = Destination.parse("feature:prompt-line")
        save_number(connection, HostedNumber(number="4008009999", tenant="acme", destination=to))
    await world.engine.reload()
    admin = world.calls(number="4008009999")
    admin.presses(f"1001#{PIN}#")
    await world.passes(seconds=3)
    assert admin.heard[-1] == "prompt-line-number"


# -- voicemail --------------------------------------------------------------------------------


async def calls_voicemail(world: World) -> FakeCaller:
    """Somebody calls a number that leads to the box "sales"."""
    assert world.engine is not None
    with world.database.begin() as connection:
        to = Destination.parse("voicemail:sales")
        save_number(connection, HostedNumber(number="4008009999", tenant="acme", destination=to))
    await world.engine.reload()
    return world.calls(number="4008009999")


async def messages(world: World) -> list[Message]:
    assert world.engine is not None
    await world.passes(seconds=1)
    await world.engine.projector.settled()
    with world.database.connect() as connection:
        return list_messages(connection, box="sales")


async def test_a_message_is_taken_and_kept(world: World) -> None:
    caller = await calls_voicemail(world)
    caller.says(3.0)
    await world.passes(seconds=20)
    assert caller.heard == ["voicemail-greeting", "beep", "voicemail-kept", "goodbye"]
    assert not caller.is_up
    (message,) = await messages(world)
    assert (message.tenant, message.box, message.heard_at) == ("acme", "sales", None)
    assert message.caller == "+8613800000001"
    assert message.seconds == pytest.approx(3.1, abs=0.2)
    file = world.folder / "voicemail" / message.path
    assert world.engine is not None
    wav = world.engine.mailbox.sounds.read("acme", message.path)
    assert (len(wav) - 44) / 16000 == pytest.approx(message.seconds, abs=0.001)
    assert wav[:4] == b"RIFF"
    assert not file.read_bytes().startswith(b"RIFF")  # encrypted
    assert file.stat().st_mode & 0o077 == 0
    assert list((world.folder / "voicemail/taking").iterdir()) == []


async def test_a_caller_who_hangs_up_has_left_a_message(world: World) -> None:
    caller = await calls_voicemail(world)
    caller.says(60.0)
    await world.passes(seconds=10)
    caller.hangs_up()
    (message,) = await messages(world)
    assert message.seconds == pytest.approx(6.0, abs=1.0)


async def test_a_caller_who_says_nothing_has_left_none(world: World) -> None:
    caller = await calls_voicemail(world)
    await world.passes(seconds=20)
    assert caller.heard == ["voicemail-greeting", "beep", "voicemail-empty", "goodbye"]
    assert await messages(world) == []


async def test_a_message_survives_the_death_of_the_engine(world: World) -> None:
    caller = await calls_voicemail(world)
    caller.says(60.0)
    await world.passes(seconds=10)
    assert world.engine is not None
    world.engine.projector.add = lambda *_: None  # type: ignore[method-assign]  # it dies first
    caller.hangs_up()
    await world.passes(seconds=0.5)
    await world.engine_dies()
    await world.start()
    (message,) = await messages(world)
    assert message.seconds == pytest.approx(6.0, abs=1.0)


async def test_what_was_said_to_an_engine_that_was_killed_is_kept(world: World) -> None:
    taking = world.folder / "voicemail" / "taking"
    taking.mkdir(parents=True)
    (taking / "v-1.wav").write_bytes(voice(2.0, 3.0))
    (taking / "v-1.json").write_text(
        '{"box": "sales", "at": "2026-03-01T12:00:00Z",'
        ' "sender": {"call": "c-1", "tenant": "acme", "caller": "110"}}'
    )
    (taking / "v-2.json").write_text("no note")
    await world.passes(minutes=14)
    assert await messages(world) == []
    await world.passes(minutes=20)
    (message,) = await messages(world)
    assert (message.id, message.caller) == ("v-1", "110")
    assert message.seconds == pytest.approx(2.1, abs=0.2)
    assert [file.name for file in taking.iterdir()] == ["v-2.json"]
