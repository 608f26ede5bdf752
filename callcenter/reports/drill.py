"""From a figure down to its calls, by the fold that counted them: what is listed is counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import ColumnElement, Connection, select

from callcenter.acd.store import load_plan
from callcenter.calls.tables import cdr_legs, cdr_steps, cdr_visits, cdrs
from callcenter.kernel.errors import Refused
from callcenter.reports.answer import Asked, figures_of
from callcenter.reports.asking import USUAL
from callcenter.reports.counting import tally_of
from callcenter.reports.model import Counts, Key, Tally
from callcenter.reports.recount import calls_in
from callcenter.reports.there import CALL_KINDS

_TABLES = {
    "queues": (Counts.QUEUES, 2),
    "seats": (Counts.SEATS, 2),
    "flows": (Counts.STEPS, 3),
    "numbers": (Counts.CALLS, 3),
    "regions": (Counts.CALLS, 3),
    "traffic": (Counts.CALLS, 3),
    "tenants": (Counts.CALLS, 2),
}
"""Where a kind counts, and which part of the key names whom a line is about."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A call below a figure, and how often it counts there."""

    call: str
    times: int


def calls_below(
    connection: Connection, asked: Asked, figure: str, name: str = "", most: int = 1000
) -> list[Counted]:
    """Calls that make up ``figure``; ``name``: of this queue, seat, number, region or node alone.

    Raises:
        Refused: no calls stand behind that figure.
    """
    if asked.kind not in _TABLES:
        raise Refused("Answers to surveys are rows of their own: `callcenter survey list`.")
    found = next((each for each in figures_of(asked.kind) if each.name == figure), None)
    if found is None or not found.made_of:
        has = ", ".join(each.name for each in figures_of(asked.kind) if each.made_of)
        raise Refused(f"No calls can be listed for {figure!r}; there are: {has}.")
    targets = _targets(connection, asked)
    return list(islice(_below(connection, asked, found.made_of, name, targets), most))


def _below(
    connection: Connection,
    asked: Asked,
    made_of: tuple[str, ...],
    name: str,
    targets: dict[str, tuple[int, int]],
) -> Iterator[Counted]:
    table, place = _TABLES[asked.kind]
    for cdr in calls_in(connection, asked.span.begin, asked.span.end, *_only(asked, name)):
        tally = tally_of(cdr).between(asked.span.begin, asked.span.end)
        times = sum(
            _times(row, made_of, targets.get(str(key[2]), _usual(asked)))
            for key, row in _rows(tally, table, asked)
            if not name or key[place] == name
        )
        if times:
            yield Counted(call=cdr.id, times=times)


def _rows(tally: Tally, table: Counts, asked: Asked) -> Iterator[tuple[Key, dict[str, int]]]:
    for key, row in tally.rows.get(table, {}).items():
        if table is Counts.CALLS and key[1] != CALL_KINDS[asked.kind]:
            continue
        tenant = str(key[2] if table is Counts.CALLS else key[1])
        if asked.whose is None or tenant in asked.whose:
            yield key, row


def _times(row: dict[str, int], made_of: tuple[str, ...], target: tuple[int, int]) -> int:
    within, short = target
    of = {
        "within": f"answered_within_{within}",
        "abandoned_in_t": f"abandoned_within_{within}",
        "short": f"abandoned_within_{short}",
    }
    return sum(row.get(of.get(column, column), 0) for column in made_of)


def _only(asked: Asked, name: str) -> Iterator[ColumnElement[bool]]:
    """What the database can sort out before; never more than the fold would."""
    if asked.whose is not None:
        yield cdrs.c.tenant.in_(asked.whose)
    if not name:
        return
    if asked.kind == "numbers":
        yield cdrs.c.dialled == name
    elif asked.kind == "queues":
        of_queue = select(cdr_legs.c.call).where(cdr_legs.c.queue == name)
        waited = select(cdr_visits.c.call).where(cdr_visits.c.queue == name)
        yield cdrs.c.id.in_(waited.union(of_queue))
    elif asked.kind == "seats":
        yield cdrs.c.id.in_(select(cdr_legs.c.call).where(cdr_legs.c.seat == name))
    elif asked.kind == "flows":
        yield cdrs.c.id.in_(select(cdr_steps.c.call).where(cdr_steps.c.node == name))


def _targets(connection: Connection, asked: Asked) -> dict[str, tuple[int, int]]:
    if asked.kind != "queues":
        return {}
    return {
        name: (asked.within or plan.answer_within, asked.short or plan.short_abandon)
        for name, plan in load_plan(connection).queues.items()
    }


def _usual(asked: Asked) -> tuple[int, int]:
    return asked.within or USUAL[0], asked.short or USUAL[1]
