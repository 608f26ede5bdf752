"""Counts of many rows at once: a column for each count, a row for each time and name. Pure.

A report by hour may have a hundred thousand rows: its sums are added up, its figures worked out
and its proofs made column by column, and a row is made only when somebody reads it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Name = tuple[str, ...]
Row = tuple[int, Name]
"""First quarter of its time, names."""


class Sums:
    """Counts by name, each a column; what was never counted is a column of zeros."""

    def __init__(self, rows: int, columns: Mapping[str, Ints] | None = None) -> None:
        self._columns = dict(columns or {})
        self._nothing = np.zeros(rows, np.int64)

    @classmethod
    def of(cls, row: Mapping[str, int]) -> "Sums":
        """One row."""
        return cls(1, {name: np.array([value], np.int64) for name, value in row.items()})

    def __len__(self) -> int:
        return len(self._nothing)

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __getitem__(self, name: str) -> Ints:
        return self._columns.get(name, self._nothing)

    def __setitem__(self, name: str, column: Ints) -> None:
        self._columns[name] = column

    def added(self, names: Iterable[str]) -> Ints:
        """The sum of several columns."""
        whole = self._nothing.copy()
        for name in names:
            whole += self[name]
        return whole

    def total(self) -> dict[str, int]:
        """Each column added up."""
        return {name: int(column.sum()) for name, column in self._columns.items()}


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Rows in the order of time and name, each once.

    ``begins``: the first quarter of a row's time; ``codes``: the place of its name in ``known``,
    which is sorted.
    """

    begins: Ints
    codes: Ints
    known: Sequence[Name]
    sums: Sums

    def __len__(self) -> int:
        return len(self.begins)

    def row(self, number: int) -> Row:
        """Time and name of a row."""
        return int(self.begins[number]), self.known[int(self.codes[number])]

    def of_names(self, values: Sequence[int]) -> Ints:
        """A column from a value for each name in ``known``."""
        return np.array(values, np.int64)[self.codes] if len(self) else self.codes

    def renamed(self, names: Mapping[str, str]) -> "Grid":
        """With other names for some counts."""
        sums = {names.get(name, name): self.sums[name] for name in self.sums}
        return replace(self, sums=Sums(len(self), sums))

    def placed(self, other: "Grid", begins: Ints, column: Ints) -> Ints:
        """Values of ``column`` where this grid has a row at ``begins`` of the name that
        ``other`` has beside it; zeros elsewhere."""
        code = {name: number for number, name in enumerate(self.known)}
        mine = other.of_names([code.get(name, -1) for name in other.known])
        many = max(1, len(self.known))
        keys, wanted = self.begins * many + self.codes, begins * many + mine
        rows = np.searchsorted(keys, wanted)
        there = (mine >= 0) & (rows < len(keys))
        there[there] = keys[rows[there]] == wanted[there]
        made = np.zeros(len(self), np.int64)
        made[rows[there]] = column[there]
        return made

    def where(self, keep: npt.NDArray[np.bool_]) -> "Grid":
        """Those of its rows."""
        sums = Sums(int(keep.sum()), {name: self.sums[name][keep] for name in self.sums})
        return replace(self, begins=self.begins[keep], codes=self.codes[keep], sums=sums)


class Adding:
    """Sums that come in parts; rows of the same time and name are added."""

    def __init__(self) -> None:
        self._codes: dict[Name, int] = {}
        self._parts: list[tuple[Ints, Ints, Mapping[str, Ints]]] = []

    def add(self, begins: Ints, names: Iterable[Name], columns: Mapping[str, Ints]) -> None:
        """Rows as columns, in any order."""
        codes = self._codes
        named = [codes.setdefault(name, len(codes)) for name in names]
        self._parts.append((begins, np.array(named, np.int64), columns))

    def add_rows(self, rows: Mapping[Row, Mapping[str, int]]) -> None:
        """Rows as rows, where there are few."""
        names = {name for row in rows.values() for name in row}
        columns = {
            name: np.array([row.get(name, 0) for row in rows.values()], np.int64) for name in names
        }
        begins = np.array([begin for begin, _ in rows], np.int64)
        self.add(begins, (name for _, name in rows), columns)

    def add_grid(self, grid: Grid, known: Sequence[Name | None] | None = None) -> None:
        """Rows of a grid, under other names if those are ``known``; ``None`` leaves a name out."""
        named = grid.known if known is None else known
        codes = self._codes
        mine = [-1 if name is None else codes.setdefault(name, len(codes)) for name in named]
        column = grid.of_names(mine)
        keep = column >= 0
        sums = {name: grid.sums[name][keep] for name in grid.sums}
        self._parts.append((grid.begins[keep], column[keep], sums))

    def grid(self) -> Grid:
        """All of it in order."""
        used = {int(code) for _, codes, _ in self._parts for code in np.unique(codes)}
        known = sorted(name for name, code in self._codes.items() if code in used)
        rank = np.zeros(len(self._codes), np.int64)
        rank[[self._codes[name] for name in known]] = np.arange(len(known))
        many = max(1, len(known))
        parts = [begins * many + rank[codes] for begins, codes, _ in self._parts]
        keys, at = np.unique(np.concatenate([np.empty(0, np.int64), *parts]), return_inverse=True)
        sums, first = Sums(len(keys)), 0
        for begins, _, columns in self._parts:
            rows = at[first : first + len(begins)]
            first += len(begins)
            for name, column in columns.items():
                if name not in sums:
                    sums[name] = np.zeros(len(keys), np.int64)
                np.add.at(sums[name], rows, column)
        return Grid(begins=keys // many, codes=keys % many, known=known, sums=sums)
