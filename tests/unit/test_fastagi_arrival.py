"""What Asterisk says of a new channel, typed by strangers, to the port's arrival."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.pbx.asterisk.arrival import read_arrival
from callcenter.pbx.asterisk.facts import DialFacts
from callcenter.pbx.asterisk.orphans import read_orphan
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Arrival, DialResult, DialStatus, Ended, LegId, Source

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE_AGO = int((NOW - timedelta(minutes=1)).timestamp() * 1000)
FIRST = {
    "channel": "PJSIP/trunk-world-0000002a",
    "uniqueid": "1700000000.1",
    "callerid": "13800000001",
    "calleridname": "王小明",
    "callingpres": "0",
    "arg_1": "call=",
    "arg_2": "source=trunk",
    "arg_3": "dialled=4008001234",
    "arg_4": "dial=|||0||",
}


def arrival(**changed: str) -> Arrival:
    return read_arrival({**FIRST, **changed}, "pbx1", NOW)


def test_a_first_arrival() -> None:
    assert arrival() == Arrival(
        leg=LegId("pbx1/1700000000.1"),
        source=Source.TRUNK,
        caller="13800000001",
        caller_name="王小明",
        dialled="4008001234",
        endpoint="world",
    )


def test_an_extension_is_known_by_the_endpoint_it_authenticated_as() -> None:
    came = arrival(channel="PJSIP/1001-00000001", arg_2="source=extension", callerid="999")
    assert (came.source, came.endpoint) == (Source.EXTENSION, "1001")


@pytest.mark.parametrize(
    ("callerid", "presentation", "caller"),
    [
        ("+8613800000001", "0", "+8613800000001"),
        ("8+6-13 8(0)", "0", "861380"),
        ("unknown", "0", ""),
        ("Anonymous", "0", ""),
        ("13800000001", "32", ""),
        ("13800000001", "35", ""),
        ("1" * 99, "0", "1" * 32),
        ("alice", "0", ""),
    ],
)
def test_a_callers_number_is_digits_or_nothing(
    callerid: str, presentation: str, caller: str
) -> None:
    assert arrival(callerid=callerid, callingpres=presentation).caller == caller


@settings(deadline=None)
@given(st.text())
def test_a_callers_name_is_short_and_without_control_characters(name: str) -> None:
    shown = arrival(calleridname=name).caller_name
    assert len(shown) <= 64
    assert shown.isprintable() or " " in shown or not shown.isascii()
    assert not any(ord(one) < 32 for one in shown)


def test_a_channel_that_comes_back_tells_its_call_and_how_its_dial_ended() -> None:
    facts = f"ANSWER|1700000000.2|{MINUTE_AGO}|16|{MINUTE_AGO + 45_000}|1"
    came = arrival(arg_1="call=call-1", arg_4=f"dial={facts}")
    assert came.call == "call-1"
    assert came.last_dial == DialResult(
        status=DialStatus.ANSWER,
        leg=LegId("pbx1/1700000000.2"),
        answered_at=NOW - timedelta(minutes=1),
        talk=timedelta(seconds=45),
    )


def test_a_dial_reported_before_is_not_reported_again() -> None:
    facts = f"ANSWER|1700000000.2|{MINUTE_AGO}|16||"
    assert arrival(arg_1="call=call-1", arg_4=f"dial={facts}").last_dial is None


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ("BUSY|||17||1", DialStatus.BUSY),
        ("NOANSWER|1.2||19||1", DialStatus.NO_ANSWER),
        ("CHANUNAVAIL|||20||1", DialStatus.UNREACHABLE),
        ("CHANUNAVAIL|1.2||21||1", DialStatus.BUSY),
        ("CHANUNAVAIL|1.2||19||1", DialStatus.NO_ANSWER),
        ("CONGESTION|||34||1", DialStatus.CONGESTION),
        ("CANCEL|1.2||0||1", DialStatus.CANCELLED),
        ("DONTCALL|||0||1", DialStatus.CONGESTION),
        ("|||||1", DialStatus.CONGESTION),
    ],
)
def test_how_dials_end(facts: str, status: DialStatus) -> None:
    result = DialFacts.parse(facts).result("pbx1", NOW)
    assert (result.status, result.answered_at, result.talk) == (status, None, None)


def test_an_answer_without_its_time_is_a_talk_of_no_length() -> None:
    result = DialFacts.parse("ANSWER|1.2||16||1").result("pbx1", NOW)
    assert (result.answered_at, result.talk) == (NOW, timedelta())


@settings(deadline=None)
@given(st.text())
def test_facts_are_read_whatever_they_are(text: str) -> None:
    DialFacts.parse(text).result("pbx1", NOW)


def test_a_note_of_an_ended_call() -> None:
    note = f"{MINUTE_AGO}||||0|{MINUTE_AGO}|"
    assert read_orphan("/cc-ended/call-1", note, "pbx1") == (
        "call-1",
        Ended(cause=Cause.NORMAL, at=NOW - timedelta(minutes=1)),
    )


def test_a_note_of_a_call_that_ended_in_a_talk() -> None:
    note = f"{MINUTE_AGO}|ANSWER|1.2|{MINUTE_AGO - 9000}|16|{MINUTE_AGO}|1"
    _, ended = read_orphan("/cc-ended/call-1", note, "pbx1")
    assert ended.dial is not None
    assert ended.dial.talk == timedelta(seconds=9)


@settings(deadline=None)
@given(st.text(), st.text())
def test_a_damaged_note_is_read_as_far_as_it_goes(key: str, note: str) -> None:
    read_orphan(key, note, "pbx1")
