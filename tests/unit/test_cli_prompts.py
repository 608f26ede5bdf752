"""I4, R2: ``callcenter prompt`` and ``callcenter voicemail`` where no engine runs."""

import json
import wave
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcenter.demo import ears
from callcenter.kernel.database import open_database
from callcenter.kernel.sound import Voice
from callcenter.records import Message
from callcenter.records.store import save_message
from callcenter.settings import load
from tests.support.command import Command
from tests.support.seeded import seeded

AWAY = "No engine runs: this went to the database and counts when one is started."


@pytest.fixture
def run(tmp_path: Path) -> Command:
    made = Command(home=tmp_path / "home", extra={})
    seeded(load(home=made.home))
    return made


def test_a_prompt_is_spoken_listed_exported_and_removed(run: Command, tmp_path: Path) -> None:
    ended = run("prompt", "speak", "welcome", "Welcome to the new office.")
    assert ended.status == 0
    assert ended.sentence == AWAY
    assert "welcome in en has version 1 in force" in ended.out
    assert ended.out.endswith("number 101.\n")
    (row,) = json.loads(run("prompt", "list", "--json").out)
    assert (row["tenant"], row["origin"], row["text"]) == (
        "demo",
        "text",
        "Welcome to the new office.",
    )
    out = tmp_path / "out.wav"
    assert run("prompt", "export", "welcome", str(out)).status == 0
    with wave.open(str(out)) as file:
        assert file.getframerate() == 8000
        assert file.getnframes() / 8000 == pytest.approx(row["seconds"], abs=0.01)
    assert run("prompt", "remove", "welcome").status == 0
    assert "built-in ones" in run("prompt", "list").out


def test_versions_are_listed_and_used(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "given.wav"
    for seconds in (1.0, 2.0):
        ears.write_wav(file, ears.tone(440, seconds))
        assert run("prompt", "upload", "menu/main", str(file), "--language", "zh").status == 0
    shown = run("prompt", "list", "--all").out
    assert "1 (old)" in shown
    assert "2.0" in shown
    ended = run("prompt", "use", "menu/main", "1", "--language", "zh")
    assert "version 1 in force, 1.0 s" in ended.out
    assert "number 102" in run("prompt", "number", "closed").out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["upload", "welcome", "/no/such/file"], "cannot be read"),
        (["upload", "welcome", "/etc/hostname"], "no known kind"),
        (["upload", "../welcome", "/etc/hostname"], "cannot be the name"),
        (["speak", "welcome", "Hello", "--language", "fr"], "no prompts in 'fr'"),
        (["speak", "welcome", "Hello", "--tenant", "nobody"], "no tenant 'nobody'"),
        (["speak", "welcome", " "], "readable characters"),
        (["use", "welcome", "3"], "has no version 3 of prompt 'welcome'"),
        (["remove", "welcome"], "has no prompt 'welcome'"),
        (["export", "no-such", "/dev/null"], "has no prompt 'no-such'"),
        (["export", "welcome", "/no/such/folder/x.wav"], "cannot be written"),
        (["play-text", "Hello", "--language", "fr"], "'fr'"),
    ],
)
def test_what_goes_wrong_is_one_sentence(run: Command, words: list[str], why: str) -> None:
    ended = run("prompt", *words)
    assert ended.status in (1, 4)
    assert why in ended.sentence
    assert "built-in" in run("prompt", "list").out, "nothing is half done"


def test_a_text_can_be_tried_without_keeping_it(run: Command, tmp_path: Path) -> None:
    out = tmp_path / "try.wav"
    ended = run("prompt", "play-text", "こんにちは", "--language", "ja", "--to", str(out))
    assert ended.status == 0
    assert ears.rms(ears.read_wav(out)) > -30
    assert "built-in" in run("prompt", "list").out


def test_messages_are_listed_heard_and_removed(run: Command, tmp_path: Path) -> None:
    settings = load(home=run.home)
    database = open_database(settings.database_url)
    message = Message(
        id="v-1",
        tenant="demo",
        box="office",
        call="c-1",
        caller="+8613800000001",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        seconds=1.5,
        path="2026/03/02/v-1.wav",
    )
    with database.begin() as connection:
        save_message(connection, message)
    database.dispose()
    Voice(samples=ears.tone(440, 1.5)).save(settings.home / "voicemail" / message.path)
    assert "new" in run("voicemail", "list").out
    assert "no messages" in run("voicemail", "list", "--box", "other").out
    out = tmp_path / "message.wav"
    assert run("voicemail", "export", "v-1", "/no/such/folder/x.wav").status == 1
    assert json.loads(run("voicemail", "list", "--json").out)[0]["heard_at"] is None
    assert run("voicemail", "export", "v-1", str(out)).status == 0
    assert len(ears.read_wav(out)) == 12000
    assert json.loads(run("voicemail", "list", "--json").out)[0]["heard_at"]
    assert run("voicemail", "remove", "v-1").out == "Message v-1 is removed.\n"
    assert not (settings.home / "voicemail" / message.path).exists()
    assert "There is no voicemail message 'v-1'." in run("voicemail", "remove", "v-1").sentence
