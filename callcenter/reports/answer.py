"""What a report is: figures with their formulas, rows, a total. Pure; written as JSON as it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from callcenter.reports.calendar import By, Span
from callcenter.reports.columns import Adding, Grid, Sums
from callcenter.reports.definitions import FIGURES, Figure
from callcenter.reports.lines import Line, Lines, Times, cells
from callcenter.reports.model import QUARTER_MS

KINDS = ("traffic", "queues", "seats", "survey", "regions", "flows", "numbers", "tenants")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question: what, when, whose. ``tenants`` are those the asker may see, ``None``: all.

    ``now``: what goes on is counted until then. ``within`` and ``short`` stand for T and S of every
    queue; 0: each queue's own.
    """

    kind: str
    span: Span
    now: datetime
    by: By = By.ALL
    tenant: str = ""
    tenants: frozenset[str] | None = None
    within: int = 0
    short: int = 0

    @property
    def whose(self) -> frozenset[str] | None:
        """Tenants whose rows count."""
        if not self.tenant:
            return self.tenants
        allowed = self.tenants is None or self.tenant in self.tenants
        return frozenset({self.tenant} if allowed else ())


@dataclass(frozen=True, kw_only=True)
class Column:
    """A figure as it is explained."""

    name: str
    title: str
    formula: str
    unit: str
    rare: bool = False


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Something that has to be true of the counts, and that it is; ``checked`` so many times."""

    name: str
    what: str
    checked: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """An answer. ``lines`` are made as they are read."""

    kind: str
    tenant: str
    zone: str
    begin: datetime
    end: datetime
    by: str
    columns: list[Column]
    lines: Lines[Line]
    total: Line
    notes: list[str] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)


def shown(report: Report) -> dict[str, Any]:
    """A report as JSON has it; its rows are made as they are read."""
    lines = report.lines.shown()
    rest: dict[str, Any] = msgspec.to_builtins(
        {name: getattr(report, name) for name in Report.__dataclass_fields__ if name != "lines"}
    )
    return {name: lines if name == "lines" else rest[name] for name in Report.__dataclass_fields__}


def figures_of(kind: str) -> tuple[Figure, ...]:
    """The figures of a report; those of numbers and tenants are those of traffic."""
    return FIGURES.get(kind, FIGURES["traffic"])


def made(
    asked: Asked,
    grid: Grid,
    names: Sequence[str],
    *,
    extra: Iterable[Figure] = (),
    notes: Iterable[str] = (),
    proofs: Iterable[Proof] = (),
) -> Report:
    """Figures of each row and of all together; a report without names shows empty times too."""
    figures = (*figures_of(asked.kind), *extra)
    times = Times(asked.by, asked.span)
    total = _total(grid, asked.span)
    if not names:
        grid = _with_all(grid, times)
    grid.sums["span_ms"] = times.lengths_ms(grid.begins)
    columns = {figure.name: figure.of(grid.sums) for figure in figures}
    whole = {figure.name: cells(figure.of(total))[0] for figure in figures}
    return Report(
        kind=asked.kind,
        tenant=asked.tenant,
        zone=str(asked.span.zone),
        begin=asked.span.since.astimezone(asked.span.zone),
        end=asked.span.until.astimezone(asked.span.zone),
        by=asked.by.value,
        columns=[
            Column(name=f.name, title=f.title, formula=f.formula, unit=f.unit, rare=f.rare)
            for f in figures
        ],
        lines=Lines(times, grid, names, columns, times.line),
        total=times.line(times.whole, {}, whole),
        notes=list(notes),
        proofs=list(proofs),
    )


def _total(grid: Grid, span: Span) -> Sums:
    """Who waited when the whole began are those of the first row, and not a sum over rows."""
    first = grid.begins == span.begin
    waiting = int(grid.sums["waiting"][first].sum())
    length = (span.end - span.begin) * QUARTER_MS
    return Sums.of({**grid.sums.total(), "waiting": waiting, "span_ms": length})


def _with_all(grid: Grid, times: Times) -> Grid:
    """With a row for each time, also for those in which nothing happened."""
    rows = Adding()
    rows.add(times.begins, [()] * len(times.begins), {})
    rows.add_grid(grid)
    return rows.grid()
