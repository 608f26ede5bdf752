"""Which rule decides, and that a percentage is one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.records.rules import (
    Direction,
    RecordingRule,
    TalkFacts,
    decide_recording,
    draw,
    fits,
)

FACTS = TalkFacts(
    call="c-1",
    tenant="acme",
    direction=Direction.INBOUND,
    number="400",
    queue="sales",
    seat="1001",
)
SCOPES = (
    {"seat": "1001"},
    {"queue": "sales"},
    {"number": "400"},
    {"direction": Direction.INBOUND},
    {"tenant": "acme"},
    {},
)
SCALE = [RecordingRule(name=f"r{place}", **scope) for place, scope in enumerate(SCOPES)]  # type: ignore[arg-type]


@pytest.mark.parametrize("place", range(len(SCALE)))
def test_the_more_specific_rule_decides(place: int) -> None:
    for wanted in (True, False):
        told = replace(SCALE[place], percentage=100 if wanted else 0)
        rest = [replace(rule, percentage=0 if wanted else 100) for rule in SCALE[place + 1 :]]
        decision = decide_recording([*rest, told], FACTS)
        assert (decision.rule, decision.wanted) == (told.name, wanted)


def test_never_beats_whatever_is_more_specific() -> None:
    never = replace(SCALE[-1], never=True)
    decision = decide_recording([*SCALE[:-1], never], FACTS)
    assert (decision.rule, decision.wanted, decision.never) == ("r5", False, True)


def test_without_a_rule_the_queue_decides() -> None:
    other = RecordingRule(name="x", tenant="other")
    assert decide_recording([other], FACTS).wanted
    assert not decide_recording([other], FACTS, usual=False).wanted


@given(st.text(min_size=1, max_size=20))
def test_a_draw_is_always_the_same_and_within_bounds(call: str) -> None:
    assert draw(call) == draw(call)
    assert 0 <= draw(call) < 100


def test_a_percentage_is_kept_and_more_includes_less() -> None:
    calls = [f"c-{number}" for number in range(4000)]

    def recorded(percentage: float) -> set[str]:
        rule = RecordingRule(name="some", percentage=percentage)
        return {c for c in calls if decide_recording([rule], replace(FACTS, call=c)).wanted}

    assert len(recorded(25)) == pytest.approx(1000, abs=100)
    assert recorded(0) == set()
    assert recorded(25) < recorded(50) < recorded(100) == set(calls)
    why = decide_recording([RecordingRule(name="some", percentage=25)], FACTS).why
    assert why == f"rule some (everything): 25 %, drawn {draw('c-1'):.2f}"


def test_a_rule_fits_only_what_it_names() -> None:
    for rule in SCALE:
        assert fits(rule, FACTS)
    stranger = TalkFacts(call="c", tenant="t", direction=Direction.INSIDE)
    assert [rule.name for rule in SCALE if fits(rule, stranger)] == ["r5"]
