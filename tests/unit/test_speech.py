"""The prompt catalogue, what is made anew, and the tune."""

import shutil
import struct
import wave
from pathlib import Path

import pytest

from callcenter.ivr import speech, tune
from callcenter.kernel.errors import BadSettings

WORDS = """
    welcome menu-main invalid-choice no-input please-wait all-seats-busy goodbye apology closed
    number-unknown agent-number agent-pin login-ok login-failed logout-ok ready-ok busy-ok
    not-logged-in prompt-line-number prompt-line-menu prompt-unknown prompt-record prompt-kept
    prompt-nothing pin-locked voicemail-greeting voicemail-kept voicemail-empty extension-busy
    last-agent member-number member-pin member-wrong pin-new pin-again
    pin-unfit pin-changed switchboard callback-number callback-confirm callback-kept
    busy-reason wrap-up-minutes wrap-up-ok disposition-code disposition-ok disposition-owed
    no-disposition wrong-code not-now nothing-to-pick-up confirm-call
    voicemail-review voicemail-new voicemail-old voicemail-menu voicemail-menu-none
    voicemail-no-more voicemail-deleted voicemail-gone voicemail-no-number
    voicemail-not-reached voicemail-to-seat voicemail-handed
    survey-friendly survey-recommend survey-comment survey-thanks
    listening-announced recording-notice recording-paused recording-resumed
"""
NEEDED = [*WORDS.split(), *(f"digits/{digit}" for digit in range(10))]


def test_catalogue_has_every_prompt_in_three_languages() -> None:
    names = {prompt.name for prompt in speech.read_catalogue()}
    assert names == {f"{language}/{name}" for language in ("en", "zh", "ja") for name in NEEDED}


def test_japanese_is_read_from_kana() -> None:
    kanji = range(0x4E00, 0x9FFF)
    for prompt in speech.read_catalogue(languages=["ja"]):
        assert not any(ord(sign) in kanji for sign in prompt.text), prompt.name


def test_missing_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "prompts.toml"
    file.write_text('[welcome]\nen = "Hello"\n')
    with pytest.raises(BadSettings, match=r"'welcome' has no text in 'zh'"):
        list(speech.read_catalogue(file, ["en", "zh"]))


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """A speaker that counts: writes its input as if it were sound."""
    fake = tmp_path / "fake"
    fake.write_text(f'#!/bin/sh\necho . >> {tmp_path}/count\nfor to; do case "$to" in *.wav) '
                    'exec cat > "$to";; esac; done\nexec cat\n')  # fmt: skip
    fake.chmod(0o755)
    return fake


def test_only_what_changed_is_spoken_again(spoken: Path, tmp_path: Path) -> None:
    folder, argv = tmp_path / "audio", [str(spoken)]
    hello = speech.Prompt(name="en/hello", voice=("-v", "x"), text="Hello")
    bye = speech.Prompt(name="en/bye", voice=("-v", "x"), text="Bye")
    assert speech.missing(folder, [hello]) == ["en/hello", "music/default/tune"]
    assert speech.make(folder, [hello, bye], espeak=argv, sox=argv) == ["en/hello", "en/bye"]
    assert speech.make(folder, [hello, bye], espeak=argv, sox=argv) == []
    assert speech.missing(folder, [hello, bye]) == []
    other = speech.Prompt(name="en/bye", voice=("-v", "x"), text="Good bye")
    (folder / "en/hello.wav").unlink()
    assert speech.make(folder, [hello, other], espeak=argv, sox=argv) == ["en/hello", "en/bye"]
    assert (folder / "en/bye.wav").read_text() == "Good bye"
    assert sorted(path.name for path in (folder / "en").iterdir()) == [
        "beep.wav",
        "bye.wav",
        "hello.wav",
    ]


def test_a_speaker_that_fails_is_one_sentence(tmp_path: Path) -> None:
    false = shutil.which("false") or "false"
    prompt = speech.Prompt(name="en/hello", voice=(), text="Hello")
    with pytest.raises(speech.SpeechProblem, match="en/hello"):
        speech.make(tmp_path, [prompt], espeak=[false], sox=[false])


def test_tune_is_soft_steady_and_always_the_same(tmp_path: Path) -> None:
    tune.write_tune(tmp_path / "tune.wav")
    with wave.open(str(tmp_path / "tune.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert file.getnframes() == 20 * 8000
        sound = file.readframes(file.getnframes())
    assert sound == tune.samples()
    levels = struct.unpack(f"<{len(sound) // 2}h", sound)
    assert max(map(abs, levels)) <= 32768 // 4
    for start in range(0, len(levels), 2000):  # a quarter of a second is never silent
        assert max(map(abs, levels[start : start + 2000])) > 500
