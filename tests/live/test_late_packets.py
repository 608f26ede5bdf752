"""Packets that come late, as on any line over the Internet: heard late, and none is lost."""

import asyncio
from datetime import timedelta

import pytest

from callcenter.demo import ears
from tests.contract.rig import until
from tests.contract.rules_call import answered_call
from tests.contract.rules_talk import talking
from tests.live.asterisk_rig import AsteriskRig, SipCaller, SipSeat
from tests.support.phone import Call

pytestmark = pytest.mark.live

EVERY = 20  # packets, of which one is late
SPOKEN = "zh/closed"


def speaks(call: Call, rig: AsteriskRig) -> float:
    """Say a sentence unevenly; how many seconds that takes."""
    file = rig.settings.prompts / f"{SPOKEN}.wav"
    call.send_late(EVERY)
    call.play_wav(file)
    return len(ears.read_wav(file)) / ears.RATE


async def test_a_talk_is_heard_whole_on_both_sides(rig: AsteriskRig) -> None:
    talk = await talking(rig)
    assert isinstance(talk.caller, SipCaller)
    assert isinstance(talk.seat, SipSeat)
    caller, seat = talk.caller.call, talk.seat.phone.incoming[-1]
    since = asyncio.get_running_loop().time()
    file = rig.settings.prompts / f"{SPOKEN}.wav"
    seconds = max(speaks(caller, rig), speaks(seat, rig))
    await asyncio.gather(
        caller.hears(file, within=seconds + 3, since=since),
        seat.hears(file, within=seconds + 3, since=since),
    )
    await caller.hang_up()


async def test_a_message_is_whole(rig: AsteriskRig) -> None:
    caller, channel = await answered_call(rig)
    assert isinstance(caller, SipCaller)
    path = rig.folder / "message.wav"
    recording = asyncio.ensure_future(
        channel.record_message(
            path, most=timedelta(seconds=20), silence=timedelta(seconds=2), stop_on="#"
        )
    )
    await until(path.exists)
    await asyncio.sleep(speaks(caller.call, rig) + 0.2)
    await caller.press("#")
    async with asyncio.timeout(3):
        await recording
    spoken = ears.read_wav(rig.settings.prompts / f"{SPOKEN}.wav")
    assert ears.find(ears.read_wav(path), spoken) is not None
    await caller.hang_up()
