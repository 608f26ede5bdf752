"""Spans of time as people mean them, in quarters of an hour of UTC. Pure.

Days and months are those of a time zone: a day may have 23 or 25 hours, and an hour that comes
twice is two rows.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from callcenter.kernel.errors import Refused
from callcenter.reports.model import moment_of, quarter_of

_QUARTER = timedelta(minutes=15)
_DAY = 96
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local days are counted from there


class By(StrEnum):
    """What a row is about; ``ALL``: the whole span."""

    ALL = ""
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, kw_only=True)
class Span:
    """From quarter ``begin`` to before quarter ``end``, as days go in ``zone``."""

    begin: int
    end: int
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        """The first moment."""
        return moment_of(self.begin)

    @property
    def until(self) -> datetime:
        """The first moment that is no longer in it."""
        return moment_of(self.end)

    def between(self, begin: int, end: int) -> "Span":
        """A part of it."""
        return Span(begin=begin, end=end, zone=self.zone)


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """One row's time: from quarter ``begin`` to before ``end``."""

    begin: int
    end: int
    label: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """Quarters in which local time is UTC plus ``offset`` quarters."""

    begin: int
    end: int
    offset: int


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its IANA name.

    Raises:
        Refused: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(f"There is no time zone {name!r}; write one like Asia/Shanghai.") from None


def span_of(begin: str, end: str, zone: ZoneInfo) -> Span:
    """A span as typed: a day, or a day and a time; a last day is meant whole.

    Raises:
        Refused: what is no date, no quarter of an hour, or ends before it begins.
    """
    first, last = _moment(begin, zone, whole=False), _moment(end, zone, whole=True)
    if last <= first:
        raise Refused(f"The span from {begin} to {end} is empty; give a later end.")
    return Span(begin=first, end=last, zone=zone)


def _moment(typed: str, zone: ZoneInfo, *, whole: bool) -> int:
    try:
        given = datetime.fromisoformat(typed)
    except ValueError:
        raise Refused(
            f"{typed!r} is no date; write 2026-03-31 or 2026-03-31T08:30 (local time)."
        ) from None
    if whole and re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", typed):
        given += timedelta(days=1)
    if given.tzinfo is None:
        given = given.replace(tzinfo=zone)
    try:
        moment = given.astimezone(UTC)
    except OverflowError:
        raise Refused(f"{typed!r} is no date that reports can be about.") from None
    if moment.year < 1972 or moment.timestamp() % _QUARTER.total_seconds():
        raise Refused(f"{typed!r} is no full quarter of an hour; counts are kept by quarters.")
    return quarter_of(moment)


def runs(span: Span) -> Iterator[Run]:
    """The span cut where the clocks of its zone are changed."""
    begin, offset = span.begin, _offset(span.begin, span.zone)
    at = span.begin
    while at < span.end:
        following = min(at + _DAY, span.end)
        if _offset(following, span.zone) != offset:
            for quarter in range(at, following + 1):
                if quarter < span.end and (now := _offset(quarter, span.zone)) != offset:
                    yield Run(begin=begin, end=quarter, offset=offset)
                    begin, offset = quarter, now
        at = following
    yield Run(begin=begin, end=span.end, offset=offset)


def _offset(quarter: int, zone: ZoneInfo) -> int:
    found = moment_of(quarter).astimezone(zone).utcoffset()
    return (found or timedelta()) // _QUARTER


def local_step(by: By) -> int:
    """Quarters of local time that are one step of a query by ``by``; months are made of days."""
    return 4 if by is By.HOUR else _DAY


def bucket_of(by: By, step: int, run: Run, span: Span) -> int:
    """The first quarter of the bucket that local ``step`` of ``run`` belongs to: its name."""
    if by is By.HOUR:
        return max(step * 4 - run.offset, run.begin)
    day = (_EPOCH + timedelta(days=step)).date()
    if by is By.MONTH:
        day = day.replace(day=1)
    return max(_midnight(day, span.zone), span.begin)


def buckets(by: By, span: Span) -> list[Bucket]:
    """All rows of a span, those in which nothing happened too."""
    if by is By.ALL:
        return [Bucket(begin=span.begin, end=span.end, label="")]
    begins: dict[int, None] = {}
    for run in runs(span):
        size = local_step(by)
        first, last = (run.begin + run.offset) // size, (run.end - 1 + run.offset) // size
        for step in range(first, last + 1):
            begins.setdefault(bucket_of(by, step, run, span))
    found = sorted(begins)
    ends = [*found[1:], span.end]
    labels = [_label(by, begin, span.zone) for begin in found]
    times = Counter(labels)
    return [
        Bucket(
            begin=begin,
            end=end,
            label=f"{label}{_shift(begin, span.zone)}" if times[label] > 1 else label,
        )
        for begin, end, label in zip(found, ends, labels, strict=True)
    ]


def _midnight(day: date, zone: ZoneInfo) -> int:
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return quarter_of(local.astimezone(UTC))


def _label(by: By, begin: int, zone: ZoneInfo) -> str:
    local = moment_of(begin).astimezone(zone)
    if by is By.HOUR:
        return f"{local:%Y-%m-%d %H:%M}"
    return f"{local:%Y-%m}" if by is By.MONTH else f"{local:%Y-%m-%d}"


def _shift(begin: int, zone: ZoneInfo) -> str:
    return f"{moment_of(begin).astimezone(zone):%z}"
