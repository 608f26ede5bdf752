"""What has to be true of the counts by themselves: what came in is what went out or is still there.

Every report makes these proofs of its own rows, from the sums that it has anyway;
``callcenter report prove`` makes them of each quarter of an hour.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, select

from callcenter.kernel.errors import CallCenterError
from callcenter.reports.answer import Proof
from callcenter.reports.calendar import Span
from callcenter.reports.columns import Ints
from callcenter.reports.model import (
    LOGGED_IN,
    OUTS,
    PARTS,
    QUARTER_MS,
    RESULTS,
    Counts,
    moment_of,
)
from callcenter.reports.store import TABLES


class ProofFailed(CallCenterError):
    """A figure is not what it has to be; the sentence names the row."""

    code = "proof_failed"
    http_status = 500
    exit_status = 1


_AT_ONCE = 2000
Row = Mapping[str, int | str]
N = TypeVar("N", int, Ints)


def balances(connection: Connection, span: Span) -> list[Proof]:
    """All of them.

    Raises:
        ProofFailed: at the first row that is wrong.
    """
    return [
        _balance(connection, span, QUEUES),
        _balance(connection, span, CALLS),
        _kinds(connection, span),
        _seat_times(connection, span),
    ]


def _rows(connection: Connection, table: Counts, span: Span, *order: str) -> Iterator[Row]:
    columns = TABLES[table].c
    query = select(TABLES[table]).where(columns.quarter >= span.begin, columns.quarter < span.end)
    query = query.order_by(*(columns[name] for name in order), columns.quarter)
    query = query.execution_options(yield_per=_AT_ONCE)
    for row in connection.execute(query).mappings():
        yield {str(name): value for name, value in row.items()}


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Something that comes, stays for a while and goes; ``there`` counts who stays."""

    name: str
    what: str
    table: Counts
    keys: tuple[str, ...]
    there: str
    came: str
    went: tuple[str, ...]

    def left(self, count: Callable[[str], N]) -> N:
        """Who has to be there after a row whose counts these are, or after each of many."""
        left = count(self.there) + count(self.came)
        for column in self.went:
            left = left - count(column)
        return left

    def broken(self, row: Row, should: int, says: int) -> ProofFailed:
        """The sentence about a row."""
        return ProofFailed(
            f"Proof '{self.name}' fails: {named(self.table, row, self.keys)}: by what came and "
            f"went {should} should be {self.there} after it, the counts say {says}. {MEND}"
        )


QUEUES = Flow(
    name="queues balance",
    what="waiting before + offered = answered + abandoned + flow-outs + waiting after",
    table=Counts.QUEUES,
    keys=("tenant", "queue"),
    there="waiting",
    came="offered",
    went=("answered", "abandoned", *OUTS),
)
CALLS = Flow(
    name="calls balance",
    what="running before + calls = calls ended by result + running after",
    table=Counts.CALLS,
    keys=("kind", "tenant", "name"),
    there="running",
    came="calls",
    went=(*RESULTS, "other"),
)


def _balance(connection: Connection, span: Span, flow: Flow) -> Proof:
    """In each quarter of an hour; those that follow each other hand over who is still there."""
    checked = 0
    before: Row | None = None
    for row in _rows(connection, flow.table, span, *flow.keys):
        checked += 1
        if before is not None and _follows(before, row, flow.keys):
            if _left(before, flow) != int(row[flow.there]):
                raise flow.broken(before, _left(before, flow), int(row[flow.there]))
        else:
            _require_over(before, span, flow)
            if int(row[flow.there]) and int(row["quarter"]) > span.begin:
                raise flow.broken(
                    {**row, "quarter": int(row["quarter"]) - 1}, 0, int(row[flow.there])
                )
        before = row
    _require_over(before, span, flow)
    return Proof(name=flow.name, what=f"{flow.what}, in each quarter of an hour", checked=checked)


def _follows(before: Row, row: Row, keys: tuple[str, ...]) -> bool:
    same = all(before[key] == row[key] for key in keys)
    return same and int(row["quarter"]) == int(before["quarter"]) + 1


def _require_over(row: Row | None, span: Span, flow: Flow) -> None:
    """Nobody may be left in a quarter that none follows, unless the span ends there."""
    if row is not None and int(row["quarter"]) + 1 < span.end and _left(row, flow):
        raise flow.broken(row, _left(row, flow), 0)


def _left(row: Row, flow: Flow) -> int:
    return flow.left(lambda column: int(row[column]))


MEND = "Recount with `callcenter report recompute`, and look who changed the row."


def named(table: Counts, row: Mapping[str, int | str], keys: tuple[str, ...]) -> str:
    """A row as a person finds it."""
    who = ", ".join(f"{key} {row[key]}" for key in keys if row[key] != "")
    return f"{table.value} of {moment_of(int(row['quarter'])):%Y-%m-%d %H:%M} UTC, {who}"


def _kinds(connection: Connection, span: Span) -> Proof:
    """Calls by source add up to those of the tenant; those from outside by number and region."""
    name, columns = "calls add up", ("calls", *RESULTS, "other", "talk_ms")
    sums: dict[tuple[int, str, str], list[int]] = {}
    for row in _rows(connection, Counts.CALLS, span):
        kind = str(row["kind"])
        kinds = [kind, "trunk"] if kind == "source" and row["name"] == "trunk" else [kind]
        for each in kinds:
            total = sums.setdefault(
                (int(row["quarter"]), str(row["tenant"]), each), [0] * len(columns)
            )
            for number, column in enumerate(columns):
                total[number] += int(row[column])
    for (quarter, tenant, kind), total in sums.items():
        of = {"tenant": ("source",), "trunk": ("number", "region")}.get(kind, ())
        for parts in of:
            found = sums.get((quarter, tenant, parts), [0] * len(columns))
            if found != total:
                wrong = next(
                    n for n, pair in enumerate(zip(found, total, strict=True)) if pair[0] != pair[1]
                )
                raise ProofFailed(
                    f"Proof '{name}' fails: interval_calls of {moment_of(quarter):%Y-%m-%d %H:%M} "
                    f"UTC, tenant {tenant}: {columns[wrong]} by {parts} is {found[wrong]}, "
                    f"all together {total[wrong]}. {MEND}"
                )
    return Proof(
        name=name,
        what="calls by number and by region are the calls from outside, by source all calls",
        checked=len(sums),
    )


def _seat_times(connection: Connection, span: Span) -> Proof:
    name, checked = "seat times add up", 0
    for row in _rows(connection, Counts.SEAT_TIMES, span):
        checked += 1
        parts, logged_in = sum(int(row[part]) for part in PARTS), int(row[LOGGED_IN])
        if parts != logged_in or logged_in > QUARTER_MS:
            raise ProofFailed(
                f"Proof '{name}' fails: {named(Counts.SEAT_TIMES, row, ('seat',))}: logged in "
                f"{logged_in / 1000:g} s of 900, its states add up to {parts / 1000:g} s. {MEND}"
            )
    return Proof(
        name=name,
        what="logged-in time = ready + ringing + talk + hold + wrap-up + engaged + away + paused, "
        "in each quarter of an hour of each seat, and no more than the quarter has",
        checked=checked,
    )
