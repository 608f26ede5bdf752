"""What a report is: figures with their formulas, rows, a total. Pure; written as JSON as it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callcenter.reports.calendar import Bucket, By, Span, buckets
from callcenter.reports.definitions import FIGURES, Figure, Sums, Value
from callcenter.reports.model import QUARTER_MS, moment_of
from callcenter.reports.sums import Row, merged

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
class Line:
    """One row: its time, whom it is about, its figures by name."""

    time: str = ""
    begin: datetime
    end: datetime
    names: dict[str, str] = field(default_factory=dict)
    figures: dict[str, Value]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Something that has to be true of the counts, and that it is; ``checked`` so many times."""

    name: str
    what: str
    checked: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """An answer."""

    kind: str
    tenant: str
    zone: str
    begin: datetime
    end: datetime
    by: str
    columns: list[Column]
    lines: list[Line]
    total: Line
    notes: list[str] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)


def figures_of(kind: str) -> tuple[Figure, ...]:
    """The figures of a report; those of numbers and tenants are those of traffic."""
    return FIGURES.get(kind, FIGURES["traffic"])


def made(
    asked: Asked,
    rows: Mapping[Row, Mapping[str, int]],
    names: tuple[str, ...],
    *,
    extra: Iterable[Figure] = (),
    notes: Iterable[str] = (),
    proofs: Iterable[Proof] = (),
) -> Report:
    """Figures of each row and of all together; a report without names shows empty times too."""
    figures = (*figures_of(asked.kind), *extra)
    times = Times(asked)
    keys = sorted(rows, key=lambda row: (row[0], row[1]))
    if not names:
        keys = [(bucket.begin, ()) for bucket in times.all]
    lines = [
        times.line(key[0], dict(zip(names, key[1], strict=True)), figures, rows.get(key, {}))
        for key in keys
    ]
    total = _first_waiting(merged(rows.values()), rows, asked.span.begin)
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
        lines=lines,
        total=times.total(figures, total),
        notes=list(notes),
        proofs=list(proofs),
    )


def _first_waiting(
    total: dict[str, int], rows: Mapping[Row, Mapping[str, int]], begin: int
) -> dict[str, int]:
    """Who waited when the whole began: those of the first row, not a sum over rows."""
    first = [row for (bucket, _), row in rows.items() if bucket == begin]
    return {**total, "waiting": sum(row.get("waiting", 0) for row in first)}


class Times:
    """The rows' times of a report."""

    def __init__(self, asked: Asked) -> None:
        self._span = asked.span
        self.all = buckets(asked.by, asked.span)
        self._by_begin = {bucket.begin: bucket for bucket in self.all}
        self._made: dict[Bucket, _Time] = {}

    def line(
        self, begin: int, names: dict[str, str], figures: tuple[Figure, ...], sums: Sums
    ) -> Line:
        """One row."""
        return _line(self._time(self._by_begin[begin]), names, figures, sums)

    def total(self, figures: tuple[Figure, ...], sums: Sums) -> Line:
        """All together."""
        whole = Bucket(begin=self._span.begin, end=self._span.end, label="total")
        return _line(self._time(whole), {}, figures, sums)

    def _time(self, bucket: Bucket) -> "_Time":
        """Made once for all rows of it: there may be a hundred thousand."""
        found = self._made.get(bucket)
        if found is None:
            found = self._made[bucket] = _Time(
                label=bucket.label,
                begin=moment_of(bucket.begin).astimezone(self._span.zone),
                end=moment_of(bucket.end).astimezone(self._span.zone),
                span_ms=(bucket.end - bucket.begin) * QUARTER_MS,
            )
        return found


@dataclass(frozen=True, kw_only=True)
class _Time:
    label: str
    begin: datetime
    end: datetime
    span_ms: int


def _line(time: _Time, names: dict[str, str], figures: tuple[Figure, ...], sums: Sums) -> Line:
    timed = {**sums, "span_ms": time.span_ms}
    return Line(
        time=time.label,
        begin=time.begin,
        end=time.end,
        names=names,
        figures={figure.name: figure.of(timed) for figure in figures},
    )
