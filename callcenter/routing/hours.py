"""Opening hours: a week of ranges, holidays, make-up working days, special dates. Pure.

Ranges are wall-clock times of the plan's zone, and a range belongs to the day it begins on. It
lasts from the first moment at which the clocks there show its beginning to the last moment before
they show its end; where a change to summer time skips that reading, the moment of the change
stands for it. So a shift over a 25-hour night is an hour longer, and nothing opens twice.

Which day rules: a special date of the plan's calendars (in their order), else a make-up working
day, else a public holiday, else the day of the week. What is found for one UTC day is kept, so a
question costs a lookup.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from callcenter.kernel.errors import Refused
from callcenter.routing.holidays import is_make_up_day, public_holiday

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTES = 24 * 60
_DAY_SECONDS = 86_400
_MOST_KEPT = 400
_RANGE = re.compile(r"^(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)$")


class Range(NamedTuple):
    """Minutes after midnight; an ``end`` not after ``start`` is on the next day."""

    start: int
    end: int

    def __str__(self) -> str:
        return "-".join(f"{at // 60:02}:{at % 60:02}" for at in self)


class DayKind(StrEnum):
    """What a special date is."""

    CLOSED = "closed"
    OPEN = "open"  # in ranges of its own
    HOLIDAY = "holiday"  # closed, and calls go where they go on holidays
    WORKDAY = "workday"  # like a day of the week although it is a holiday or a weekend


@dataclass(frozen=True, kw_only=True)
class SpecialDay:
    """One date in a calendar. ``ranges`` count when open; a workday without any is a Monday."""

    kind: DayKind
    ranges: tuple[Range, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Special dates under a name."""

    name: str
    days: Mapping[date, SpecialDay] = field(default_factory=dict)


class Status(NamedTuple):
    """Open or not at a moment, and what makes it so."""

    open: bool
    holiday: bool
    why: str


class _Day(NamedTuple):
    ranges: tuple[Range, ...]
    holiday: bool
    why: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Hours under a name. ``holidays`` are codes like CN or US-CA; see :mod:`holidays`."""

    name: str
    zone: ZoneInfo
    weekly: tuple[tuple[Range, ...], ...]
    holidays: tuple[str, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    make_up: frozenset[date] = frozenset()
    _kept: dict[int, tuple[list[float], list[Status]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def at(self, now: float) -> Status:
        """Open or closed at a moment, seconds since 1970."""
        day = int(now // _DAY_SECONDS)
        found = self._kept.get(day)
        if found is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            found = self._kept[day] = self._stretches(day * _DAY_SECONDS)
        begins, statuses = found
        return statuses[bisect_right(begins, now) - 1]

    def _stretches(self, start: float) -> tuple[list[float], list[Status]]:
        """The UTC day from ``start`` cut where anything changes."""
        first = datetime.fromtimestamp(start, self.zone).date() - timedelta(days=2)
        days = [first + timedelta(days=n) for n in range(6)]
        rules = {day: self._day(day) for day in days}
        spans = [
            (self._first(day, a), self._last(day, b if b > a else b + _MINUTES), rules[day])
            for day in days
            for a, b in rules[day].ranges
        ]
        midnights = {self._first(day, 0) for day in days}
        edges = midnights | {s[0] for s in spans} | {s[1] for s in spans} | {start}
        begins = sorted(edge for edge in edges if start <= edge < start + _DAY_SECONDS)
        return begins, [self._status(begin, spans, rules) for begin in begins]

    def _status(
        self, now: float, spans: list[tuple[float, float, _Day]], rules: dict[date, _Day]
    ) -> Status:
        for begin, end, rule in spans:
            if begin <= now < end:
                return Status(True, False, rule.why)
        rule = rules[datetime.fromtimestamp(now, self.zone).date()]
        return Status(False, rule.holiday, rule.why)

    def _day(self, day: date) -> _Day:
        for calendar in self.calendars:
            if special := calendar.days.get(day):
                return self._special(calendar.name, day, special)
        weekday = self.weekly[day.weekday()]
        if day in self.make_up or any(is_make_up_day(code, day) for code in self.holidays):
            return _Day(self._working(day), False, f"make-up working day {day}")
        for code in self.holidays:
            if name := public_holiday(code, day):
                return _Day((), True, f"public holiday {name} ({code}) {day}")
        return _Day(weekday, False, f"weekly hours, {DAYS[day.weekday()]}")

    def _special(self, calendar: str, day: date, special: SpecialDay) -> _Day:
        note = f" ({special.note})" if special.note else ""
        why = f"special date {day} in calendar {calendar}{note}"
        if special.kind is DayKind.WORKDAY:
            return _Day(special.ranges or self._working(day), False, why)
        return _Day(special.ranges, special.kind is DayKind.HOLIDAY, why)

    def _working(self, day: date) -> tuple[Range, ...]:
        """Hours of a day that is worked although its weekday may be free: else Monday's."""
        return self.weekly[day.weekday()] or self.weekly[0]

    # -- wall clock to moments ----------------------------------------------------------------

    def _first(self, day: date, minutes: int) -> float:
        wall = _wall(day, minutes)
        moment = wall.replace(tzinfo=self.zone).timestamp()
        return moment if self._shows(moment, wall) else self._change(wall)

    def _last(self, day: date, minutes: int) -> float:
        wall = _wall(day, minutes)
        moment = wall.replace(tzinfo=self.zone, fold=1).timestamp()
        return moment if self._shows(moment, wall) else self._change(wall)

    def _shows(self, moment: float, wall: datetime) -> bool:
        return datetime.fromtimestamp(moment, self.zone).replace(tzinfo=None, fold=0) == wall

    def _change(self, wall: datetime) -> float:
        """The moment at which the clocks jump over ``wall``."""
        low = wall.replace(tzinfo=self.zone, fold=1).timestamp()
        high = wall.replace(tzinfo=self.zone, fold=0).timestamp()
        while high - low > 1:
            middle = (low + high) // 2
            shown = datetime.fromtimestamp(middle, self.zone).replace(tzinfo=None, fold=0)
            low, high = (low, middle) if shown >= wall else (middle, high)
        return high


def _wall(day: date, minutes: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minutes)


def parse_ranges(text: str) -> tuple[Range, ...]:
    """Read ``09:00-12:00,13:00-18:00``, ``22:00-06:00``, ``00:00-24:00`` or nothing.

    Raises:
        Refused: it is none; says which part.
    """
    return tuple(_range(part.strip()) for part in text.split(",") if part.strip())


def _range(text: str) -> Range:
    found = _RANGE.match(text)
    if not found:
        raise Refused(f"{text!r} is no range of hours; write it like 09:00-18:00 or 22:00-06:00.")
    hours = [int(part) for part in found.groups()]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if start >= _MINUTES or end > _MINUTES or max(hours[1], hours[3]) > 59:
        raise Refused(f"{text!r} holds a time that no clock shows; hours go from 00:00 to 24:00.")
    if start == end:
        raise Refused(f"{text!r} begins where it ends; write 00:00-24:00 for the whole day.")
    return Range(start, end)


def ranges_text(ranges: Iterable[Range]) -> str:
    """What :func:`parse_ranges` reads."""
    return ",".join(str(one) for one in ranges)


def moment(at: datetime) -> float:
    """Seconds since 1970 of an aware time."""
    return at.astimezone(UTC).timestamp()
