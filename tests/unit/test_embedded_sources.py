"""Which mirror is asked, read from every form in which a machine may name it."""

from pathlib import Path

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import sources
from callcenter.settings import Settings

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEB822 = f"""\
# the machine's own
Types: deb
# an old snapshot
URIs: http://security.mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: {KEYRING}

Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
 contrib
Signed-By: {KEYRING}
"""


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", debian_mirror="")


def system(monkeypatch: pytest.MonkeyPatch, **release: str) -> None:
    monkeypatch.setattr(sources.platform, "freedesktop_os_release", lambda: release)


def test_debian_asks_its_own_mirror_for_sid(
    apt: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    system(monkeypatch, ID="debian", VERSION_CODENAME="bookworm")
    (apt / "sources.list.d" / "debian.sources").write_text(DEB822)
    [entry] = sources.choose(settings, apt=apt)
    assert entry.line() == f"deb [signed-by={KEYRING}] http://mirror.example/debian sid main\n"


@pytest.mark.parametrize(
    ("line", "uri"),
    [
        ("deb http://a.example/debian trixie main contrib", "http://a.example/debian"),
        (
            "deb [arch=amd64 signed-by=/k.gpg] https://b.example/d trixie main",
            "https://b.example/d",
        ),
        ("deb mirror+file:/etc/apt/mirrors/debian.list trixie main #x", "mirror+file:/etc/apt/mi"),
        ("deb http://a.example/debian stable main", "http://a.example/debian"),
    ],
)
def test_one_line_form(
    apt: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, line: str, uri: str
) -> None:
    system(monkeypatch, ID="debian", VERSION_CODENAME="trixie")
    (apt / "sources.list").write_text(f"# note\ndeb-src http://x trixie main\n{line}\n")
    [entry] = sources.choose(settings, apt=apt)
    assert entry.uri.startswith(uri)
    assert entry.suite == "sid"
    if "signed-by" in line:
        assert entry.signed_by == "/k.gpg"


def test_strangers_and_switched_off_sources_are_passed_over(
    apt: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    system(monkeypatch, ID="debian", VERSION_CODENAME="bookworm")
    (apt / "sources.list.d" / "a.list").write_text("deb https://dock.example bookworm stable\n")
    (apt / "sources.list.d" / "b.sources").write_text(
        "Enabled: no\nTypes: deb\nURIs: http://off.example\nSuites: bookworm\nComponents: main\n"
    )
    (apt / "sources.list.d" / "c.list.save").write_text("deb http://old.example bookworm main\n")
    with pytest.raises(PbxProblem, match="CALLCENTER_DEBIAN_MIRROR"):
        sources.choose(settings, apt=apt)


def test_mirror_of_the_settings_goes_first(
    apt: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    system(monkeypatch, ID="debian", VERSION_CODENAME="bookworm")
    (apt / "sources.list.d" / "debian.sources").write_text(DEB822)
    settings = Settings(home=tmp_path, debian_mirror="http://mine.example/debian")
    [entry] = sources.choose(settings, apt=apt)
    assert entry.uri == "http://mine.example/debian"


def test_ubuntu_asks_its_own_suites(
    apt: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    system(monkeypatch, ID="ubuntu", ID_LIKE="debian", VERSION_CODENAME="noble")
    (apt / "sources.list.d" / "ubuntu.sources").write_text(
        "Types: deb\nURIs: http://u.example/ubuntu\nSuites: noble noble-updates noble-backports\n"
        "Components: main universe restricted multiverse\nSigned-By: /usr/share/keyrings/u.gpg\n"
    )
    found = sources.choose(settings, apt=apt)
    assert [(entry.suite, entry.components) for entry in found] == [
        ("noble", ("main", "universe")),
        ("noble-updates", ("main", "universe")),
    ]


def test_other_systems_are_told_what_to_install(
    apt: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    system(monkeypatch, ID="fedora")
    with pytest.raises(PbxProblem, match="install Asterisk 20 or newer"):
        sources.choose(settings, apt=apt)


def test_key_written_into_the_sources_does_not_end_up_in_one_line(apt: Path) -> None:
    (apt / "sources.list.d" / "debian.sources").write_text(
        "Types: deb\nURIs: http://a.example\nSuites: trixie\nComponents: main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abcd\n"
    )
    [entry] = sources.entries(apt)
    assert entry.signed_by == ""
