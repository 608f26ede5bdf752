"""What goes into Asterisk's files: filled templates, private files, nothing that injects."""

import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.kernel.errors import BadSettings, PbxProblem
from callcenter.pbx.embedded import SipAccount, SipTrunk, layout, ports, templates
from callcenter.pbx.embedded.config import _phone, _trunk, _values
from callcenter.pbx.embedded.layout import TEMPLATES
from callcenter.settings import Settings


def test_dialplan_variables_are_left_alone() -> None:
    text = "AGI(agi://127.0.0.1:@{port}/x,${CC_CALL},a@b)"
    assert templates.fill(text, {"port": 4573}, where="x.conf") == (
        "AGI(agi://127.0.0.1:4573/x,${CC_CALL},a@b)"
    )


def test_unknown_place_in_a_template_is_named() -> None:
    with pytest.raises(PbxProblem, match=r"x\.conf asks for @\{prot\}"):
        templates.fill("port = @{prot}", {"port": 1}, where="x.conf")


def test_written_file_is_private_and_whole(tmp_path: Path) -> None:
    file = tmp_path / "pjsip.conf"
    file.write_text("old")
    file.chmod(0o644)
    templates.write(file, "new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_agi_script_starts_from_a_folder_with_blanks(tmp_path: Path) -> None:
    script = tmp_path / "hello.py"
    script.write_text("import sys\nprint('hello', *sys.argv[1:])\n")
    folder = tmp_path / "agi 'bin"
    folder.mkdir()
    templates.install_agi(script, folder)
    answer = subprocess.check_output([folder / "hello.py", "a b"], text=True)
    assert answer == "hello a b\n"


@pytest.mark.parametrize("extension", ["1", "1001\n", "10 01", "10]", "abc", "", "1" * 11, "一二"])
def test_extension_must_be_digits(extension: str) -> None:
    with pytest.raises(BadSettings, match="extension"):
        SipAccount(extension=extension, secret="long-enough-1")


@pytest.mark.parametrize(
    "secret", ["short", "with blank in it", "semi;colon;;", "line\nbreak-1", "密码密码密码密码", ""]
)
def test_password_that_would_break_the_file_is_refused(secret: str) -> None:
    with pytest.raises(BadSettings, match="password of extension 1001"):
        SipAccount(extension="1001", secret=secret)


@pytest.mark.parametrize(
    "name", ['a"b', "a\nb", "a\r\n[x]", "a;b", "<1>", "[x]", "a\u2028b", "x" * 81]
)
def test_name_that_would_break_the_file_is_refused(name: str) -> None:
    with pytest.raises(BadSettings, match="name of extension 1001"):
        SipAccount(extension="1001", secret="long-enough-1", name=name)


@pytest.mark.parametrize(
    ("name", "match"), [("de mo", "127.0.0.3"), ("demo]", "127.0.0.3"), ("demo", "1.2.3.4\n[x]")]
)
def test_trunk_that_would_break_the_file_is_refused(name: str, match: str) -> None:
    with pytest.raises(BadSettings, match="trunk"):
        SipTrunk(name=name, match=match)


@given(st.text(max_size=90), st.text(min_size=8, max_size=80), st.text(max_size=8))
def test_whatever_is_accepted_adds_no_section_and_no_line(
    name: str, secret: str, extension: str
) -> None:
    try:
        account = SipAccount(extension=extension or "1001", secret=secret, name=name)
    except BadSettings:
        account = SipAccount(extension="1001", secret="long-enough-1", name="张三")
    lines = _phone(account).splitlines()
    assert [line[0] for line in lines if line] == list("[aamc[up[m")
    assert all(line.count("]") <= 1 and ";" not in line for line in lines)


def test_trunk_block() -> None:
    assert "[trunk-demo](line)" in _trunk(SipTrunk(name="demo", match="127.0.0.3"))
    assert "match = 127.0.0.3\n" in _trunk(SipTrunk(name="demo", match="127.0.0.3"))


def test_no_template_holds_a_secret_or_listens_beyond_loopback() -> None:
    for file in TEMPLATES.glob("*.conf"):
        text = file.read_text(encoding="utf-8")
        for line in text.splitlines():
            key, _, value = (part.strip() for part in line.partition("="))
            if key in {"secret", "password"}:
                assert value.startswith("@{"), file
            if key in {"bind", "bindaddr"}:
                assert value.startswith("127.0.0.1"), file


@pytest.mark.parametrize("name", ["a;b", "a,b", "a|b", "a\nb"])
def test_folder_that_would_break_the_files_is_refused(name: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / name)
    with pytest.raises(PbxProblem, match="must not hold"):
        _values(settings, ports.new_state())


def test_folder_that_would_break_the_library_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PbxProblem, match="must not hold a ':'"):
        layout.tool(Settings(pbx_root=tmp_path / "a:b"), "asterisk")
