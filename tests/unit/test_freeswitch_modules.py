"""A FreeSWITCH without a module: said by name when the configuration is written."""

from pathlib import Path

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import freeswitch
from callcenter.pbx.embedded import freeswitch_modules as modules
from callcenter.settings import load

TEMPLATE = (freeswitch.TEMPLATES / "freeswitch.xml").read_text()


def installed(folder: Path, *, without: str = "") -> Path:
    """A program with the modules that we load, but for one."""
    program, place = folder / "bin" / "freeswitch", folder / "lib" / "freeswitch" / "mod"
    program.parent.mkdir()
    program.touch(mode=0o755)
    place.mkdir(parents=True)
    for part in TEMPLATE.split('<load module="')[1:]:
        if (name := part.partition('"')[0]) != without:
            (place / f"{name}.so").touch()
    return program


def test_nothing_is_said_when_all_are_there(tmp_path: Path) -> None:
    program = installed(tmp_path)
    assert modules.lacks(program, TEMPLATE) == []
    assert modules.without_missing(program, TEMPLATE) == TEMPLATE


def test_what_cannot_be_done_without_one_is_said_and_it_is_not_loaded(tmp_path: Path) -> None:
    program = installed(tmp_path, without="mod_conference")
    told = modules.lacks(program, TEMPLATE)
    assert told == [f"{program} has no mod_conference: there are no conferences of several calls."]
    left = modules.without_missing(program, TEMPLATE)
    assert 'module="mod_conference"' not in left
    assert 'module="mod_loopback"' in left


def test_one_that_all_need_is_an_error(tmp_path: Path) -> None:
    program = installed(tmp_path, without="mod_sofia")
    with pytest.raises(PbxProblem, match="has no mod_sofia"):
        modules.lacks(program, TEMPLATE)


def test_a_folder_that_cannot_be_seen_is_trusted(tmp_path: Path) -> None:
    program = tmp_path / "freeswitch"
    program.touch(mode=0o755)
    settings = load(home=tmp_path, pbx="freeswitch", freeswitch=program)
    assert freeswitch.lacks(settings) == []


def test_the_configuration_does_not_load_what_is_not_there(tmp_path: Path) -> None:
    program = installed(tmp_path, without="mod_loopback")
    settings = load(home=tmp_path / "home", pbx="freeswitch", freeswitch=program)
    freeswitch.write_config(settings, [], [])
    written = (tmp_path / "home" / "pbx" / "etc" / "freeswitch.xml").read_text()
    assert "mod_loopback" not in written
    assert "mod_conference" in written
