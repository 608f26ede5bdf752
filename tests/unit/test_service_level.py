"""A queue's service level in memory: the formula of the figures, the window, the tenant's day."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from callcenter.calls import EndedBy, QueueLeftBy
from callcenter.calls.lately import left_by
from callcenter.services.levels import Levels

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ANSWERED, ABANDONED, OVERFLOW = (
    QueueLeftBy.ANSWERED,
    QueueLeftBy.ABANDONED,
    QueueLeftBy.OVERFLOW,
)


def test_answered_within_of_answered_and_abandoned_without_the_short_ones() -> None:
    levels = Levels(timedelta(minutes=30))
    for by, wait in (
        (ANSWERED, 3),
        (ANSWERED, 20),
        (ANSWERED, 20.1),
        (ABANDONED, 5),
        (ABANDONED, 60),
        (OVERFLOW, 90),
    ):
        levels.left("sales", by, NOON, wait)
    now, today = levels.of("sales", NOON)
    assert now == today
    assert (now.answered, now.within, now.abandoned, now.short, now.flowed) == (3, 2, 2, 1, 1)
    assert now.level == 2 / 4
    assert now.wait == 14.4


def test_nobody_is_no_level() -> None:
    levels = Levels(timedelta(minutes=30))
    assert levels.of("sales", NOON)[0].level is None
    levels.left("sales", ABANDONED, NOON, 1)
    assert levels.of("sales", NOON)[0].level is None  # gave up too soon to count


def test_what_is_longer_ago_counts_for_today_only() -> None:
    levels = Levels(timedelta(minutes=30))
    levels.left("sales", ANSWERED, NOON, 1)
    levels.left("sales", ABANDONED, NOON + timedelta(minutes=20), 60)
    assert levels.of("sales", NOON + timedelta(minutes=29))[0].level == 0.5
    now, today = levels.of("sales", NOON + timedelta(minutes=31))
    assert (now.level, today.level) == (0.0, 0.5)
    now, today = levels.of("sales", NOON + timedelta(minutes=55))
    assert (now.level, today.level) == (None, 0.5)


def test_the_day_is_that_of_the_tenant() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    before = datetime(2026, 3, 2, 15, 55, tzinfo=UTC).astimezone(zone)
    after = before + timedelta(minutes=10)  # past midnight in Shanghai
    levels = Levels(timedelta(minutes=30))
    levels.left("sales", ANSWERED, before, 1)
    assert levels.of("sales", before)[1].answered == 1
    now, today = levels.of("sales", after)
    assert (now.answered, today.answered) == (1, 0)
    levels.left("sales", ANSWERED, after, 1)
    now, today = levels.of("sales", after)
    assert (now.answered, today.answered) == (2, 1)


@given(
    st.lists(
        st.tuples(st.sampled_from(list(QueueLeftBy)), st.integers(-3000, 0), st.integers(0, 90))
    ),
    st.randoms(),
)
def test_in_whatever_order_they_are_told(
    left: list[tuple[QueueLeftBy, int, int]], lot: Random
) -> None:
    in_order, at_random = Levels(timedelta(minutes=30)), Levels(timedelta(minutes=30))
    for by, seconds, wait in sorted(left, key=lambda one: one[1]):
        in_order.left("sales", by, NOON + timedelta(seconds=seconds), wait)
    lot.shuffle(left)
    for by, seconds, wait in left:
        at_random.left("sales", by, NOON + timedelta(seconds=seconds), wait)
    assert in_order.of("sales", NOON) == at_random.of("sales", NOON)


def test_who_was_lost_by_the_pbx_did_not_give_up() -> None:
    assert left_by(ABANDONED, EndedBy.LOST) is OVERFLOW
    assert left_by(ABANDONED, EndedBy.CALLER) is ABANDONED
    assert left_by(ANSWERED, EndedBy.LOST) is ANSWERED
