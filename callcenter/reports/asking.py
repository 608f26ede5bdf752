"""Each kind of report from the counts: which table, which sums, which names."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from sqlalchemy import Connection

from callcenter.acd.store import load_plan
from callcenter.kernel.errors import Refused
from callcenter.reports.answer import KINDS, Asked, Report, made
from callcenter.reports.balances import CALLS, QUEUES
from callcenter.reports.columns import Adding, Grid, Ints
from callcenter.reports.model import EDGES, VALUES, WITHIN, Counts
from callcenter.reports.seat_report import seats
from callcenter.reports.sums import Wanted, add_up
from callcenter.reports.survey_report import survey
from callcenter.reports.there import CALL_KINDS, with_there

USUAL = (20, 5)
"""T and S of a queue that is set up no more."""


def ask(connection: Connection, asked: Asked) -> Report:
    """Answer.

    Raises:
        Refused: there is no such report, or T or S is none that is counted.
    """
    if asked.kind not in KINDS:
        raise Refused(f"There is no report {asked.kind!r}; there are: {', '.join(KINDS)}.")
    for seconds in (asked.within, asked.short):
        if seconds and seconds not in EDGES:
            steps = ", ".join(map(str, EDGES))
            raise Refused(f"Waiting is counted in steps of {steps} s, and not of {seconds} s.")
    return _ANSWERS[asked.kind](connection, asked)


def _calls(connection: Connection, asked: Asked, names: tuple[str, ...]) -> Report:
    columns = [column for column in VALUES[Counts.CALLS] if column != "running"]
    of = {"name": "name", "tenant": "tenant"}
    wanted = Wanted(
        table=Counts.CALLS,
        names=[of[name] for name in names],
        columns=columns,
        only={"kind": CALL_KINDS[asked.kind]},
        tenants=asked.whose,
        own=asked.kind == "numbers",
    )
    found = add_up(connection, wanted, asked.span, asked.by)
    grid, proof = with_there(connection, asked, found, CALLS)
    return made(asked, grid, names, proofs=[proof])


def _traffic(connection: Connection, asked: Asked) -> Report:
    return _calls(connection, asked, ())


def _tenants(connection: Connection, asked: Asked) -> Report:
    return _calls(connection, asked, ("tenant",))


def _numbers(connection: Connection, asked: Asked) -> Report:
    return _calls(connection, asked, ("name",))


def _regions(connection: Connection, asked: Asked) -> Report:
    return _calls(connection, asked, ("name",))


def _queues(connection: Connection, asked: Asked) -> Report:
    targets = _targets(connection, asked)
    edges = {edge for pair in (*targets.values(), _target(asked, USUAL)) for edge in pair}
    columns = [
        column
        for column in VALUES[Counts.QUEUES]
        if column != "waiting" and (column not in WITHIN or int(column.rpartition("_")[2]) in edges)
    ]
    names = ("tenant", "queue")
    wanted = Wanted(
        table=Counts.QUEUES, names=names, columns=columns, tenants=asked.whose, own=True
    )
    found = add_up(connection, wanted, asked.span, asked.by)
    grid, proof = with_there(connection, asked, found, QUEUES)
    grid = _with_wrap_ups(connection, asked, grid)
    of = [targets.get(queue, _target(asked, USUAL)) for _, queue in grid.known]
    within, short = [target[0] for target in of], [target[1] for target in of]
    grid.sums["within"] = _at_edge(grid, "answered_within", within)
    grid.sums["abandoned_in_t"] = _at_edge(grid, "abandoned_within", within)
    grid.sums["short"] = _at_edge(grid, "abandoned_within", short)
    return made(asked, grid, names, notes=_notes(asked, grid, targets), proofs=[proof])


def _at_edge(grid: Grid, what: str, edges: Sequence[int]) -> Ints:
    """For each row what was counted at its own queue's edge."""
    edge_of, column = grid.of_names(edges), np.zeros(len(grid), np.int64)
    for edge in set(edges):
        rows = edge_of == edge
        column[rows] = grid.sums[f"{what}_{edge}"][rows]
    return column


def _targets(connection: Connection, asked: Asked) -> dict[str, tuple[int, int]]:
    """T and S of each queue."""
    queues = load_plan(connection).queues.values()
    return {
        queue.name: _target(asked, (queue.answer_within, queue.short_abandon)) for queue in queues
    }


def _target(asked: Asked, own: tuple[int, int]) -> tuple[int, int]:
    return asked.within or own[0], asked.short or own[1]


def _notes(asked: Asked, grid: Grid, targets: Mapping[str, tuple[int, int]]) -> list[str]:
    seen = sorted({queue for _, queue in grid.known})
    pairs = {targets.get(queue, _target(asked, USUAL)) for queue in seen}
    if len(pairs) == 1:
        within, short = pairs.pop()
        return [f"T = {within} s, S = {short} s."]
    told = (
        f"{queue}: T = {within} s, S = {short} s"
        for queue in seen
        for within, short in [targets.get(queue, _target(asked, USUAL))]
    )
    return ["; ".join(told) + "."] if seen else []


def _with_wrap_ups(connection: Connection, asked: Asked, grid: Grid) -> Grid:
    """Wrap-up is a time of seats, counted by the queue it follows; the queue says whose it is."""
    tenants = {queue: tenant for tenant, queue in grid.known}
    for plan in load_plan(connection).queues.values():
        tenants.setdefault(plan.name, plan.tenant)
    wanted = Wanted(table=Counts.WRAP_UPS, names=("queue",), columns=("ms",), own=True)
    found = add_up(connection, wanted, asked.span, asked.by)
    whose = [(tenants.get(queue, ""), queue) for (queue,) in found.known]
    seen = [n if asked.whose is None or n[0] in asked.whose else None for n in whose]
    rows = Adding()
    rows.add_grid(grid)
    rows.add_grid(found.renamed({"ms": "wrap_up_ms"}), seen)
    return rows.grid()


def _flows(connection: Connection, asked: Asked) -> Report:
    names = ("flow", "node", "outcome", "keys", "next")
    wanted = Wanted(
        table=Counts.STEPS, names=names, columns=("steps",), tenants=asked.whose, own=True
    )
    grid = add_up(connection, wanted, asked.span, asked.by)
    nodes: dict[tuple[str, ...], int] = {}
    node = grid.of_names([nodes.setdefault(name[:2], len(nodes)) for name in grid.known])
    _, at = np.unique(grid.begins * max(1, len(nodes)) + node, return_inverse=True)
    at_node = np.zeros(len(grid), np.int64)
    np.add.at(at_node, at, grid.sums["steps"])
    grid.sums["at_node"] = at_node[at]
    return made(asked, grid, names)


_ANSWERS: Mapping[str, Callable[[Connection, Asked], Report]] = {
    "traffic": _traffic,
    "tenants": _tenants,
    "numbers": _numbers,
    "regions": _regions,
    "queues": _queues,
    "seats": seats,
    "flows": _flows,
    "survey": survey,
}
