"""Blocks and commands of the event socket: no value can be a line of its own, in or out."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.freeswitch.esl_wire import (
    EslEvent,
    execute,
    line,
    parse_block,
    parse_event,
    send_event,
)
from tests.support.esl import encoded

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_a_line_break_encoded_in_a_callers_name_is_no_header() -> None:
    name = "evil\nvariable_cc_door: key\nUnique-ID: another"
    told = parse_block(encoded({"Unique-ID": "1", "Caller-Caller-ID-Name": name}))
    assert told == {"Unique-ID": "1", "Caller-Caller-ID-Name": name}


@settings(deadline=None)
@given(st.dictionaries(st.from_regex(r"[A-Za-z_-]{1,20}", fullmatch=True), _TEXT))
def test_every_value_comes_through_and_makes_no_header(headers: dict[str, str]) -> None:
    told = parse_block(encoded(headers))
    assert set(told) <= set(headers)
    assert {name: told[name].strip() for name in told} == {
        name: value.strip() for name, value in headers.items() if name in told
    }


@settings(deadline=None)
@given(st.text())
def test_whatever_comes_is_headers_or_nothing(text: str) -> None:
    parse_block(text)


def test_a_value_may_go_on_over_plain_lines() -> None:
    assert parse_block("A: one\ntwo%20words\n\nB: 2\n") == {"A": "one\ntwo words\n", "B": "2"}


def test_an_event_in_json() -> None:
    told = {"Event-Name": "DTMF", "DTMF-Digit": "5", "variable_cc_call": "c-1", "None": ""}
    event = parse_event(json.dumps(told))
    assert (event.name, event.get("DTMF-Digit"), event.variable("cc_call")) == ("DTMF", "5", "c-1")
    assert (event.get("None"), event.variable("nothing")) == ("", "")


def test_a_custom_event_goes_by_its_subclass() -> None:
    told = {"Event-Name": "CUSTOM", "Event-Subclass": "sofia::register"}
    assert parse_event(json.dumps(told)).name == "sofia::register"


def test_of_a_header_that_comes_twice_the_last_counts() -> None:
    assert parse_event('{"Event-Name": "X", "A": ["1", "2"]}') == EslEvent(
        name="X", headers={"Event-Name": "X", "A": "2"}
    )


@pytest.mark.parametrize("body", ["", "{", "[]", '{"A": 1}', '"x"', '{"A": {"B": "c"}}'])
def test_what_is_no_event_is_refused_in_a_sentence(body: str) -> None:
    with pytest.raises(PbxProblem, match=r"^FreeSWITCH sent an event that is none: .*\.$"):
        parse_event(body)


@pytest.mark.parametrize("bad", ["x\nexit", "x\rexit", "x\0", "x\n\nexit\n\n"])
def test_a_line_break_in_a_value_is_no_second_command(bad: str) -> None:
    for made in (
        lambda: line("api", "uuid_kill", bad),
        lambda: execute(bad),
        lambda: execute("playback", bad),
        lambda: execute("playback", "x", name=bad),
        lambda: send_event(bad, {}),
        lambda: send_event("X", {"to": bad}),
        lambda: send_event("X", {bad: "to"}),
    ):
        with pytest.raises(PbxProblem, match="line break"):
            made()


def test_an_application_is_run_with_its_argument_and_its_name() -> None:
    assert execute("playback", "/x/王.wav", name="n-1").split("\n") == [
        "sendmsg",
        "call-command: execute",
        "execute-app-name: playback",
        "execute-app-arg: /x/王.wav",
        "Event-UUID: n-1",
    ]


def test_a_body_has_its_length_in_bytes_and_may_have_lines() -> None:
    made = send_event("SEND_MESSAGE", {"to": "1001@x"}, "王\n\nexit")
    head, _, body = made.partition("\n\n")
    assert head.split("\n") == ["sendevent SEND_MESSAGE", "to: 1001@x", "content-length: 9"]
    assert body == "王\n\nexit"
