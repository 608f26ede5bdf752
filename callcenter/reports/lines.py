"""Rows of a report: kept in columns, made one by one as somebody reads them. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from operator import eq
from typing import Any, Generic, TypeVar, overload

import msgspec
import numpy as np

from callcenter.reports.calendar import Bucket, By, Span, buckets
from callcenter.reports.columns import Floats, Grid, Ints
from callcenter.reports.definitions import Value
from callcenter.reports.model import QUARTER_MS, moment_of

_AT_ONCE = 2000
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row: its time, whom it is about, its figures by name."""

    time: str = ""
    begin: datetime
    end: datetime
    names: dict[str, str] = field(default_factory=dict)
    figures: dict[str, Value]


def cells(column: Ints | Floats) -> list[Value]:
    """The values of a column; ``None`` where there was nothing to divide by."""
    values: list[Value] = column.tolist()
    if column.dtype.kind == "f" and np.isnan(column).any():
        return [None if value != value else value for value in values]  # noqa: PLR0124 - NaN
    return values


class Times:
    """The times that the rows of a report have."""

    def __init__(self, by: By, span: Span) -> None:
        self.all = buckets(by, span)
        self.whole = Bucket(begin=span.begin, end=span.end, label="total")
        self.begins = np.array([bucket.begin for bucket in self.all], np.int64)
        self.ends = np.array([bucket.end for bucket in self.all], np.int64)
        self._zone = span.zone
        self.local = cache(self._local)  # once for all rows of it: there may be a hundred thousand
        self.shown = cache(self._shown)

    def places(self, begins: Ints) -> Ints:
        """Which of them begins with each of these quarters."""
        return np.searchsorted(self.begins, begins)

    def lengths_ms(self, begins: Ints) -> Ints:
        """How long those are that begin then."""
        return ((self.ends - self.begins) * QUARTER_MS)[self.places(begins)]

    def _local(self, quarter: int) -> datetime:
        return moment_of(quarter).astimezone(self._zone)

    def _shown(self, quarter: int) -> str:
        return str(msgspec.to_builtins(self.local(quarter)))

    def line(self, bucket: Bucket, names: dict[str, str], figures: dict[str, Value]) -> Line:
        """A row."""
        begin, end = self.local(bucket.begin), self.local(bucket.end)
        return Line(time=bucket.label, begin=begin, end=end, names=names, figures=figures)

    def shown_line(
        self, bucket: Bucket, names: dict[str, str], figures: dict[str, Value]
    ) -> dict[str, Any]:
        """A row as JSON has it."""
        return {
            "time": bucket.label,
            "begin": self.shown(bucket.begin),
            "end": self.shown(bucket.end),
            "names": names,
            "figures": figures,
        }


class Lines(Sequence[T], Generic[T]):
    """All rows, each what ``make`` makes of its time, its names and its figures."""

    def __init__(
        self,
        times: Times,
        grid: Grid,
        names: Sequence[str],
        figures: Mapping[str, Ints | Floats],
        make: Callable[[Bucket, dict[str, str], dict[str, Value]], T],
    ) -> None:
        self._times = times
        self._grid = grid
        self._names = tuple(names)
        self._figures = figures
        self._make = make
        self._places = times.places(grid.begins)

    def shown(self) -> "Lines[dict[str, Any]]":
        """The same rows as JSON has them."""
        make = self._times.shown_line
        return Lines(self._times, self._grid, self._names, self._figures, make)

    def __len__(self) -> int:
        return len(self._grid)

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __eq__(self, other: object) -> bool:
        """The same rows, as of two lists."""
        if not isinstance(other, Lines):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> list[T]: ...
    def __getitem__(self, at: int | slice) -> T | list[T]:
        rows = range(len(self))[at]
        if isinstance(rows, int):
            return next(self._some(rows, rows + 1))
        return [self[row] for row in rows]

    def __iter__(self) -> Iterator[T]:
        for first in range(0, len(self), _AT_ONCE):  # so that few are there as objects
            yield from self._some(first, first + _AT_ONCE)

    def _some(self, first: int, last: int) -> Iterator[T]:
        part, names, titles = slice(first, last), self._names, tuple(self._figures)
        columns = [cells(column[part]) for column in self._figures.values()]
        places, codes = self._places[part].tolist(), self._grid.codes[part].tolist()
        times, known, make = self._times.all, self._grid.known, self._make
        for place, code, *values in zip(places, codes, *columns, strict=True):
            named = dict(zip(names, known[code], strict=True))
            yield make(times[place], named, dict(zip(titles, values, strict=True)))
