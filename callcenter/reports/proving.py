"""The proofs: every figure is what the calls below it say, or the first that is not is named.

``callcenter report prove`` makes all of them for a span, quarter by quarter and call by call.
Rated CDRs and their postings are not here: there is no billing yet.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, and_, func, select

from callcenter.calls.cdr import Cdr
from callcenter.calls.model import QueueLeftBy
from callcenter.calls.tables import cdr_visits, cdrs
from callcenter.kernel.unled import Unled
from callcenter.reports.answer import Proof
from callcenter.reports.balances import MEND, ProofFailed, balances, named
from callcenter.reports.calendar import Span
from callcenter.reports.counting import count
from callcenter.reports.model import KEYS, OUTS, RESULTS, Counts, Tally, quarter_of
from callcenter.reports.pieces import days
from callcenter.reports.recorded import recorded
from callcenter.reports.recount import OF_CALLS, OF_LOGS, calls_in, recount_seats, touching
from callcenter.reports.store import TABLES, read_tally
from callcenter.reports.sum_proof import sums_of_quarters

_MS = 0.0015  # seconds are kept as floats; a millisecond may be rounded


def prove(
    connection: Connection, span: Span, now: datetime, recordings_folder: Path | None = None
) -> list[Proof]:
    """All proofs of a span; ``recordings_folder``: that of the files, ``None``: not here.

    Raises:
        ProofFailed: at the first that fails; its sentence names the row.
    """
    found = balances(connection, span)
    found += _recounted(connection, span)
    found.append(sums_of_quarters(connection, span))
    found.append(_drilled(connection, span))
    found.append(recorded(connection, span, recordings_folder, now))
    return found


_LEGS, _CALLS, _LOGS = (
    "calls add up to their legs",
    "counts are those of the calls",
    "times are those of the seats' logs",
)


def _recounted(connection: Connection, span: Span) -> list[Proof]:
    """Everything counted anew, day by day, and compared with what is kept."""
    checked = dict.fromkeys((_LEGS, _CALLS, _LOGS), 0)
    for begin, end in days(span.begin, span.end):
        tally, calls = _recount(connection, begin, end)
        checked[_LEGS] += calls
        checked[_CALLS] += _same(_CALLS, read_tally(connection, begin, end, OF_CALLS), tally)
        kept, seats = (
            read_tally(connection, begin, end, OF_LOGS),
            recount_seats(connection, begin, end),
        )
        checked[_LOGS] += _same(_LOGS, kept, seats)
    anew = "each row of counts, made anew from what it was counted from, is the same"
    legs = "talk and hold of a call are the sums of its legs, no time runs backwards"
    whats = {_LEGS: legs, _CALLS: anew, _LOGS: anew}
    return [Proof(name=name, what=whats[name], checked=times) for name, times in checked.items()]


def _recount(connection: Connection, begin: int, end: int) -> tuple[Tally, int]:
    """Counts of these quarters, and how many calls begin in them: each is proved there once."""
    tally, checked = Tally(), 0
    for cdr in calls_in(connection, begin, end):
        _require_sums(cdr)
        count(tally, cdr)
        checked += begin <= quarter_of(cdr.started_at) < end
    return tally.between(begin, end).without_nothing(), checked


def _require_sums(cdr: Cdr) -> None:
    talk, hold = (
        sum(getattr(leg, of) for leg in cdr.legs) for of in ("talk_seconds", "hold_seconds")
    )
    wrong = ""
    if abs(talk - cdr.talk_seconds) > _MS * max(1, len(cdr.legs)):
        wrong = f"its talk is {cdr.talk_seconds:g} s, its legs add up to {talk:g} s"
    elif abs(hold - cdr.hold_seconds) > _MS * max(1, len(cdr.legs)):
        wrong = f"its hold is {cdr.hold_seconds:g} s, its legs add up to {hold:g} s"
    elif cdr.ended_at < cdr.started_at:
        wrong = "it ended before it began"
    for leg in cdr.legs:
        if leg.hold_seconds - leg.talk_seconds > _MS or leg.talk_seconds < 0:
            wrong = f"its leg at {leg.endpoint} was held longer than it talked"
    for visit in cdr.visits:
        waited = (visit.left_at - visit.joined_at).total_seconds()
        if waited < 0 or abs(waited - visit.wait_seconds) > _MS:
            wrong = (
                f"its wait in {visit.queue} is {visit.wait_seconds:g} s, by its times {waited:g} s"
            )
    if wrong:
        raise ProofFailed(f"Proof 'calls add up to their legs' fails: CDR {cdr.id}: {wrong}.")


def _same(name: str, kept: Tally, recounted: Tally) -> int:
    """The counts that are kept and those made anew are the same; returns how many rows."""
    checked = 0
    for table in Counts:
        mine, theirs = kept.rows.get(table, {}), recounted.rows.get(table, {})
        for key in sorted({*mine, *theirs}, key=str):
            checked += 1
            have, should = mine.get(key, {}), theirs.get(key, {})
            if have == should:
                continue
            what = next(w for w in sorted({*have, *should}) if have.get(w, 0) != should.get(w, 0))
            row: Mapping[str, int | str] = dict(zip(KEYS[table], key, strict=True))
            raise ProofFailed(
                f"Proof '{name}' fails: {named(table, row, KEYS[table][1:])}: {what} is "
                f"{have.get(what, 0)}, counted anew {should.get(what, 0)}. {MEND}"
            )
    return checked


def _drilled(connection: Connection, span: Span) -> Proof:
    """Counted another way: how many calls the database finds below a figure."""
    visits, checked = cdr_visits.c, 0
    begin, end = span.since, span.until
    joined = and_(visits.joined_at >= begin, visits.joined_at < end)
    left = and_(visits.left_at >= begin, visits.left_at < end)
    by = {
        ("offered",): joined,
        ("answered",): and_(left, visits.by == QueueLeftBy.ANSWERED.value),
        ("abandoned", "out_lost"): and_(left, visits.by == QueueLeftBy.ABANDONED.value),
        tuple(out for out in OUTS if out != "out_lost"): and_(
            left, visits.by == QueueLeftBy.OVERFLOW.value
        ),
    }
    table = TABLES[Counts.QUEUES].c
    within = and_(table.quarter >= span.begin, table.quarter < span.end)
    for columns, where in by.items():
        queue = Unled(visits.queue)  # the calls of the time lead, not all visits by queue
        query = select(queue, func.count()).join_from(cdr_visits, cdrs, visits.call == cdrs.c.id)
        calls = _found(connection, query.where(where).group_by(queue), span)
        total = func.sum(sum((table[c] for c in columns[1:]), start=table[columns[0]]))
        counts = select(table.queue, total).where(within).group_by(table.queue)
        figures = {row[0]: int(row[1]) for row in connection.execute(counts) if row[1]}
        checked += _require_equal("queue", " + ".join(columns), figures, calls)
    checked += _drilled_calls(connection, span)
    what = "below each figure there are as many calls as it says"
    return Proof(name="figures drill down to calls", what=what, checked=checked)


def _drilled_calls(connection: Connection, span: Span) -> int:
    of, checked = cdrs.c, 0
    table = TABLES[Counts.CALLS].c
    within = and_(table.quarter >= span.begin, table.quarter < span.end, table.kind == "tenant")
    started = and_(of.started_at >= span.since, of.started_at < span.until)
    query = select(of.tenant, func.count()).where(started).group_by(of.tenant)
    calls = {row[0]: int(row[1]) for row in connection.execute(query)}
    counts = select(table.tenant, func.sum(table.calls)).where(within).group_by(table.tenant)
    figures = {row[0]: int(row[1]) for row in connection.execute(counts) if row[1]}
    checked += _require_equal("tenant", "calls", figures, calls)
    ended = and_(of.ended_at >= span.since, of.ended_at < span.until)
    result = Unled(of.result)
    query = select(result, func.count()).where(ended).group_by(result)
    calls = _found(connection, query, span)
    sums = connection.execute(select(*(func.sum(table[r]) for r in RESULTS)).where(within)).one()
    figures = {r: int(total) for r, total in zip(RESULTS, sums, strict=True) if total}
    known = {result: count for result, count in calls.items() if result in RESULTS}
    return checked + _require_equal("result", "calls", figures, known)


def _found(connection: Connection, query: Any, span: Span) -> dict[str, int]:
    """Counts by name, of calls in this span: no index knows when a visit or a call ended."""
    found: Counter[str] = Counter()
    for during in touching(span.since, span.until):
        for row in connection.execute(query.where(during)):
            found[row[0]] += int(row[1])
    return dict(found)


def _require_equal(
    what: str, column: str, figures: Mapping[str, int], calls: Mapping[str, int]
) -> int:
    for name in sorted({*figures, *calls}):
        if figures.get(name, 0) != calls.get(name, 0):
            raise ProofFailed(
                f"Proof 'figures drill down to calls' fails: {what} {name}: {column} is "
                f"{figures.get(name, 0)}, there are {calls.get(name, 0)} such calls. {MEND}"
            )
    return len({*figures, *calls})
