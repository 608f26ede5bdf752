"""Settings: where they come from, which wins, and one sentence for each mistake."""

import os
from pathlib import Path

import pytest

from callcenter.kernel.errors import BadSettings
from callcenter.settings import PROJECT, load


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CALLCENTER_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("callcenter.settings.PROJECT", tmp_path)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "mine.toml"
    monkeypatch.setenv("CALLCENTER_SETTINGS", str(file))
    return file


def test_without_anything_it_works_in_the_checkout() -> None:
    settings = load()
    assert settings.home == PROJECT / "var"
    assert settings.pbx_root == PROJECT / ".pbx"
    assert settings.socket == PROJECT / "var" / "engine.sock"
    assert settings.database_url == f"sqlite:///{PROJECT}/var/callcenter.db"
    assert settings.asterisk is None


def test_the_file_beside_the_project_is_found(tmp_path: Path) -> None:
    (tmp_path / "callcenter.toml").write_text("log_level = 'debug'")
    assert load().log_level == "debug"


def test_a_variable_beats_the_file_and_an_argument_beats_both(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("log_level = 'debug'\nhome = '/from/file'")
    monkeypatch.setenv("CALLCENTER_LOG_LEVEL", "error")
    assert (load().log_level, load().home) == ("error", Path("/from/file"))
    assert load(log_level="warning").log_level == "warning"


def test_home_takes_everything_along(file: Path) -> None:
    file.write_text("home = '/srv/cc'")
    settings = load()
    assert settings.journal == Path("/srv/cc/journal")
    assert settings.recordings == Path("/srv/cc/recordings")
    assert settings.database_url == "sqlite:////srv/cc/callcenter.db"


def test_paths_may_be_relative_or_begin_with_a_home(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("home = 'here'\nprompts = '~/spoken'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ann")
    assert load().home == tmp_path / "here"
    assert load().prompts == Path("/home/ann/spoken")


def test_an_asterisk_of_ones_own(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[asterisk]\nami_secret = 'hushhush'\nfastagi_key = 'geheim'\n")
    monkeypatch.setenv("CALLCENTER_ASTERISK__AMI_PORT", "6038")
    settings = load()
    assert settings.asterisk is not None
    assert settings.asterisk.ami_port == 6038
    assert settings.asterisk.ami_secret.get_secret_value() == "hushhush"
    assert "hushhush" not in repr(settings)
    assert "geheim" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("home = ", "is not valid TOML"),
        ("home = '/a'\nhome = '/b'", "is not valid TOML"),
        ("hoem = '/a'", "'hoem'"),
        ("home = 3", "'home'"),
        ("log_level = 'loud'", "'debug', 'info', 'warning' or 'error'"),
        ("pbx = 'yate'", "'pbx'"),
        ("home = '~nosuchuser/cc'", "names a user that does not exist"),
        ("asterisk = 1", "'asterisk'"),
        ("[asterisk]\nfastagi_key = 'k'", "'asterisk.ami_secret'"),
        ("[asterisk]\nami_secret = 's'\nfastagi_key = 'k'\nami_port = 70000", "ami_port"),
        ("[asterisk]\nami_secret = 's'\nfastagi_key = 'k'\nhost = 'x'", "'asterisk.host'"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(file: Path, text: str, words: str) -> None:
    file.write_text(text)
    with pytest.raises(BadSettings) as told:
        load()
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_a_mistake_never_shows_a_secret(file: Path) -> None:
    file.write_text("[asterisk]\nami_secret = ['hushhush']\nfastagi_key = {hushhush = 1}\n")
    with pytest.raises(BadSettings) as told:
        load()
    assert "hushhush" not in str(told.value)


def test_a_file_that_is_no_text(file: Path) -> None:
    file.write_bytes(b"home = '\xff\xfe'")
    with pytest.raises(BadSettings, match="cannot be read"):
        load()


def test_a_file_that_was_named_must_be_there(file: Path) -> None:
    with pytest.raises(BadSettings, match=f"{file} does not exist; check CALLCENTER_SETTINGS"):
        load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLCENTER_LOG_LEVEL", "loud"),
        ("CALLCENTER_ASTERISK", "{no json"),
        ("CALLCENTER_ASTERISK__AMI_PORT", "x"),
        ("CALLCENTER_ASTERISK__NOPE", "1"),
    ],
)
def test_a_mistake_in_a_variable_is_one_sentence(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as told:
        load()
    assert "\n" not in str(told.value)
