"""R2: boxes of seats and queues: what is left in them, and told by mail and lamp."""

from datetime import timedelta

import pytest

from callcenter.kernel.mail import Mail, Outbox
from callcenter.kernel.mail.outbox import attachments_of
from callcenter.pbx.port import LinkUp, Source
from callcenter.records.store import list_messages, mark_heard
from tests.support.voicemail import CALLER, LINE, box, dials, heard, leaves, messages
from tests.support.world import PIN, World

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
