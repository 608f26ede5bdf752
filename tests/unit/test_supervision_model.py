"""Which act fits which state of a call, and what is said where it does not."""

import pytest

from callcenter.calls.open_call import CallState
from callcenter.kernel.errors import CallCenterError, NotFound, Refused
from callcenter.supervision import LISTENING, Act, Listeners, Listening, why_not
from callcenter.supervision import refusals as refusals_module
from callcenter.supervision.model import POSSIBLE
from callcenter.supervision.refusals import (
    ListensAlready,
    NotOnTheLine,
    NotTalking,
    NotWaiting,
    TalksAlready,
)
from tests.support.services import NOON


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("state", list(CallState))
def test_every_act_in_every_state(act: Act, state: CallState) -> None:
    refusal = why_not(act, "c-1", state)
    assert (refusal is None) == (state in POSSIBLE[act])
    if refusal is not None:
        assert str(refusal).endswith(".")
        assert "c-1" in str(refusal)


@pytest.mark.parametrize(
    ("act", "state", "kind"),
    [
        (Act.MONITOR, CallState.WAITING, NotTalking),
        (Act.TAKEOVER, CallState.RINGING, NotTalking),
        (Act.PICKUP, CallState.TALKING, TalksAlready),
        (Act.PICKUP, CallState.IN_FLOW, NotWaiting),
        (Act.MOVE, CallState.RINGING, NotWaiting),
        (Act.HANGUP, CallState.CALLBACK, NotOnTheLine),
        (Act.MONITOR, CallState.CALLBACK, NotOnTheLine),
    ],
)
def test_the_reason_is_the_right_one(
    act: Act, state: CallState, kind: type[CallCenterError]
) -> None:
    assert isinstance(why_not(act, "c-1", state), kind)


def test_every_reason_has_a_code_of_its_own() -> None:
    kinds = [
        kind
        for kind in vars(refusals_module).values()
        if isinstance(kind, type) and issubclass(kind, (Refused, NotFound))
    ]
    own = [kind for kind in kinds if kind not in (Refused, NotFound)]
    assert len({kind.code for kind in own}) == len(own) > 9
    assert {kind.http_status for kind in own} == {404, 409}


def one(call: str, number: str = "1003") -> Listening:
    return Listening(
        call=call,
        tenant="acme",
        who=number,
        number=number,
        mode=Act.MONITOR,
        by="wang",
        since=NOON,
    )


def test_one_call_at_a_time_from_one_phone() -> None:
    book = Listeners()
    first = one("c-1")
    book.begin(first, most=1)
    with pytest.raises(ListensAlready, match="c-1 already; leave"):
        book.begin(one("c-2"), most=1)
    with pytest.raises(ListensAlready):
        book.begin(one("c-1"), most=5)
    book.begin(one("c-2"), most=2)
    book.begin(one("c-1", "1004"), most=1)
    assert [row.number for row in book.of("c-1")] == ["1003", "1004"]
    assert book.drop(first)
    assert not book.drop(first)
    assert first.mode in LISTENING
