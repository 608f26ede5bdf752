"""What holds for every CDR, whatever happened in the call: its parts add up."""

from itertools import pairwise

import pytest

from callcenter.calls.cdr import Cdr, Result
from callcenter.calls.model import QueueLeftBy

_CLOSE = 1e-6


def adds_up(cdr: Cdr) -> None:
    """Fail with the CDR shown when it does not."""
    caller, *rings = cdr.legs
    assert caller.kind == "caller", cdr
    assert (caller.talk_seconds, caller.hold_seconds) == (0.0, 0.0), cdr
    assert cdr.talk_seconds == pytest.approx(sum(leg.talk_seconds for leg in rings), abs=_CLOSE)
    assert cdr.hold_seconds == pytest.approx(sum(leg.hold_seconds for leg in rings), abs=_CLOSE)
    assert cdr.duration_seconds == (cdr.ended_at - cdr.started_at).total_seconds() >= 0, cdr
    _rings_have_an_end(cdr)
    _visits_are_apart(cdr)
    _result_fits(cdr)


def _rings_have_an_end(cdr: Cdr) -> None:
    offers = [leg.offer for leg in cdr.legs[1:]]
    assert len(set(offers)) == len(offers), cdr
    for leg in cdr.legs:
        assert leg.outcome, leg
        assert leg.ended_at is not None, leg
        assert leg.ended_at >= leg.started_at, leg
        assert 0 <= leg.hold_seconds <= leg.talk_seconds + _CLOSE, leg
        if leg.kind != "caller" and leg.answered_at is not None:
            assert leg.outcome == "answered", leg
        if leg.talk_seconds:
            assert leg.answered_at is not None, leg
            assert leg.answered_at >= leg.started_at, leg
            assert leg.ended_by, leg


def _visits_are_apart(cdr: Cdr) -> None:
    for visit in cdr.visits:
        assert visit.by in list(QueueLeftBy), visit
        assert visit.left_at >= visit.joined_at, visit
        assert visit.wait_seconds == (visit.left_at - visit.joined_at).total_seconds(), visit
        assert visit.announced_seconds is None or visit.announced_seconds >= 0, visit
    for before, after in pairwise(cdr.visits):
        assert before.left_at <= after.joined_at, cdr
    assert cdr.wait_seconds is None or cdr.wait_seconds >= 0, cdr


def _result_fits(cdr: Cdr) -> None:
    talked = any(leg.answered_at is not None for leg in cdr.legs[1:])
    if cdr.result is Result.ANSWERED:
        assert talked, cdr
    if cdr.result in (Result.ABANDONED, Result.FLOWED_OUT):
        assert cdr.visits, cdr
        assert not talked, cdr
    if cdr.result is Result.SELF_SERVED:
        assert not cdr.visits, cdr
