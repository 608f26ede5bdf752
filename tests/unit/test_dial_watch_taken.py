"""A dial in which a phone takes the place of those that ring, while one of them answers."""

from datetime import UTC, datetime

from callcenter.pbx.causes import Cause
from callcenter.pbx.dial_watch import DialWatch
from callcenter.pbx.port import DialProgress, DialStatus, LegAnswered, LegId, LegRefused, LegRinging

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADA, GRACE, SPARE = LegId("pbx1/a"), LegId("pbx1/g"), LegId("pbx1/s")


def taken() -> tuple[DialWatch, list[DialProgress]]:
    """1001 and 1002 ring, and 1003 has taken the call."""
    told: list[DialProgress] = []
    watch = DialWatch(["1001", "1002"], told.append, lambda _leg: None)
    for leg, party in ((ADA, "1001"), (GRACE, "1002")):
        watch.begun(leg, party)
    for leg in (ADA, GRACE):
        watch.ringing(leg, NOW)
    assert watch.rings_at(ADA)
    watch.picked_up(ADA, SPARE, "1003", alone=True)
    return watch, told


def test_an_answer_that_was_on_its_way_is_none() -> None:
    watch, told = taken()
    watch.answered(ADA, NOW)
    watch.answered(GRACE, NOW)
    watch.answered(SPARE, NOW)
    answers = [one for one in told if isinstance(one, LegAnswered)]
    assert [(one.leg, one.party) for one in answers] == [(SPARE, "1003")]


def test_those_that_are_called_off_refuse_nothing() -> None:
    watch, told = taken()
    for leg in (ADA, GRACE):
        watch.refuses(leg, DialStatus.BUSY)
        watch.leg_ended(leg, Cause.REJECTED, NOW)
    assert not [one for one in told if isinstance(one, LegRefused)]
    assert len([one for one in told if isinstance(one, LegRinging)]) == 2


def test_what_was_taken_rings_no_more() -> None:
    watch, _ = taken()
    assert not watch.rings_at(ADA)
    assert not watch.rings_at(GRACE)
