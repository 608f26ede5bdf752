"""The report of seats: offers from the calls, times from the log, and what goes on now."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from callcenter.acd.log import SeatNoted, noted_of, seat_log
from callcenter.acd.model import SeatStatus
from callcenter.acd.store import load_plan
from callcenter.acd.store import seats as seats_table
from callcenter.reports.answer import Asked, Proof, Report, made
from callcenter.reports.balances import MEND, ProofFailed, named
from callcenter.reports.calendar import By, bucket_of, local_step, runs
from callcenter.reports.definitions import Figure, Unit
from callcenter.reports.model import LOGGED_IN, PARTS, VALUES, Counts, Tally
from callcenter.reports.seat_time import span_tally
from callcenter.reports.sums import Row, Wanted, add_up

Rows = dict[Row, dict[str, int]]


def seats(connection: Connection, asked: Asked) -> Report:
    """Answer."""
    whose = _whose(connection, asked)
    rows: Rows = {}
    offers = Wanted(
        table=Counts.SEATS,
        names=("seat",),
        columns=VALUES[Counts.SEATS],
        tenants=asked.whose,
    )
    _take(rows, add_up(connection, offers, asked.span, asked.by), None, {})
    times = Wanted(table=Counts.SEAT_TIMES, names=("seat",), columns=VALUES[Counts.SEAT_TIMES])
    pauses = Wanted(table=Counts.PAUSES, names=("seat", "reason"), columns=("ms",))
    _take(rows, add_up(connection, times, asked.span, asked.by), whose, _OWN)
    reasons = _take_pauses(rows, add_up(connection, pauses, asked.span, asked.by), whose)
    for noted in going_on(connection, asked):
        if whose is None or noted.seat in whose:
            reasons |= _take_now(rows, noted, asked)
    proof = _prove(rows)
    extra = [_paused(reason) for reason in sorted(reasons)]
    names = {number: seat.name for number, seat in load_plan(connection).seats.items()}
    named: Rows = {
        (begin, (seat, names.get(seat, ""))): sums for (begin, (seat, *_)), sums in rows.items()
    }
    return made(asked, named, ("seat", "name"), extra=extra, proofs=[proof])


def going_on(connection: Connection, asked: Asked) -> list[SeatNoted]:
    """The last change of each seat, where it lies before the end of the span."""
    log, each = seat_log.c, seat_log.alias().c
    newest = select(func.max(each.position)).where(each.seat == seats_table.c.number)
    found = select(seat_log).select_from(seats_table)
    found = found.join(seat_log, log.position == newest.scalar_subquery())
    found = found.where(log.at < asked.span.until, log.status != SeatStatus.LOGGED_OUT.value)
    return [noted_of(row) for row in connection.execute(found)]


def _whose(connection: Connection, asked: Asked) -> set[str] | None:
    """Seats whose times the asker may see; ``None``: all, those that are no more too."""
    if asked.whose is None:
        return None
    plan = load_plan(connection).seats
    return {number for number, seat in plan.items() if seat.tenant in asked.whose}


def _take(rows: Rows, found: Rows, whose: set[str] | None, names: Mapping[str, str]) -> None:
    for (begin, (seat, *_)), sums in found.items():
        if whose is None or seat in whose:
            row = rows.setdefault((begin, (seat,)), {})
            row.update({names.get(what, what): value for what, value in sums.items()})


_OWN = {"unreachable": "unreachable_ms"}
"""An offer may fail because a phone is unreachable, and time may pass while it is."""


def _take_pauses(rows: Rows, found: Rows, whose: set[str] | None) -> set[str]:
    reasons = set()
    for (begin, (seat, reason)), sums in found.items():
        if whose is None or seat in whose:
            reasons.add(reason)
            rows.setdefault((begin, (seat,)), {})[f"paused {reason}"] = sums.get("ms", 0)
    return reasons


def _take_now(rows: Rows, noted: SeatNoted, asked: Asked) -> set[str]:
    """What has not ended yet counts as far as it has gone."""
    until = min(asked.now, asked.span.until)
    tally = span_tally(noted, until, asked.span.since)
    _spread(rows, tally, asked)
    return {str(key[2]) for key in tally.rows.get(Counts.PAUSES, {})}


def _spread(rows: Rows, tally: Tally, asked: Asked) -> None:
    for run in runs(asked.span):
        for table in (Counts.SEAT_TIMES, Counts.PAUSES):
            for key, counts in tally.rows.get(table, {}).items():
                quarter, seat = int(key[0]), str(key[1])
                if not run.begin <= quarter < run.end:
                    continue
                begin = asked.span.begin
                if asked.by is not By.ALL:
                    step = (quarter + run.offset) // local_step(asked.by)
                    begin = bucket_of(asked.by, step, run, asked.span)
                row = rows.setdefault((begin, (seat,)), {})
                for what, value in counts.items():
                    name = f"paused {key[2]}" if table is Counts.PAUSES else _OWN.get(what, what)
                    row[name] = row.get(name, 0) + value


def _paused(reason: str) -> Figure:
    return Figure(
        f"paused {reason}",
        f"Paused: {reason}",
        f"pauses for this reason: {reason}",
        Unit.SECONDS,
        lambda s: s.get(f"paused {reason}", 0) / 1000,
    )


def _prove(rows: Rows) -> Proof:
    """Logged-in time is the sum of its states, in each row."""
    for (begin, (seat,)), sums in rows.items():
        parts = sum(sums.get(_OWN.get(part, part), 0) for part in PARTS)
        if parts != sums.get(LOGGED_IN, 0):
            about = named(Counts.SEAT_TIMES, {"quarter": begin, "seat": seat}, ("seat",))
            raise ProofFailed(
                f"Proof 'seat times add up' fails: {about} and after: logged in "
                f"{sums.get(LOGGED_IN, 0) / 1000:g} s, its states {parts / 1000:g} s. {MEND}"
            )
    what = "logged-in time = ready + ringing + talk + hold + wrap-up + engaged + away + paused"
    return Proof(name="seat times add up", what=what, checked=len(rows))
