"""Two of the test phones call each other, without any server: each checks the other."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from callcenter.demo import ears as audio
from tests.support.phone import (
    Phone,
    PhoneFailure,
    PhoneRefused,
    answer_after,
    never,
    reject,
)
from tests.support.phone.sip import Message, Request, Response


@pytest.fixture
async def alice() -> AsyncIterator[Phone]:
    async with await Phone.open(ip="127.0.0.2", user="alice") as phone:
        yield phone


@pytest.fixture
async def bob() -> AsyncIterator[Phone]:
    async with await Phone.open(ip="127.0.0.3", user="bob") as phone:
        yield phone


async def test_a_call_is_rung_answered_spoken_and_ended(alice: Phone, bob: Phone) -> None:
    call = alice.invite(bob.uri, caller="+8613800000001", name="Alice")
    ringing = await bob.rings(within=2)
    await call.ringing(within=2)
    assert (ringing.caller, ringing.caller_name, ringing.dialled) == (
        "+8613800000001",
        "Alice",
        "bob",
    )

    await ringing.answer()
    await call.answered(within=2)
    call.play_tone(440, dbfs=-20)
    ringing.play_tone(1000)
    await asyncio.gather(ringing.hears_tone(440, within=2), call.hears_tone(1000, within=2))
    assert ringing.heard.level(440) == pytest.approx(-20, abs=0.5)
    assert not ringing.heard.has_tone(1000)

    await call.hang_up()
    ended = await ringing.ended(within=2)
    assert (ended.by, call.bye.by if call.bye else None) == ("them", "us")
    assert [what for _, what in call.states] == ["invite", "100", "180", "200", "ended"]


async def test_keys_arrive_in_order_with_their_length(alice: Phone, bob: Phone) -> None:
    bob.on_ring = answer_after(0)
    call = await alice.dial(bob.uri)
    await call.press("10#", duration=0.1)
    heard = bob.incoming[0].heard
    await bob.incoming[0].changes.until(lambda: heard.digits == "10#", 1, "the keys")
    assert [key.duration for key in heard.keys] == pytest.approx([0.1, 0.1, 0.1], abs=0.021)


async def test_busy_is_told_and_acknowledged(alice: Phone, bob: Phone) -> None:
    bob.on_ring = reject(486)
    call = await alice.dial(bob.uri)
    assert (call.status, call.answered_200, call.alive) == (486, False, False)
    with pytest.raises(PhoneRefused, match="486"):
        await call.answered(within=1)
    await asyncio.sleep(0.6)  # longer than T1: an unacknowledged 486 would come again
    assert sum("486" in line.text for line in alice.wire.lines) == 1


async def test_a_second_call_meets_a_busy_phone(alice: Phone, bob: Phone) -> None:
    bob.max_calls = 1
    first = alice.invite(bob.uri)
    await first.ringing()
    assert (await alice.dial(bob.uri)).status == 486
    await first.hang_up()


async def test_caller_gives_up_while_it_rings(alice: Phone, bob: Phone) -> None:
    bob.on_ring = never
    call = alice.invite(bob.uri)
    await call.ringing(within=2)
    await call.hang_up()
    assert (await bob.incoming[0].ended(within=2)).by == "them"
    assert (call.status, call.bye.by if call.bye else "") == (487, "us")
    with pytest.raises(PhoneRefused, match="487"):
        await bob.incoming[0].answer()


async def test_hanging_up_in_the_instant_of_the_answer_leaves_nobody_behind(
    alice: Phone, bob: Phone
) -> None:
    call = alice.invite(bob.uri)
    await call.ringing(within=2)
    bob.incoming[0].pick_up()
    call.drop()
    await call.ended(within=2)
    assert (await bob.incoming[0].ended(within=2)).by == "them"


async def test_the_called_side_hangs_up_before_the_ack(alice: Phone, bob: Phone) -> None:
    call = alice.invite(bob.uri)
    ringing = await bob.rings()
    ringing.pick_up()
    await ringing.hang_up()
    assert (await call.ended(within=2)).by == "them"


@pytest.mark.parametrize("lost", ["INVITE", "180", "200", "ACK", "BYE"])
async def test_one_lost_message_does_no_harm(alice: Phone, bob: Phone, lost: str) -> None:
    dropped: list[str] = []

    def lose(message: Message) -> bool:
        name = message.method if isinstance(message, Request) else ""
        if isinstance(message, Response):
            name = str(message.status) if message.cseq[1] == "INVITE" else ""
        if name != lost or dropped:
            return False
        dropped.append(name)
        return True

    alice.agent.layer.lose = bob.agent.layer.lose = lose
    bob.on_ring = answer_after(0)
    call = await alice.dial(bob.uri, within=3)
    callee = await bob.rings()
    await callee.changes.until(lambda: any(what == "ack" for _, what in callee.states), 3, "ACK")
    await call.hang_up()
    assert (await callee.ended(within=3)).by == "them"
    assert dropped == [lost]


async def test_a_prompt_is_recognised_and_another_is_not(
    alice: Phone, bob: Phone, tmp_path: Path
) -> None:
    welcome, other = tmp_path / "welcome.wav", tmp_path / "other.wav"
    sounds = [audio.tone(300 + 90 * n, 0.15) for n in range(8)]
    for path, order in ((welcome, sounds), (other, sounds[::-1])):
        audio.write_wav(path, np.concatenate(order))
    bob.on_ring = answer_after(0)
    call = await alice.dial(bob.uri)
    (await bob.rings()).play_wav(welcome)
    heard = await call.hears(welcome, within=4)
    assert (heard, heard.complete) == ("welcome", True)
    assert not call.heard_prompt(other)
    assert call.prompts_heard({"welcome": welcome, "other": other}) == ["welcome"]


async def test_music_is_recognised_and_its_absence_too(
    alice: Phone, bob: Phone, tmp_path: Path
) -> None:
    music, other = tmp_path / "music.wav", tmp_path / "other.wav"
    notes = [audio.tone(250 + 40 * n, 0.1) for n in range(30)]
    audio.write_wav(music, np.concatenate(notes))
    audio.write_wav(other, np.concatenate([notes[n * 7 % 30] for n in range(30)]))
    bob.on_ring = answer_after(0)
    call = await alice.dial(bob.uri)
    callee = await bob.rings()
    callee.play_wav(music, repeat=True)
    assert await call.hears_part_of(music, within=3) < 1.5
    with pytest.raises(PhoneFailure, match=r"other.wav did not happen within 0.5 s"):
        await call.hears_part_of(other, within=0.5)
    waiting = asyncio.create_task(call.hears_tone(3000, within=9))
    await callee.hang_up()
    with pytest.raises(PhoneFailure, match="before the call ended"):
        await waiting


async def test_silence_is_seen_whether_as_packets_or_as_none(alice: Phone, bob: Phone) -> None:
    bob.on_ring = answer_after(0, tone=500)
    call = await alice.dial(bob.uri)
    await call.hears_tone(500)
    callee = await bob.rings()
    callee.mute()
    await asyncio.sleep(0.5)
    callee.play_tone(500)
    await call.hears_tone(500)
    callee.silence()
    await asyncio.sleep(0.5)
    gaps = call.heard.silence_gaps(0.3)
    assert [round(gap.seconds, 1) for gap in gaps] == pytest.approx([0.5, 0.5], abs=0.11)


async def test_a_wait_that_fails_shows_the_wire(alice: Phone, bob: Phone) -> None:
    call = alice.invite(bob.uri)
    with pytest.raises(PhoneFailure, match=r"the answer did not happen(.|\n)*INVITE sip:bob@"):
        await call.answered(within=0.2)


async def test_a_vanished_phone_answers_nothing(alice: Phone, bob: Phone) -> None:
    bob.vanish()
    with pytest.raises(PhoneFailure):
        await alice.dial(bob.uri, within=0.3)


async def test_registering_with_nobody_there_is_told_as_408() -> None:
    async with await Phone.open(server=("127.0.0.1", 9), user="1001", password="x") as phone:
        with pytest.raises(PhoneRefused, match="408"):
            await phone.register(within=0.2)
