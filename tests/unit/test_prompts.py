"""I4: tenants' own prompts: uploads of any kind, versions, numbers; bad files in one sentence."""

import shutil
import struct
import subprocess
import wave
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import Engine, select

from callcenter.demo import ears
from callcenter.ivr import upload
from callcenter.ivr.prompt_store import PromptStore, load_prompts, prompt_versions
from callcenter.ivr.prompts import BadPrompt, Origin, PromptBook, check_place
from callcenter.kernel import sound
from callcenter.kernel.database import open_database
from callcenter.kernel.errors import NotFound
from callcenter.kernel.sound import Voice
from callcenter.numbers import Tenant, save_tenant
from callcenter.pbx import embedded
from callcenter.pbx.port import Prompt
from callcenter.services.prompts import PromptDesk, Sounds
from callcenter.settings import load
from tests.support.migrated import migrated

NOW = datetime(2026, 3, 2, tzinfo=UTC)
WELCOME = Prompt("en/welcome")


@pytest.fixture(scope="module")
def sox() -> list[str]:
    return embedded.tool(load(), "sox")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    url = migrated(tmp_path / "callcenter.db")
    made = open_database(url)
    with made.begin() as connection:
        save_tenant(connection, Tenant(id="acme", name="Acme", language="zh"))
    yield made
    made.dispose()


@pytest.fixture
def store(database: Engine, tmp_path: Path) -> PromptStore:
    return PromptStore(database, tmp_path / "prompts")


@pytest.fixture
def desk(database: Engine, tmp_path: Path) -> PromptDesk:
    settings = load()
    sounds = Sounds(built_in=tmp_path / "audio", program=lambda name: embedded.tool(settings, name))
    return PromptDesk(database, tmp_path / "prompts", sounds)


def hum(seconds: float = 1.0, dbfs: float = -15.0) -> Voice:
    return Voice(samples=ears.tone(440, seconds, dbfs=dbfs))


def keep(store: PromptStore, voice: Voice | None = None, tenant: str = "acme") -> None:
    store.keep(tenant, "welcome", "en", voice or hum(), origin=Origin.PHONE, by="seat 1001", at=NOW)


def book(database: Engine) -> PromptBook:
    with database.connect() as connection:
        return load_prompts(connection)


# -- sounds -----------------------------------------------------------------------------------


def test_a_voice_is_trimmed_and_levelled() -> None:
    quiet = np.zeros(8000, dtype=np.int16)
    spoken = ears.tone(440, 1.0, dbfs=-28)
    voice = sound.cleaned(np.concatenate([quiet, spoken, quiet, quiet]))
    assert voice is not None
    assert voice.seconds == pytest.approx(1.2, abs=0.05)
    assert max(abs(voice.samples.astype(int))) == pytest.approx(23197, abs=20)  # -3 dBFS
    hiss = np.random.default_rng(1).normal(0, 20, 16000).astype(np.int16)
    assert sound.cleaned(hiss) is None, "noise is not made a voice"
    assert sound.cleaned(quiet[:0]) is None


def test_a_file_whose_header_was_never_finished_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    whole = hum().wav()
    path.write_bytes(whole[:40] + struct.pack("<I", 0) + whole[44:-1001])
    assert len(sound.read(path)) == 8000 - 501
    for bad in (b"", b"RIFF", whole[:30], whole[:24] + struct.pack("<I", 44100) + whole[28:]):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match="8 kHz"):
            sound.read(path)


def a_file(tmp_path: Path, kind: str, sox: list[str], *effects: str) -> bytes:
    path = tmp_path / f"given.{kind}"
    tone = ["synth", "2", "sine", "440", "gain", "-12"]
    subprocess.run([*sox, "-n", "-r", "44100", "-c", "2", str(path), *tone, *effects], check=True)
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["wav", "mp3", "ogg", "flac", "aiff", "au", "voc"])
def test_any_kind_becomes_telephone_sound(tmp_path: Path, kind: str, sox: list[str]) -> None:
    voice = upload.convert(a_file(tmp_path, kind, sox), sox=sox)
    assert voice.seconds == pytest.approx(2.0, abs=0.15)
    assert ears.level(voice.samples[4000:8000], 440) == pytest.approx(-6, abs=0.6)
    voice.save(tmp_path / "kept.wav")
    with wave.open(str(tmp_path / "kept.wav")) as file:
        assert file.getparams()[:3] == (1, 2, 8000)


def test_the_name_of_a_file_says_nothing(tmp_path: Path, sox: list[str]) -> None:
    playlist = f"{tmp_path}/secret.wav\n".encode()
    for data in (playlist, b"[playlist]\nFile1=/etc/passwd\n", b"", b"\xff", b"\x00" * 100):
        with pytest.raises(BadPrompt, match="no known kind"):
            upload.convert(data, sox=sox)


def test_bad_files_are_one_sentence(tmp_path: Path, sox: list[str]) -> None:
    good = a_file(tmp_path, "flac", sox)
    wav = a_file(tmp_path, "wav", sox)
    silent = a_file(tmp_path, "wav", sox, "gain", "-90")
    long = a_file(tmp_path, "flac", sox, "repeat", "200")
    for data, why in (
        (good[:500], "no sound that can be read|Nothing can be heard"),
        (wav[:40], "no sound|Nothing"),
        (b"ID3" + b"\x07" * 4000, "no sound|Nothing"),
        (silent, "Nothing can be heard"),
        (long, "longer than 5 minutes"),
        (b"RIFF" + bytes(upload.MOST_BYTES), "larger than 20 MB"),
    ):
        with pytest.raises(BadPrompt, match=why) as refused:
            upload.convert(data, sox=sox)
        sentence = str(refused.value)
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert str(tmp_path) not in sentence
    with pytest.raises(BadPrompt, match="sox cannot be run"):
        upload.convert(good, sox=["/no/such/sox"])


@given(some.binary(max_size=200))
def test_no_bytes_do_harm(data: bytes) -> None:
    false = shutil.which("false") or "false"
    with pytest.raises(BadPrompt):
        upload.convert(data, sox=[false])


# -- versions ---------------------------------------------------------------------------------


def test_tenant_first_then_built_in(database: Engine, store: PromptStore) -> None:
    assert book(database).find("acme", WELCOME) == WELCOME
    keep(store)
    assert book(database).find("acme", WELCOME) == "en/tenant/acme/welcome/1"
    assert book(database).find("other", WELCOME) == WELCOME
    assert book(database).find("acme", Prompt("zh/welcome")) == "zh/welcome"


def test_versions_are_kept_and_can_be_put_in_force(database: Engine, store: PromptStore) -> None:
    keep(store)
    keep(store, hum(2.0))
    assert [(v.version, v.in_force, v.seconds) for v in store.versions()] == [
        (1, False, 1.0),
        (2, True, 2.0),
    ]
    store.use("acme", "welcome", "en", 1)
    assert book(database).find("acme", WELCOME) == "en/tenant/acme/welcome/1"
    assert len(sound.read(store.file(store.version("acme", "welcome", "en")))) == 8000
    assert len(sound.read(store.file(store.version("acme", "welcome", "en", 2)))) == 16000
    with pytest.raises(NotFound, match="version 3"):
        store.use("acme", "welcome", "en", 3)
    assert store.version("acme", "welcome", "en").version == 1
    keep(store)
    assert book(database).find("acme", WELCOME) == "en/tenant/acme/welcome/3"


def test_numbers_are_short_and_of_each_tenant(database: Engine, store: PromptStore) -> None:
    assert store.number("acme", "welcome") == 101
    assert store.number("acme", "closed") == 102
    assert store.number("acme", "welcome") == 101
    assert store.number("other", "closed") == 101
    found = book(database)
    assert found.name_of("acme", "102") == "closed"
    assert [found.name_of("acme", keys) for keys in ("103", "", "1*2", "²", "#")] == [""] * 5


def test_removed_the_built_in_one_is_heard_again(database: Engine, store: PromptStore) -> None:
    keep(store)
    keep(store)
    files = [store.file(version) for version in store.versions()]
    assert all(file.is_file() for file in files)
    assert store.remove("acme", "welcome") == 2
    assert book(database) == PromptBook()
    assert not any(file.exists() for file in files)
    with pytest.raises(NotFound):
        store.remove("acme", "welcome")


def test_nothing_is_half_done(
    database: Engine, store: PromptStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store)

    def full(_voice: Voice, _path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Voice, "save", full)
    with pytest.raises(OSError, match="space"):
        keep(store, hum(2.0))
    assert book(database).find("acme", WELCOME) == "en/tenant/acme/welcome/1"
    with database.connect() as connection:
        assert len(connection.execute(select(prompt_versions)).all()) == 1


@pytest.mark.parametrize(
    "place",
    [
        ("acme", "../welcome", "en"),
        ("acme", "/welcome", "en"),
        ("acme", "a//b", "en"),
        ("acme", "a/b/c/d", "en"),
        ("acme", "welcome\n", "en"),
        ("acme", "Welcome", "en"),
        ("acme", "", "en"),
        ("..", "welcome", "en"),
        ("a/b", "welcome", "en"),
        ("acme", "welcome", ".."),
        ("acme", "welcome", "fr"),
    ],
)
def test_no_name_leaves_the_folder(place: tuple[str, str, str]) -> None:
    with pytest.raises(BadPrompt):
        check_place(*place)


@given(some.text(max_size=12), some.text(max_size=12), some.text(max_size=4))
def test_names_that_pass_stay_inside(tenant: str, name: str, language: str) -> None:
    try:
        check_place(tenant, name, language)
    except BadPrompt:
        return
    inside = Path("/prompts")
    assert (inside / language / "tenant" / tenant / name).resolve().is_relative_to(inside)


# -- the desk ---------------------------------------------------------------------------------


def test_spoken_in_the_tenants_language(desk: PromptDesk) -> None:
    made = desk.speak("", "welcome", "", "您好，欢迎。", "root")
    assert (made.tenant, made.language, made.origin) == ("acme", "zh", Origin.TEXT)
    assert made.text == "您好，欢迎。"
    assert made.seconds > 0.5
    assert sound.read(desk.audio("acme", "welcome", "zh", 0)).any()


def test_the_desk_refuses_in_one_sentence(desk: PromptDesk) -> None:
    with pytest.raises(NotFound, match="no tenant 'nobody'; there are: acme"):
        desk.speak("nobody", "welcome", "en", "Hello", "root")
    for text in ("", "  ", "x" * 2001, "a\x00b"):
        with pytest.raises(BadPrompt, match="readable"):
            desk.speak("acme", "welcome", "en", text, "root")
    with pytest.raises(BadPrompt):
        desk.upload("acme", "welcome", "en", b"GIF89a", "root")
    with pytest.raises(NotFound):
        desk.audio("acme", "welcome", "en", 0)
    assert desk.versions() == []
