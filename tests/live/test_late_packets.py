"""Packets that come late, as on any line over the Internet: heard late, and none is lost."""

import asyncio
from datetime import timedelta

import numpy as np
import pytest

from callcenter.demo import ears
from callcenter.pbx.port import Prompt
from tests.contract.rig import until
from tests.contract.rules_call import answered_call
from tests.contract.rules_message import hum_in
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


async def test_freeswitch_records_before_the_beep_is_over(rig: AsteriskRig) -> None:
    if rig.settings.pbx != "freeswitch":
        pytest.skip("Asterisk begins when the beep is over, as soon as the engine has said so")
    caller, channel = await answered_call(rig)
    assert isinstance(caller, SipCaller)
    path, second = rig.folder / "message.wav", rig.folder / "second.wav"
    most, silence, beep = timedelta(seconds=20), timedelta(seconds=1), Prompt("en/beep")
    recording = asyncio.ensure_future(
        channel.record_message(path, most=most, silence=silence, beep=beep)
    )
    await caller.hears(beep)
    caller.says(1.0)
    await recording
    assert hum_in(path) == pytest.approx(1.0, abs=0.1)
    begun = np.flatnonzero(np.abs(ears.read_wav(path)) > 500)[0] / ears.RATE
    assert begun > 0.25  # nobody was that late
    since = asyncio.get_running_loop().time()
    caller.says(0.5)  # and no beep is left over for the next one
    await channel.record_message(second, most=most, silence=silence)
    assert hum_in(second) == pytest.approx(0.5, abs=0.2)
    assert not caller.call.heard_prompt(rig.settings.prompts / f"{beep}.wav", since=since)
    await caller.hang_up()
