"""What is said to a PBX and what strangers typed: one home for every adapter."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import checked, typed
from callcenter.pbx.freeswitch.dialstring import bridge_string
from callcenter.pbx.port import Dial, LegId, Outside, Prompt, Source
from callcenter.pbx.sounds import Sounds

RING = timedelta(seconds=1.2)
SIGNS = "&/,@${}\n'\"; "


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize(
    "check",
    [
        checked.call_name,
        checked.music_name,
        checked.word,
        checked.room,
        lambda one: checked.extension(one, "it was not dialled"),
        lambda one: checked.party(Outside(number=one, trunk="world")),
        lambda one: checked.party(Outside(number="1", trunk=one)),
        lambda one: checked.local_name(LegId(f"pbx1/{one}"), "pbx1"),
    ],
)
def test_signs_of_a_pbx_are_refused(check: Callable[[str], object], sign: str) -> None:
    check("1")
    for text in (f"1{sign}", f"1{sign}2", sign, ""):
        with pytest.raises(PbxProblem):
            check(text)


def test_a_trunk_is_no_phone_and_another_nodes_leg_is_not_ours() -> None:
    with pytest.raises(PbxProblem, match=r"no extension; it was not dialled\."):
        checked.party("trunk-world")
    with pytest.raises(PbxProblem, match="pbx1"):
        checked.local_name(LegId("pbx2/1.1"), "pbx1")


def test_a_file_name_must_not_end_an_argument() -> None:
    plain = Path("/var/call center/1.wav")
    assert checked.plain_path(plain) == plain
    for path, refused in ((plain, " !"), (Path("/a/b,c.wav"), ""), (Path("a.wav"), "")):
        with pytest.raises(PbxProblem):
            checked.plain_path(path, refused=refused)


def test_what_strangers_typed_is_bounded() -> None:
    assert typed.caller_number("+86 138-0000+1", hidden=False) == "+8613800001"
    assert typed.caller_number("138", hidden=True) == typed.caller_number("Anonymous", hidden=False)
    assert typed.caller_name("  王\r\n小明\x00 ") == "王小明"
    assert len(typed.caller_name("x" * 100)) == 64
    assert typed.dialled("*11;ext=1") == "*11ext1"
    assert typed.source("somewhere") is Source.TRUNK
    assert typed.text("a\nb\x07" + "c" * 3000) == "a\nb" + "c" * 1997


def test_a_tenants_own_prompts_are_in_a_folder_of_their_own() -> None:
    sounds = Sounds(Path("/ours"), Path("/theirs"))
    assert sounds.file(Prompt("en/welcome")) == "/ours/en/welcome.wav"
    own = Prompt("en/tenant/acme/welcome/3")
    assert sounds.file(own) == f"/theirs/{own}.wav"
    sounds.find = lambda _: own
    assert sounds.path(Prompt("en/welcome")) == f"/theirs/{own}"
    sounds.find = lambda prompt: Prompt(f"../{prompt}")
    assert sounds.file(Prompt("en/welcome")) == ""


def test_each_leg_of_a_bridge_has_a_name_and_a_limit() -> None:
    dial = Dial(extension="1001", parties=(Outside(number="+86", trunk="world"),), ring=RING)
    told = bridge_string(dial, owner="u-1", call="c-1", path=str)
    assert "cc_owner=u-1" in told
    assert "[cc_party=1001,leg_timeout=2," in told
    assert told.endswith("sofia/gateway/trunk-world/+86")
