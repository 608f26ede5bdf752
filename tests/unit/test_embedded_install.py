"""Fetching the packages when it cannot be done: one sentence each, nothing half done."""

from pathlib import Path

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import install, layout, packages
from callcenter.settings import Settings


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with nothing but the programs a test puts into this folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(layout, "on_path", layout.shutil.which)
    return folder


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def settings(tmp_path: Path) -> Settings:
    return Settings(pbx_root=tmp_path / "pbx", debian_mirror="http://127.0.0.1:9/debian")


def test_machine_that_has_all_is_left_alone(bare: Path, tmp_path: Path) -> None:
    for name in packages.PACKAGES:
        program(bare, name, "exit 0")
    install(settings(tmp_path), print)
    assert not (tmp_path / "pbx").exists()


def test_without_apt_a_person_is_told_what_to_install(bare: Path, tmp_path: Path) -> None:
    with pytest.raises(PbxProblem, match="install Asterisk 20 or newer"):
        install(settings(tmp_path), print)


def test_folder_that_cannot_be_written(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "pbx").write_text("a file stands in the way")
    with pytest.raises(PbxProblem, match="CALLCENTER_PBX_ROOT"):
        install(settings(tmp_path), print)


def test_mirror_that_does_not_answer_is_named(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(bare, "dpkg", "echo amd64")
    program(bare, "dpkg-deb", "exit 1")
    program(bare, "apt-get", "echo 'E: Failed to fetch http://127.0.0.1:9/ Refused'; exit 100")
    with pytest.raises(PbxProblem, match=r"Failed to fetch .* CALLCENTER_DEBIAN_MIRROR"):
        install(settings(tmp_path), print)
    assert not (tmp_path / "pbx" / "root").exists()


def test_archive_that_cannot_be_unpacked_leaves_no_half_tree(bare: Path, tmp_path: Path) -> None:
    program(bare, "dpkg", "echo amd64")
    program(bare, "dpkg-deb", "echo 'dpkg-deb: error: not an archive' >&2; exit 2")
    program(
        bare,
        "apt-get",
        """case "$*" in
        *print-uris*) echo "'http://127.0.0.1:9/a.deb' a.deb 7000000 SHA256:0";;
        *Status-Fd=*) fd=${*##*Status-Fd=}; echo 'dlstatus:1:57.5:a' >/dev/fd/$fd;;
        esac""",
    )
    said: list[str] = []
    with pytest.raises(PbxProblem, match="not an archive"):
        install(settings(tmp_path), said.append)
    assert "Fetching 1 packages, 7 MB ..." in said
    assert "  fetched 50 %" in said
    assert not layout.root(settings(tmp_path)).path.exists()


def test_signatures_and_the_machines_own_packages_are_respected(bare: Path, tmp_path: Path) -> None:
    program(bare, "dpkg", "echo amd64")
    program(bare, "dpkg-deb", "exit 0")
    program(bare, "apt-get", "exit 1")
    with pytest.raises(PbxProblem):
        install(settings(tmp_path), print)
    conf = (tmp_path / "pbx" / "fetch" / "apt.conf").read_text()
    assert 'APT::Get::AllowUnauthenticated "false"' in conf
    assert 'Dir::State::status "' + str(tmp_path) in conf
    assert "trusted=yes" not in (tmp_path / "pbx" / "fetch" / "sources.list").read_text()
