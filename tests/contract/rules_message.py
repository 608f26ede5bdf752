"""The contract, fourth part: what a caller says is recorded; prompts are looked up."""

import asyncio
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from callcenter.kernel import sound
from callcenter.pbx.port import Hangup, Prompt, Recorded
from tests.contract.rig import Rig, rule, soon
from tests.contract.rules_call import GOODBYE, WELCOME, answered_call

MOST = timedelta(seconds=20)
SILENCE = timedelta(seconds=2)
BEEP = Prompt("en/beep")


def hum_in(path: Path) -> float:
    """Seconds of a hum of 440 Hz in a file; nothing else may be heard in it."""
    samples = sound.read(path).astype(np.float64)
    frames = samples[: len(samples) // 400 * 400].reshape(-1, 400)
    loud = frames[np.sqrt(np.mean(np.square(frames), axis=1)) > 500]
    waves = np.abs(np.fft.rfft(loud, axis=1))
    assert np.all(np.argmax(waves, axis=1) == 22)  # of 20 Hz each
    return len(loud) / 20


@rule
async def a_message_ends_with_a_key_which_is_told(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    path = rig.folder / "message.wav"
    caller.says(1.5)
    recording = asyncio.ensure_future(
        channel.record_message(path, most=MOST, silence=SILENCE, stop_on="#")
    )
    await asyncio.sleep(1.0)
    await caller.press("1")  # not one that ends it
    await asyncio.sleep(1.2)
    await caller.press("#")
    done = await soon(recording, 3)
    assert isinstance(done, Recorded)
    assert done.key == "#"
    assert done.seconds == pytest.approx(2.4, abs=0.5)
    assert hum_in(path) == pytest.approx(1.5, abs=0.4)
    assert await channel.play([GOODBYE]) == ""
    await caller.hears(GOODBYE)
    await caller.hang_up()


@rule
async def a_message_ends_with_silence_or_when_it_is_too_long(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    path = rig.folder / "message.wav"
    caller.says(1.0)
    done = await soon(channel.record_message(path, most=MOST, silence=SILENCE), 8)
    assert isinstance(done, Recorded)
    assert (done.key, done.seconds) == ("", pytest.approx(3.0, abs=1.0))
    caller.says(9.0)
    done = await soon(channel.record_message(path, most=timedelta(seconds=1.5), silence=SILENCE), 4)
    assert isinstance(done, Recorded)
    assert (done.key, done.seconds) == ("", pytest.approx(1.5, abs=0.3))
    assert hum_in(path) == pytest.approx(1.5, abs=0.3)
    await caller.hang_up()


@rule
async def what_is_said_after_the_beep_is_in_the_message(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    path = rig.folder / "message.wav"
    recording = asyncio.ensure_future(
        channel.record_message(path, most=MOST, silence=SILENCE, beep=BEEP)
    )
    await caller.hears(BEEP)
    caller.says(1.0)
    assert isinstance(await soon(recording, 6), Recorded)
    assert hum_in(path) == pytest.approx(1.0, abs=0.3)
    await caller.hang_up()


@rule
async def a_caller_who_hangs_up_has_left_a_message(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    path = rig.folder / "message.wav"
    caller.says(9.0)
    recording = asyncio.ensure_future(channel.record_message(path, most=MOST, silence=SILENCE))
    await asyncio.sleep(1.5)
    await caller.hang_up()
    with pytest.raises(Hangup):
        await soon(recording, 3)
    assert hum_in(path) == pytest.approx(1.5, abs=0.5)


@rule
async def a_message_that_is_called_off_makes_way(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    caller.says(9.0)
    path = rig.folder / "message.wav"
    recording = asyncio.ensure_future(channel.record_message(path, most=MOST, silence=SILENCE))
    await asyncio.sleep(1.0)
    recording.cancel()
    await asyncio.wait([recording], timeout=3)
    assert recording.cancelled()
    await soon(channel.play([GOODBYE]), 4)
    await caller.hears(GOODBYE)
    await caller.hang_up()


@rule
async def prompts_are_looked_up_before_they_are_played(rig: Rig) -> None:
    caller, channel = await answered_call(rig)
    channel.use_prompts(lambda prompt: GOODBYE if prompt == Prompt("en/no-such") else prompt)
    await channel.play([Prompt("en/no-such")])
    await caller.hears(GOODBYE)
    await channel.play([WELCOME])
    await caller.hears(WELCOME)
    await caller.hang_up()
