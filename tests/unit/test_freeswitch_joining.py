"""What FreeSWITCH tells of a phone that joins its two talks."""

from callcenter.pbx.freeswitch.esl_wire import EslEvent
from callcenter.pbx.freeswitch.joining import Joins
from callcenter.pbx.port import LegId, Transferred

TOLD = {
    "Unique-ID": "seat",
    "variable_cc_call": "call-1",
    "att_xfer_original_call_id": "caller",
    "att_xfer_destination_call_id": "colleague",
    "att_xfer_destination_peer_uuid": "question",
}


def transferor(**other: str) -> EslEvent:
    return EslEvent(name="sofia::transferor", headers=TOLD | other)


def bridge(a: str, b: str) -> EslEvent:
    headers = {"Bridge-A-Unique-ID": a, "Bridge-B-Unique-ID": b}
    return EslEvent(name="CHANNEL_BRIDGE", headers=headers)


def joins() -> Joins:
    return Joins("pbx1", {"question": "call-2"}.get)  # type: ignore[arg-type]


def test_all_four_are_named() -> None:
    told = joins().heard(transferor())
    assert told == Transferred(
        call="call-1",
        leg=LegId("pbx1/caller"),
        from_leg=LegId("pbx1/seat"),
        consultation="call-2",
        consult_leg=LegId("pbx1/question"),
        to_leg=LegId("pbx1/colleague"),
    )


def test_a_talk_that_was_none_is_not_joined() -> None:
    for missing in ("att_xfer_original_call_id", "att_xfer_destination_call_id"):
        assert joins().heard(transferor(**{missing: ""})) is None


def test_what_the_phone_leaves_is_ended_once_the_others_are_joined() -> None:
    for sides in (("caller", "colleague"), ("colleague", "caller")):
        made = joins()
        assert made.over(bridge(*sides)) is None
        made.heard(transferor())
        assert made.over(bridge("other", "another")) is None
        assert made.over(bridge(*sides)) == "pbx1/question"
        assert made.over(bridge(*sides)) is None
