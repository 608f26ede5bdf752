"""R2: boxes of seats and queues: told by mail and lamp, heard, handed over, called back."""

import re
from datetime import timedelta

import pytest

from callcenter.calls.store import list_cdrs
from callcenter.kernel.mail import Mail, Outbox
from callcenter.kernel.mail.outbox import attachments_of
from callcenter.numbers import (
    Destination,
    Extension,
    HostedNumber,
    Tenant,
    Trunk,
    save_extension,
    save_number,
    save_tenant,
    save_trunk,
)
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.port import LinkUp, Source
from callcenter.records import Message
from callcenter.records.boxes import Box, save_box
from callcenter.records.store import list_messages, mark_heard
from tests.support.world import NUMBER, PIN, World

LINE = "4008009999"  # leads to the box of seat 1001
CALLER = "+8613800000001"


async def box(
    world: World, name: str = "seat-1001", *, language: str = "en", **more: object
) -> None:
    """A box that was set up, and a number that leads to it."""
    assert world.engine is not None
    with world.database.begin() as connection:
        save_tenant(connection, Tenant(id="acme", name="Acme", language=language))
        save_box(connection, Box(tenant="acme", name=name, **more))  # type: ignore[arg-type]
        to = Destination.parse(f"voicemail:{name}")
        save_number(connection, HostedNumber(number=LINE, tenant="acme", destination=to))
        save_trunk(connection, Trunk(name="world", match="127.0.0.3", contact="127.0.0.3:5060"))
    await world.engine.reload()


async def leaves(world: World, seconds: float = 3.0, caller: str = CALLER) -> FakeCaller:
    """Somebody leaves a message."""
    alice = world.calls(caller, LINE)
    alice.says(seconds)
    await world.passes(seconds=30)
    assert "voicemail-kept" in alice.heard
    return alice


def dials(world: World, keys: str = "", extension: str = "1001") -> FakeCaller:
    """An agent dials *98 and presses keys as fast as they can."""
    world.phone(extension)
    agent = world.pbx.place_call(extension, "*98", source=Source.EXTENSION)
    agent.presses(keys)
    return agent


async def messages(world: World) -> list[Message]:
    """Newest first."""
    assert world.engine is not None
    await world.passes(seconds=1)
    await world.engine.projector.settled()
    with world.database.connect() as connection:
        return list_messages(connection)


def heard(agent: FakeCaller) -> list[str]:
    """What was heard; messages without their random names."""
    return ["a message" if "/takes/" in name else name for name in agent.heard]


# -- told -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "subject", "text"),
    [
        ("en", f"Voicemail from {CALLER} for seat-1001", "Length: 3 s"),
        ("zh", f"seat-1001 的语音留言，来自 {CALLER}", "时长：3 秒"),
        ("ja", f"seat-1001 への留守番メッセージ（{CALLER}）", "長さ：3 秒"),
    ],
)
async def test_each_message_is_mailed_with_its_sound(
    world: World, language: str, subject: str, text: str
) -> None:
    await box(world, language=language, mail=("ada@example.com", "Bob <bob@example.com>"))
    await leaves(world)
    (message,) = await messages(world)
    mails: list[Mail] = Outbox(world.database).list()
    assert sorted(mail.to for mail in mails) == ["Bob <bob@example.com>", "ada@example.com"]
    assert {mail.subject for mail in mails} == {subject}
    assert text in mails[0].text
    assert mails[0].tenant == "acme"
    with world.database.connect() as connection:
        (attached,) = attachments_of(connection, mails[0].id)
    assert world.engine is not None
    assert attached.data == world.engine.mailbox.sound(message)
    assert attached.data.startswith(b"RIFF")
    stored = [file.read_bytes() for file in (world.folder / "voicemail").rglob("*.*")]
    assert len(stored) == 1
    assert b"RIFF" not in stored[0]
    assert (attached.media, attached.name) == ("audio/wav", f"{message.at:%Y%m%d-%H%M%S}.wav")


async def test_a_mail_is_put_once_although_the_engine_dies(world: World) -> None:
    await box(world, mail=("ada@example.com",))
    await leaves(world)
    await messages(world)
    for _ in range(2):
        await world.engine_dies()
        await world.start()
        await messages(world)
    assert len(Outbox(world.database).list()) == 1


async def test_the_lamp_is_on_until_the_message_was_heard(world: World) -> None:
    await box(world)
    await world.passes(seconds=1)
    assert world.pbx.lamps["1001"] == (0, 0)
    await leaves(world)
    await messages(world)
    await world.passes(seconds=6)
    assert world.pbx.lamps["1001"] == (1, 0)
    assert world.pbx.lamps["1002"] == (0, 0)
    agent = dials(world, f"1001#{PIN}#")
    await world.passes(seconds=30)
    agent.hangs_up()
    await world.passes(seconds=6)
    assert world.pbx.lamps["1001"] == (0, 1)
    (message,) = await messages(world)
    assert message.heard_at is not None


async def test_the_lamp_is_right_again_whoever_was_restarted(world: World) -> None:
    await box(world)
    await leaves(world)
    await world.passes(seconds=6)
    world.pbx.lamps.clear()  # the PBX was restarted
    world.pbx.tell(LinkUp(node="fake"))
    await world.passes(seconds=1)
    assert world.pbx.lamps["1001"] == (1, 0)
    await world.engine_dies()
    (message,) = list_messages(world.database.connect())
    with world.database.begin() as connection:
        mark_heard(connection, message.id, world.clock.now())
    await world.start()
    await world.passes(seconds=1)
    assert world.pbx.lamps["1001"] == (0, 1)


async def test_the_lamp_follows_the_agent(world: World) -> None:
    await box(world)
    await leaves(world)
    await world.logs_in("1001", "1002")
    await world.passes(seconds=1)
    assert world.pbx.lamps["1002"] == (1, 0)
    await world.logs_in("1002", "1001")
    await world.passes(seconds=1)
    assert world.pbx.lamps["1001"] == (0, 0)


# -- left -------------------------------------------------------------------------------------


async def test_who_ends_with_a_key_may_listen_and_speak_again(world: World) -> None:
    await box(world)
    alice = world.calls(CALLER, LINE)
    alice.says(9.0)
    await world.passes(seconds=7)
    alice.presses("#")
    await world.passes(seconds=0.5)
    assert alice.heard[-1] == "voicemail-review"
    alice.presses("1")
    await world.passes(seconds=3)
    assert heard(alice)[-2:] == ["a message", "voicemail-review"]
    alice.says(1.0)
    alice.presses("2")
    await world.passes(seconds=12)
    alice.presses("#")
    await world.passes(seconds=6)
    assert heard(alice)[-4:] == ["beep", "voicemail-review", "voicemail-kept", "goodbye"]
    (message,) = await messages(world)
    assert message.seconds == pytest.approx(1.1, abs=0.2)


async def test_speaking_again_without_a_word_keeps_what_was_said(world: World) -> None:
    await box(world)
    alice = world.calls(CALLER, LINE)
    alice.says(3.0)
    await world.passes(seconds=7)
    alice.presses("#2")
    await world.passes(seconds=5)
    alice.hangs_up()
    (message,) = await messages(world)
    assert message.seconds > 2


async def test_a_seat_that_does_not_answer_has_a_box(world: World) -> None:
    await box(world)
    world.phone("1001").answers_after = None
    ben = world.pbx.place_call("1002", "1001", source=Source.EXTENSION)
    ben.says(2.0)
    await world.passes(minutes=1.5)
    assert ben.heard[:2] == ["voicemail-greeting", "beep"]
    (message,) = await messages(world)
    assert (message.box, message.caller) == ("seat-1001", "1002")


async def test_a_seat_that_is_busy_too_and_one_without_a_box_is_busy(world: World) -> None:
    await box(world)
    for extension in ("1001", "1002"):
        world.phone(extension).rejects = True
    ben = world.pbx.place_call("1002", "1001", source=Source.EXTENSION)
    await world.passes(seconds=5)
    assert ben.heard[:1] == ["voicemail-greeting"]
    ada = world.pbx.place_call("1001", "1002", source=Source.EXTENSION)
    await world.passes(seconds=5)
    assert ada.heard == []
    assert not ada.is_up


async def test_messages_are_forgotten_after_their_days(world: World) -> None:
    await box(world, keep_days=2)
    await leaves(world)
    (message,) = await messages(world)
    assert world.engine is not None
    file = world.folder / "voicemail" / message.path
    boxes, now = world.engine.snapshot.now.boxes, world.clock.now()
    assert world.engine.mailbox.forget_old(boxes, now + timedelta(days=1)) == 0
    assert file.exists()
    assert world.engine.mailbox.forget_old(boxes, now + timedelta(days=3)) == 1
    assert not file.exists()
    assert await messages(world) == []


# -- by telephone -----------------------------------------------------------------------------


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
