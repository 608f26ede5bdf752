"""Opening hours against a naive model that walks minute by minute, clock changes too (N7)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.kernel.errors import Refused
from callcenter.routing.hours import (
    Calendar,
    DayKind,
    Plan,
    Range,
    SpecialDay,
    parse_ranges,
    ranges_text,
)

# Clocks change there: an hour forward, an hour back, half an hour, at midnight, not at all.
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Asia/Shanghai", date(2026, 3, 2)),
]
minutes = st.integers(0, 24 * 60 - 1)
ranges = st.builds(Range, minutes, st.integers(0, 24 * 60)).filter(lambda r: r.start != r.end)
weeks = st.lists(st.lists(ranges, max_size=2).map(tuple), min_size=7, max_size=7).map(tuple)


def _plan(zone: str, weekly: tuple[tuple[Range, ...], ...], **more: object) -> Plan:
    return Plan(name="p", zone=ZoneInfo(zone), weekly=weekly, **more)  # type: ignore[arg-type]


def _naive(plan: Plan, around: date) -> dict[int, bool]:
    """Open or not for each minute of three days: a range is every minute from the first that shows
    its beginning or later, to the last that shows less than its end."""
    start = datetime.combine(around - timedelta(days=3), time(), UTC)
    walk = [start + timedelta(minutes=n) for n in range(7 * 24 * 60)]
    shown = [at.astimezone(plan.zone).replace(tzinfo=None) for at in walk]
    opened: set[int] = set()
    for n in range(-3, 4):
        day = around + timedelta(days=n)
        midnight = datetime.combine(day, time())
        for one in plan.weekly[day.weekday()]:
            end = one.end if one.end > one.start else one.end + 24 * 60
            since, until = (
                midnight + timedelta(minutes=one.start),
                midnight + timedelta(minutes=end),
            )
            first = next((i for i, at in enumerate(shown) if at >= since), len(shown))
            last = max((i for i, at in enumerate(shown) if at < until), default=-1)
            opened |= set(range(first, last + 1))
    middle = range(2 * 24 * 60, 5 * 24 * 60)
    return {int(walk[i].timestamp()): i in opened for i in middle}


@pytest.mark.parametrize(("zone", "day"), CHANGES)
@settings(max_examples=12, deadline=None)
@given(weekly=weeks)
def test_hours_are_those_of_a_walk_through_every_minute(
    zone: str, day: date, weekly: tuple[tuple[Range, ...], ...]
) -> None:
    plan = _plan(zone, weekly)
    naive = _naive(plan, day)
    assert {at: plan.at(at).open for at in naive} == naive


def _open_hours(plan: Plan, day: date) -> float:
    start = datetime.combine(day, time(), plan.zone) - timedelta(hours=12)
    moments = (start.timestamp() + 60 * n for n in range(48 * 60))
    return sum(plan.at(at).open for at in moments) / 60


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 3, 30), 24),
    ],
)
def test_a_whole_day_has_the_hours_that_the_day_has(zone: str, day: date, hours: int) -> None:
    week = tuple(parse_ranges("00:00-24:00") if n == day.weekday() else () for n in range(7))
    assert _open_hours(_plan(zone, week), day) == hours


def _at(plan: Plan, text: str) -> tuple[bool, bool, str]:
    return tuple(plan.at(datetime.fromisoformat(text).timestamp()))  # type: ignore[return-value]


OFFICE = tuple(parse_ranges("09:00-18:00") if n < 5 else () for n in range(7))


def test_a_night_shift_belongs_to_the_day_it_begins_on() -> None:
    week = tuple(parse_ranges("22:00-06:00") if n == 4 else () for n in range(7))
    plan = _plan("Asia/Shanghai", week)
    assert _at(plan, "2026-03-06T23:00+08:00")[0]  # Friday
    assert _at(plan, "2026-03-07T05:59+08:00")[0]
    assert not _at(plan, "2026-03-07T06:00+08:00")[0]
    assert not _at(plan, "2026-03-06T05:00+08:00")[0]


def test_chinese_holidays_and_the_weekends_worked_for_them() -> None:
    plan = _plan("Asia/Shanghai", OFFICE, holidays=("CN",))
    opened, holiday, why = _at(plan, "2026-10-01T10:00+08:00")
    assert (opened, holiday) == (False, True)
    assert "National Day" in why
    opened, holiday, why = _at(plan, "2026-02-14T10:00+08:00")  # a Saturday
    assert (opened, holiday) == (True, False)
    assert "make-up" in why
    assert _at(plan, "2026-03-07T10:00+08:00")[0] is False  # a Saturday like others


def test_make_up_days_of_our_table_count_for_years_the_library_lacks() -> None:
    sunday = date(2027, 2, 14)
    plan = _plan("Asia/Shanghai", OFFICE, holidays=("CN",), make_up=frozenset({sunday}))
    assert _at(plan, "2027-02-14T10:00+08:00")[0]
    assert not _at(_plan("Asia/Shanghai", OFFICE, holidays=("CN",)), "2027-02-14T10:00+08:00")[0]


def test_a_special_date_beats_holiday_and_week_and_the_first_calendar_the_second() -> None:
    first = Calendar(
        name="a",
        days={
            date(2026, 10, 1): SpecialDay(kind=DayKind.OPEN, ranges=parse_ranges("10:00-12:00")),
            date(2026, 3, 3): SpecialDay(kind=DayKind.HOLIDAY, note="founder's day"),
        },
    )
    second = Calendar(name="b", days={date(2026, 10, 1): SpecialDay(kind=DayKind.CLOSED)})
    plan = _plan("Asia/Shanghai", OFFICE, holidays=("CN",), calendars=(first, second))
    assert _at(plan, "2026-10-01T11:00+08:00")[0]
    assert not _at(plan, "2026-10-01T13:00+08:00")[0]
    opened, holiday, why = _at(plan, "2026-03-03T11:00+08:00")
    assert (opened, holiday) == (False, True)
    assert "founder's day" in why


@given(st.lists(ranges, max_size=4))
def test_ranges_are_written_as_they_are_read(some: list[Range]) -> None:
    assert parse_ranges(ranges_text(some)) == tuple(some)


@pytest.mark.parametrize("text", ["9-18", "24:00-25:00", "09:60-10:00", "09:00-09:00", "x"])
def test_what_is_no_range_is_said(text: str) -> None:
    with pytest.raises(Refused, match=r"\.$"):
        parse_ranges(text)
