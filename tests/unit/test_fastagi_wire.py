"""Lines of AGI: what is sent can hold no second command, what comes is taken apart exactly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk.agi_wire import (
    HANGUP,
    Reply,
    ReplyParser,
    arguments,
    command_line,
    parse_environment,
)


def answer(*lines: str) -> list[object]:
    parser = ReplyParser()
    return [told for told in (parser.feed(line) for line in lines) if told is not None]


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("200 result=0", Reply(code=200, result="0")),
        ("200 result=-1", Reply(code=200, result="-1")),
        ("200 result=1 (a (b) c)", Reply(code=200, result="1", data="a (b) c")),
        ("200 result=1 ()", Reply(code=200, result="1")),
        ("200 result=50 endpos=8000", Reply(code=200, result="50", text=" endpos=8000")),
        ("200 result= (timeout)", Reply(code=200, result="", data="timeout")),
        (
            "511 result=-1 Command Not Permitted on a dead channel",
            Reply(code=511, result="-1", text=" Command Not Permitted on a dead channel"),
        ),
        ("510 Invalid or unknown command", Reply(code=510, text="Invalid or unknown command")),
    ],
)
def test_answers(line: str, reply: Reply) -> None:
    assert answer(line) == [reply]


def test_a_pressed_key_is_its_ascii_code() -> None:
    keys = [Reply(code=200, result=result).key for result in ("49", "35", "42", "0", "-1", "")]
    assert keys == ["1", "#", "*", "", "", ""]


def test_a_usage_error_of_many_lines_is_one_answer() -> None:
    told = answer(
        "520-Invalid command syntax.  Proper usage follows:",
        " Usage: ANSWER",
        "200 result=0",
        "520 End of proper usage.",
        "200 result=7",
    )
    assert [reply.code for reply in told if isinstance(reply, Reply)] == [520, 200]


def test_hangup_is_never_an_answer_not_even_within_one() -> None:
    assert answer("HANGUP") == [HANGUP]
    assert answer("520-Usage", "HANGUP", "520 End")[0] is HANGUP


def test_noise_is_no_answer() -> None:
    assert answer("", "hello", "99 result=1", "100 result=0 Trying...") == []


@settings(deadline=None)
@given(st.text())
def test_whatever_comes_is_an_answer_or_nothing(line: str) -> None:
    parser = ReplyParser()
    parser.feed(line)


def test_a_line_break_in_a_value_is_refused() -> None:
    for bad in ("x\nHANGUP", "x\rHANGUP", "x\0"):
        with pytest.raises(PbxProblem, match="line break"):
            command_line(["SET VARIABLE", "name", bad])


@settings(deadline=None)
@given(st.lists(st.text(max_size=50), max_size=3))
def test_a_command_is_one_line(words: list[str]) -> None:
    try:
        line = command_line(["VERBOSE", *words])
    except PbxProblem:
        return
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


def test_words_are_quoted() -> None:
    assert (
        command_line(["EXEC", "Dial", 'a "b" \\c 王'])
        == 'EXEC "Dial" "a \\"b\\" \\\\c 王"\n'.encode()
    )


def test_a_command_longer_than_asterisk_reads_is_refused() -> None:
    with pytest.raises(PbxProblem, match="too long"):
        command_line(["SET VARIABLE", "x", "y" * 3000])


def test_the_opening_block() -> None:
    given_lines = ["agi_request: agi://h/k", "agi_arg_1: call=c-1", "agi_arg_2: x", "agi_empty: "]
    environment = parse_environment(given_lines)
    assert environment == {
        "request": "agi://h/k",
        "arg_1": "call=c-1",
        "arg_2": "x",
        "empty": "",
    }
    assert arguments(environment) == {"call": "c-1"}


def test_a_line_smuggled_in_with_the_callers_name_changes_nothing() -> None:
    environment = parse_environment(
        [
            "agi_uniqueid: 1.1",
            "agi_calleridname: evil",
            "agi_uniqueid: 2.2",
            "agi_arg_1: call=stolen",
            "agi_arg_1: call=",
        ]
    )
    assert environment["uniqueid"] == "1.1"
    assert environment["arg_1"] == "call="


@pytest.mark.parametrize("line", ["GET / HTTP/1.1", "agi_nothing", "x_agi: 1", "\x00\x01"])
def test_something_else_is_no_opening_block(line: str) -> None:
    with pytest.raises(ValueError, match="AGI"):
        parse_environment([line])
