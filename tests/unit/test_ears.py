"""The ears of the tests: levels in figures, prompts told apart, also the nearly equal ones."""

from pathlib import Path

import numpy as np
import pytest

from callcenter.demo import ears as audio
from callcenter.demo.ears import Samples
from tests.support.phone import g711


def word(seed: int) -> Samples:
    """Something like a spoken word: 0.2-0.4 s of pulses and noise, coloured and swelling."""
    random = np.random.default_rng(seed)
    size = int(random.integers(1600, 3200))
    pitch = 110 * (1 + 0.15 * np.sin(np.linspace(0, random.uniform(1, 4), size)))
    phase = np.cumsum(2 * np.pi * pitch / audio.RATE)
    voice = sum(random.uniform(0.1, 1) * np.sin(n * phase) for n in range(1, 15))
    sound = voice + 0.5 * random.standard_normal(size)
    sound *= np.hanning(size) * 5000 / np.abs(sound).max()
    return sound.astype(np.int16)


def sentence(*seeds: int) -> Samples:
    pause = np.zeros(480, dtype=np.int16)
    return np.concatenate([part for seed in seeds for part in (word(seed), pause)])


WELCOME = sentence(1, 2, 3, 4, 5)
MENU = sentence(11, 12, 13, 14)
QUIET = np.zeros(4000, dtype=np.int16)


def line(*parts: Samples, gain: float = 1.0, noise: float = 0.0) -> Samples:
    """The parts as they come over a telephone line."""
    whole = np.concatenate(parts) * gain
    whole = whole + noise * np.random.default_rng(0).standard_normal(len(whole))
    return g711.decode(g711.encode(np.clip(whole, -32768, 32767).astype(np.int16)))


def test_levels_are_those_of_the_text_book() -> None:
    assert audio.rms(audio.tone(1000, 1, dbfs=-20)) == pytest.approx(-20, abs=0.05)
    assert audio.rms(audio.tone(1000, 1, dbfs=-3.01)) == pytest.approx(-3.01, abs=0.05)
    assert audio.rms(np.zeros(100, dtype=np.int16)) == audio.FLOOR
    assert audio.rms(np.zeros(0, dtype=np.int16)) == audio.FLOOR


def test_one_tone_is_measured_beside_another() -> None:
    both = audio.tone(440, 1, dbfs=-20) + audio.tone(1000, 1, dbfs=-30)
    assert audio.level(both, 440) == pytest.approx(-20, abs=0.1)
    assert audio.level(both, 1000) == pytest.approx(-30, abs=0.1)
    assert audio.level(both, 700) < -70
    assert audio.has_tone(both, 440)
    assert not audio.has_tone(both, 1000)  # it is there, but it is not what is heard


def test_speech_and_silence_are_no_tone() -> None:
    assert not audio.has_tone(line(WELCOME)[:1600], 440)
    assert not audio.has_tone(QUIET, 440)
    assert not audio.has_tone(audio.tone(440, 0.2, dbfs=-60), 440)


@pytest.mark.parametrize("gain", [0.1, 1.0, 3.0])
def test_a_prompt_is_found_whatever_its_gain(gain: float) -> None:
    match = audio.find(line(QUIET, MENU, QUIET, WELCOME, QUIET, gain=gain), WELCOME)
    assert match is not None
    assert match.start == pytest.approx(8000 + len(MENU), abs=80)


def test_a_prompt_is_found_on_a_noisy_line() -> None:
    assert audio.find(line(QUIET, WELCOME, QUIET, noise=60), WELCOME) is not None


@pytest.mark.parametrize(
    "other",
    [
        MENU,
        sentence(1, 2, 3, 4),  # stops before the last word
        sentence(1, 2, 3, 4, 6),  # another last word
        sentence(1, 2, 7, 4, 5),  # another word in the middle
        sentence(7, 2, 3, 4, 5),  # another first word
        sentence(5, 4, 3, 2, 1),
        WELCOME[::-1].copy(),
        audio.tone(440, 3),
        QUIET,
        np.random.default_rng(1).integers(-3000, 3000, 20000).astype(np.int16),
    ],
    ids=lambda value: f"{len(value)} samples",
)
def test_another_prompt_is_not_taken_for_it(other: Samples) -> None:
    assert audio.find(line(QUIET, other, QUIET, other, QUIET), WELCOME) is None


def test_prompts_are_listed_in_order_with_what_was_cut_short() -> None:
    library = {
        "welcome": WELCOME,
        "welcome-back": sentence(1, 2, 3, 8, 9),
        "menu": MENU,
        "goodbye": sentence(21, 22, 23),
    }
    heard = line(library["welcome-back"], QUIET, MENU[:9000], WELCOME, QUIET, MENU[:7500])
    matches = audio.prompts_in(heard, library)
    assert [(match.name, match.complete) for match in matches] == [
        ("welcome-back", True),
        ("menu", False),
        ("welcome", True),
        ("menu", False),
    ]


def test_audio_that_grows_gives_the_same_answer() -> None:
    heard = line(QUIET, MENU, WELCOME, QUIET, WELCOME)
    search, found = audio.Search(WELCOME, "welcome"), []
    for end in range(0, len(heard), 160):
        found += [(match, end) for match in search.look(heard[:end])]
    found += [(match, len(heard)) for match in search.look(heard, final=True)]
    complete = [(match, end) for match, end in found if match.complete]
    begins = [4000 + len(MENU), 8000 + len(MENU) + len(WELCOME)]
    assert [match.start for match, _ in complete] == pytest.approx(begins, abs=80)
    assert complete[0][1] - complete[0][0].end < 320  # told within 40 ms of its end


def test_a_prompt_too_short_to_recognise_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        audio.Search(QUIET, "quiet")


def test_a_piece_of_music_is_recognised_wherever_it_was_cut() -> None:
    music = sentence(*range(30, 50))
    assert audio.is_part_of(line(music[12345:20345]), music)
    assert audio.is_part_of(line(music[-3000:], music[:5000]), music)  # over the loop's seam
    assert not audio.is_part_of(line(WELCOME[:8000]), music)
    assert not audio.is_part_of(np.zeros(8000, dtype=np.int16), music)


def test_wav_files_survive_the_way_out_and_back(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "a.wav", WELCOME)
    assert (audio.read_wav(tmp_path / "a.wav") == WELCOME).all()
