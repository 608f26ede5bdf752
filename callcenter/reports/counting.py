"""From a CDR to what it adds to the counts, and nothing else. Pure.

The one fold of all counts of calls: as a call ends its tally is added, a recomputation adds the
tallies of stored CDRs, and a CDR that is written anew first has its old tally taken back.

Each event counts in the quarter in which it happened: a call may be offered in one and answered
in the next.
"""

from datetime import datetime
from itertools import zip_longest

from callcenter.calls.cdr import Cdr, CdrLeg, CdrStep, CdrTransfer, CdrVisit
from callcenter.calls.model import EndedBy, QueueLeftBy
from callcenter.reports.model import (
    EDGES,
    FAILED,
    RESULTS,
    Counts,
    Key,
    Tally,
    key_of,
    ms_of,
    quarter_of,
    split,
)

MENU_KEYS = 3
"""Longer input than this is no menu choice, perhaps a card number; it is not kept in counts."""
HUNG_UP = "hung up"
UNKNOWN = "unknown"
OUTSIDE = "trunk"
_DIALLED = 64  # as long as a CDR keeps it
_KINDS = {
    "voicemail": "out_voicemail",
    "queue": "out_queue",
    "flow": "out_menu",
}


def tally_of(cdr: Cdr) -> Tally:
    """What this call adds to the counts; the same for a CDR before and after it was stored."""
    tally = Tally()
    count(tally, cdr)
    return tally


def count(tally: Tally, cdr: Cdr) -> None:
    """Add what this call adds to the counts."""
    _call(tally, cdr)
    for visit in cdr.visits:
        _visit(tally, cdr, visit)
    for leg in cdr.legs:
        _leg(tally, cdr, leg)
    for transfer in cdr.transfers:
        _transfer(tally, cdr, transfer)
    _steps(tally, cdr)


def outcome_of(cdr: Cdr, visit: CdrVisit) -> str:
    """Column of ``interval_queues`` in which the end of a visit counts."""
    if visit.by == QueueLeftBy.ANSWERED:
        return "answered"
    if visit.by == QueueLeftBy.ABANDONED:
        return "out_lost" if cdr.ended_by is EndedBy.LOST else "abandoned"
    if visit.reason == "callback":
        return "out_callback"
    return _KINDS.get(visit.to.partition(":")[0], "out_elsewhere" if visit.to else "out_menu")


def _call(tally: Tally, cdr: Cdr) -> None:
    table, started, ended = Counts.CALLS, quarter_of(cdr.started_at), quarter_of(cdr.ended_at)
    result = cdr.result.value if cdr.result.value in RESULTS else "other"
    kinds = [("tenant", ""), ("source", cdr.source)]
    if cdr.source == OUTSIDE:  # what phones of ours dial is no number that we host
        kinds += [("number", cdr.dialled[:_DIALLED]), ("region", cdr.region or UNKNOWN)]
    talk = round(cdr.talk_seconds * 1000)
    spans = list(split(cdr.started_at, cdr.ended_at))
    for kind, name in kinds:
        key = key_of(table, started, kind, cdr.tenant, name)
        tally.add(table, key, "calls")
        last = (ended, *key[1:])
        tally.add(table, last, result)
        tally.add(table, last, "talk_ms", talk)
        for quarter, ms in spans:
            tally.add(table, (quarter, *key[1:]), "call_ms", ms)
        for quarter in range(started + 1, ended + 1):
            tally.add(table, (quarter, *key[1:]), "running")


def _visit(tally: Tally, cdr: Cdr, visit: CdrVisit) -> None:
    table, tenant, queue = Counts.QUEUES, cdr.tenant, visit.queue
    joined, left = quarter_of(visit.joined_at), quarter_of(visit.left_at)
    tally.add(table, key_of(table, joined, tenant, queue), "offered")
    for quarter in range(joined + 1, left + 1):
        tally.add(table, key_of(table, quarter, tenant, queue), "waiting")
    key, outcome = key_of(table, left, tenant, queue), outcome_of(cdr, visit)
    tally.add(table, key, outcome)
    if outcome not in ("answered", "abandoned"):
        return
    wait = ms_of(visit.left_at) - ms_of(visit.joined_at)
    tally.add(table, key, "wait_ms" if outcome == "answered" else "abandoned_wait_ms", wait)
    for edge in EDGES:
        if wait <= edge * 1000:
            tally.add(table, key, f"{outcome}_within_{edge}")
    if outcome == "answered" and visit.announced_seconds is not None:
        tally.add(table, key, "announced")
        if wait <= visit.announced_seconds * 1000:
            tally.add(table, key, "announced_kept")


def _leg(tally: Tally, cdr: Cdr, leg: CdrLeg) -> None:
    if leg.kind == "caller":
        return
    begun, ended = quarter_of(leg.started_at), quarter_of(leg.ended_at or leg.started_at)
    if leg.queue and leg.answered_at is not None:
        key = key_of(Counts.QUEUES, ended, cdr.tenant, leg.queue)
        tally.add(Counts.QUEUES, key, "handled")
        _add_talk(tally, Counts.QUEUES, key, leg)
    if not leg.seat:
        return
    table = Counts.SEATS
    tally.add(table, key_of(table, begun, cdr.tenant, leg.seat), "offers")
    over = ended if leg.answered_at is None else quarter_of(leg.answered_at)
    tally.add(table, key_of(table, over, cdr.tenant, leg.seat), offer_column(leg))
    if leg.answered_at is not None:
        _add_talk(tally, table, key_of(table, ended, cdr.tenant, leg.seat), leg)


def _add_talk(tally: Tally, table: Counts, key: Key, leg: CdrLeg) -> None:
    hold = round(leg.hold_seconds * 1000)
    tally.add(table, key, "talk_ms", round(leg.talk_seconds * 1000) - hold)
    tally.add(table, key, "hold_ms", hold)


def offer_column(leg: CdrLeg) -> str:
    """Column of ``interval_seats`` in which an offer counts."""
    if leg.answered_at is not None:
        return "answered"
    return leg.outcome if leg.outcome in FAILED else "other"


def _transfer(tally: Tally, cdr: Cdr, transfer: CdrTransfer) -> None:
    if seat := _seat_at(cdr, transfer.by, transfer.at):
        table = Counts.SEATS
        tally.add(table, key_of(table, quarter_of(transfer.at), cdr.tenant, seat), "sent_on")


def _seat_at(cdr: Cdr, extension: str, at: datetime) -> str:
    """The seat that sat at this phone when the caller was sent on from it."""
    for leg in reversed(cdr.legs):
        if leg.seat and leg.endpoint == extension and leg.started_at <= at:
            return leg.seat
    return ""


def _steps(tally: Tally, cdr: Cdr) -> None:
    table = Counts.STEPS
    for step, following in zip_longest(cdr.steps, cdr.steps[1:]):
        keys = step.keys if len(step.keys) <= MENU_KEYS else ""
        named = (cdr.tenant, step.flow, step.node, step.outcome, keys, _next(cdr, step, following))
        tally.add(table, key_of(table, quarter_of(step.at), *named), "steps")


def _next(cdr: Cdr, step: CdrStep, following: CdrStep | None) -> str:
    """Where the caller went from a node."""
    if following is not None:
        same = following.flow == step.flow
        return following.node if same else f"{following.flow}/{following.node}"
    visit = next((visit for visit in cdr.visits if visit.joined_at >= step.at), None)
    if visit is not None:
        return f"queue {visit.queue}"
    if any(leg.answered_at for leg in cdr.legs[1:] if leg.started_at >= step.at):
        return "talk"
    return HUNG_UP if cdr.ended_by is EndedBy.CALLER else "end"
