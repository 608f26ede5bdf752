"""The report of seats: offers from the calls, times from the log, and what goes on now."""

from dataclasses import replace

from sqlalchemy import Connection, func, select

from callcenter.acd.log import SeatNoted, noted_of, seat_log
from callcenter.acd.model import SeatStatus
from callcenter.acd.store import load_plan
from callcenter.acd.store import seats as seats_table
from callcenter.reports.answer import Asked, Proof, Report, made
from callcenter.reports.balances import MEND, ProofFailed, named
from callcenter.reports.calendar import By, bucket_of, local_step, runs
from callcenter.reports.columns import Adding, Grid, Row
from callcenter.reports.definitions import Figure, Unit
from callcenter.reports.model import LOGGED_IN, PARTS, VALUES, Counts, Tally
from callcenter.reports.seat_time import span_tally
from callcenter.reports.sums import Wanted, add_up


def seats(connection: Connection, asked: Asked) -> Report:
    """Answer."""
    whose = _whose(connection, asked)
    rows, reasons = Adding(), set[str]()
    offers = Wanted(
        table=Counts.SEATS,
        names=("seat",),
        columns=VALUES[Counts.SEATS],
        tenants=asked.whose,
        own=True,
    )
    rows.add_grid(add_up(connection, offers, asked.span, asked.by))
    times = Wanted(
        table=Counts.SEAT_TIMES, names=("seat",), columns=VALUES[Counts.SEAT_TIMES], own=True
    )
    found = add_up(connection, times, asked.span, asked.by).renamed(_OWN)
    rows.add_grid(found, [name if _sees(whose, name[0]) else None for name in found.known])
    pauses = Wanted(table=Counts.PAUSES, names=("seat", "reason"), columns=("ms",), own=True)
    reasons |= _take_pauses(rows, add_up(connection, pauses, asked.span, asked.by), whose)
    for noted in going_on(connection, asked):
        if _sees(whose, noted.seat):
            reasons |= _take_now(rows, noted, asked)
    grid = rows.grid()
    proof = _prove(grid)
    extra = [_paused(reason) for reason in sorted(reasons)]
    names = {number: seat.name for number, seat in load_plan(connection).seats.items()}
    named = replace(grid, known=[(seat, names.get(seat, "")) for (seat,) in grid.known])
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


def _sees(whose: set[str] | None, seat: str) -> bool:
    return whose is None or seat in whose


_OWN = {"unreachable": "unreachable_ms"}
"""An offer may fail because a phone is unreachable, and time may pass while it is."""


def _take_pauses(rows: Adding, found: Grid, whose: set[str] | None) -> set[str]:
    reasons = {reason for seat, reason in found.known if _sees(whose, seat)}
    for reason in reasons:
        seen = [
            (seat,) if of == reason and _sees(whose, seat) else None for seat, of in found.known
        ]
        rows.add_grid(found.renamed({"ms": f"paused {reason}"}), seen)
    return reasons


def _take_now(rows: Adding, noted: SeatNoted, asked: Asked) -> set[str]:
    """What has not ended yet counts as far as it has gone."""
    until = min(asked.now, asked.span.until)
    tally = span_tally(noted, until, asked.span.since)
    _spread(rows, tally, asked)
    return {str(key[2]) for key in tally.rows.get(Counts.PAUSES, {})}


def _spread(into: Adding, tally: Tally, asked: Asked) -> None:
    rows: dict[Row, dict[str, int]] = {}
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
    into.add_rows(rows)


def _paused(reason: str) -> Figure:
    return Figure(
        f"paused {reason}",
        f"Paused: {reason}",
        f"pauses for this reason: {reason}",
        Unit.SECONDS,
        lambda s: s[f"paused {reason}"] / 1000,
    )


def _prove(grid: Grid) -> Proof:
    """Logged-in time is the sum of its states, in each row."""
    parts = grid.sums.added(_OWN.get(part, part) for part in PARTS)
    logged_in = grid.sums[LOGGED_IN]
    for wrong in (parts != logged_in).nonzero()[0].tolist():
        begin, (seat,) = grid.row(wrong)
        about = named(Counts.SEAT_TIMES, {"quarter": begin, "seat": seat}, ("seat",))
        raise ProofFailed(
            f"Proof 'seat times add up' fails: {about} and after: logged in "
            f"{logged_in[wrong] / 1000:g} s, its states {parts[wrong] / 1000:g} s. {MEND}"
        )
    what = "logged-in time = ready + ringing + talk + hold + wrap-up + engaged + away + paused"
    return Proof(name="seat times add up", what=what, checked=len(grid))
