"""What callers spoke is kept encrypted, bound to its place, and never lost for want of a key."""

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from callcenter.demo import ears
from callcenter.demo.seed import seed
from callcenter.kernel.database import open_database
from callcenter.records.keys import KeyRing, NoKey
from callcenter.records.sounds import SpokenSounds, forget
from callcenter.records.store import save_message
from callcenter.records.survey import SurveyAnswer
from callcenter.records.survey.store import save_answer
from callcenter.records.vault import Damaged
from callcenter.settings import load
from tests.support.command import Command
from tests.support.migrated import migrated
from tests.unit.test_voices_desk import message

ONE, TWO = "2026/03/02/v-1.ccr", "2026/03/02/v-2.ccr"


@pytest.fixture
def database(tmp_path: Path) -> Engine:
    url = migrated(tmp_path / "callcenter.db")
    return open_database(url)


@pytest.fixture
def sounds(database: Engine, tmp_path: Path) -> SpokenSounds:
    return SpokenSounds(tmp_path / "voicemail", KeyRing(database, tmp_path / "master.key"))


def spoken(sounds: SpokenSounds, name: str = "v-1") -> Path:
    """As the PBX left it: silence, a second and a half of voice, silence; and the note."""
    raw = sounds.taking(name)
    raw.parent.mkdir(parents=True, exist_ok=True)
    quiet = np.zeros(ears.RATE, dtype=np.int16)
    ears.write_wav(raw, np.concatenate([quiet, ears.tone(440, 1.5), quiet]))
    raw.with_suffix(".json").write_text("{}")
    return raw


def is_the_tone(wav: bytes, folder: Path) -> bool:
    file = folder / "heard.wav"
    file.write_bytes(wav)
    return ears.has_tone(ears.read_wav(file)[2000:8000], 440)


def nothing_readable(folder: Path) -> bool:
    return not any(b"RIFF" in file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_what_is_kept_cannot_be_read_without_its_key(sounds: SpokenSounds, tmp_path: Path) -> None:
    raw = spoken(sounds)
    assert sounds.keep(raw, "acme", ONE) == pytest.approx(1.7, abs=0.05)
    forget(raw)
    assert list((sounds.folder / "taking").iterdir()) == []
    assert nothing_readable(sounds.folder)
    assert (sounds.folder / ONE).stat().st_mode & 0o777 == 0o600
    assert is_the_tone(sounds.read("acme", ONE), tmp_path)
    assert sounds.check("acme", ONE) == ("sealed", "")
    sounds.remove("acme", ONE)
    with pytest.raises(FileNotFoundError):
        sounds.read("acme", ONE)
    assert "is gone" in sounds.check("acme", ONE)[1]


def test_a_sound_in_anothers_place_does_not_open(sounds: SpokenSounds) -> None:
    for name, path in (("v-1", ONE), ("v-2", TWO)):
        sounds.keep(spoken(sounds, name), "acme", path)
    (sounds.folder / TWO).replace(sounds.folder / ONE)
    with pytest.raises(Damaged, match="was changed"):
        sounds.read("acme", ONE)
    assert "was changed" in sounds.check("acme", ONE)[1]


def test_new_keys_open_old_sounds(sounds: SpokenSounds, database: Engine, tmp_path: Path) -> None:
    sounds.keep(spoken(sounds), "acme", ONE)
    ring = KeyRing(database, tmp_path / "master.key")
    assert ring.rotate() == 1
    fresh = SpokenSounds(sounds.folder, KeyRing(database, tmp_path / "master.key"))
    fresh.keep(spoken(fresh, "v-2"), "acme", TWO)
    for path in (ONE, TWO):
        assert is_the_tone(fresh.read("acme", path), tmp_path)
    assert ring.current("acme")[0].encode() in (sounds.folder / TWO).read_bytes()[:64]
    assert ring.current("acme")[0].encode() not in (sounds.folder / ONE).read_bytes()[:64]


def test_silence_is_not_kept(sounds: SpokenSounds) -> None:
    raw = sounds.taking("v-1")
    raw.parent.mkdir(parents=True)
    ears.write_wav(raw, np.zeros(ears.RATE, dtype=np.int16))
    assert sounds.keep(raw, "acme", ONE) == 0.0
    assert sounds.keep(sounds.taking("v-9"), "acme", TWO) == 0.0
    assert not (sounds.folder / ONE).exists()


def test_what_is_no_sound_of_ours_is_kept_as_it_came(sounds: SpokenSounds) -> None:
    raw = sounds.taking("v-1")
    raw.parent.mkdir(parents=True)
    raw.write_bytes(b"OggS" + bytes(16_040))
    assert sounds.keep(raw, "acme", ONE) == pytest.approx(1.0)
    assert sounds.read("acme", ONE) == raw.read_bytes()


def test_without_a_key_a_message_waits_and_is_heard_and_sealed_later(
    sounds: SpokenSounds, database: Engine, tmp_path: Path
) -> None:
    master = tmp_path / "master.key"
    sounds.keep(spoken(sounds), "a/../b", TWO)
    away = master.read_bytes()
    master.unlink()
    waiting = SpokenSounds(sounds.folder, KeyRing(database, master))
    raw = spoken(waiting)
    assert waiting.keep(raw, "a/../b", ONE) > 1
    forget(raw)
    assert is_the_tone(waiting.read("a/../b", ONE), tmp_path)
    assert waiting.check("a/../b", ONE) == ("waiting", "")
    with pytest.raises(NoKey):
        waiting.read("a/../b", TWO)
    waiting.seal_what_waits()
    assert waiting.check("a/../b", ONE) == ("waiting", "")
    master.write_bytes(away)
    assert waiting.seal_waiting() == 1
    assert waiting.check("a/../b", ONE) == ("sealed", "")
    assert is_the_tone(waiting.read("a/../b", ONE), tmp_path)
    assert nothing_readable(waiting.folder)
    assert all(file.is_relative_to(waiting.folder) for file in waiting.folder.rglob("*"))


def test_a_plain_file_from_before_is_heard_and_removed(sounds: SpokenSounds) -> None:
    file = sounds.folder / "2025/12/24/v-0.wav"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"RIFF old")
    assert sounds.read("acme", "2025/12/24/v-0.wav") == b"RIFF old"
    assert sounds.check("acme", "2025/12/24/v-0.wav") == ("plain", "")
    sounds.remove("acme", "2025/12/24/v-0.wav")
    assert not file.exists()


def test_messages_are_checked_and_exported_by_command(tmp_path: Path) -> None:
    run = Command(home=tmp_path / "home", extra={})
    settings = load(home=run.home)
    seed(settings)
    database = open_database(settings.database_url)
    sounds = SpokenSounds(run.home / "voicemail", KeyRing(database, run.home / "master.key"))
    with database.begin() as connection:
        for name in ("v-1", "v-2"):
            save_message(connection, message(name, path=f"2026/03/02/{name}.ccr"))
    for name in ("v-1", "v-2"):
        sounds.keep(spoken(sounds, name), "demo", f"2026/03/02/{name}.ccr")
    told = "2 messages checked; all are what was kept, 0 unencrypted.\n"
    assert run("voicemail", "verify").out == told
    assert run("voicemail", "export", "v-1", str(tmp_path / "out.wav")).status == 0
    assert is_the_tone((tmp_path / "out.wav").read_bytes(), tmp_path)
    file = sounds.folder / TWO
    file.write_bytes(file.read_bytes()[:-1])
    ended = run("voicemail", "verify", "v-1", "v-2")
    assert (ended.status, ended.sentence) == (1, "1 of 2 messages are not what was kept.")
    assert "v-2: The sound file" in ended.out
    ended = run("voicemail", "verify", "--json")
    assert [bad["id"] for bad in json.loads(ended.out)["bad"]] == ["v-2"]
    assert "damaged" in run("voicemail", "export", "v-2", str(tmp_path / "out.wav")).sentence
    database.dispose()


def test_spoken_answers_are_checked_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Command(home=tmp_path / "home", extra={})
    settings = load(home=run.home)
    seed(settings)
    database = open_database(settings.database_url)
    sounds = SpokenSounds(run.home / "comments", KeyRing(database, run.home / "master.key"))
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with database.begin() as connection:
        for number in range(5):  # the second and the third at the same moment
            answer = SurveyAnswer(
                call="c-1",
                position=number,
                tenant="demo",
                survey="service",
                question="why",
                answer="4" if number == 3 else "",
                comment="" if number == 3 else f"2026/03/02/k-{number}.ccr",
                at=at + timedelta(minutes=0 if number == 2 else number),
            )
            save_answer(connection, answer)
    for number in (0, 1, 2, 4):
        sounds.keep(spoken(sounds, f"k-{number}"), "demo", f"2026/03/02/k-{number}.ccr")
    commands = import_module("callcenter.cli.survey")
    monkeypatch.setattr(commands, "_PAGE", 2)  # so that five are several pages
    told = "4 spoken answers checked; all are what was kept, 0 unencrypted.\n"
    assert run("survey", "verify").out == told
    assert run("survey", "verify", "--seat", "1001").out.startswith("0 spoken answers")
    assert run("survey", "comment", "c-1", "1", str(tmp_path / "out.wav")).status == 0
    assert is_the_tone((tmp_path / "out.wav").read_bytes(), tmp_path)
    (sounds.folder / "2026/03/02/k-2.ccr").unlink()
    ended = run("survey", "verify")
    assert (ended.status, ended.sentence) == (1, "1 of 4 spoken answers are not what was kept.")
    assert ended.out.startswith("c-1/2: ")
    assert ended.out.endswith("k-2.ccr is gone\n")
    ended = run("survey", "verify", "--json")
    assert [bad["id"] for bad in json.loads(ended.out)["bad"]] == ["c-1/2"]
    assert "is gone" in run("survey", "comment", "c-1", "2", "-").sentence
    database.dispose()
