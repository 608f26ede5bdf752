"""Each kind of report from the counts: which table, which sums, which names."""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from callcenter.acd.store import load_plan
from callcenter.kernel.errors import Refused
from callcenter.reports.answer import KINDS, Asked, Proof, Report, made
from callcenter.reports.balances import CALLS, QUEUES, Flow
from callcenter.reports.calendar import buckets
from callcenter.reports.model import EDGES, VALUES, WITHIN, Counts
from callcenter.reports.seat_report import seats
from callcenter.reports.store import there_at
from callcenter.reports.sums import Row, Wanted, add_up
from callcenter.reports.survey_report import survey

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


_KINDS = {"traffic": "tenant", "tenants": "tenant", "numbers": "number", "regions": "region"}
"""Which calls are counted for a report."""


def _calls(connection: Connection, asked: Asked, names: tuple[str, ...]) -> Report:
    columns = [column for column in VALUES[Counts.CALLS] if column != "running"]
    of = {"name": "name", "tenant": "tenant"}
    wanted = Wanted(
        table=Counts.CALLS,
        names=[of[name] for name in names],
        columns=columns,
        only={"kind": _KINDS[asked.kind]},
        tenants=asked.whose,
    )
    rows = add_up(connection, wanted, asked.span, asked.by)
    proofs = _add_there(connection, asked, rows, CALLS)
    return made(asked, rows, names, proofs=proofs)


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
    wanted = Wanted(table=Counts.QUEUES, names=names, columns=columns, tenants=asked.whose)
    rows = add_up(connection, wanted, asked.span, asked.by)
    proofs = _add_there(connection, asked, rows, QUEUES)
    _add_wrap_ups(connection, asked, rows)
    for (_, (_, queue)), sums in rows.items():
        within, short = targets.get(queue, _target(asked, USUAL))
        sums["within"] = sums.get(f"answered_within_{within}", 0)
        sums["abandoned_in_t"] = sums.get(f"abandoned_within_{within}", 0)
        sums["short"] = sums.get(f"abandoned_within_{short}", 0)
    return made(asked, rows, names, notes=_notes(asked, rows, targets), proofs=proofs)


def _targets(connection: Connection, asked: Asked) -> dict[str, tuple[int, int]]:
    """T and S of each queue."""
    queues = load_plan(connection).queues.values()
    return {
        queue.name: _target(asked, (queue.answer_within, queue.short_abandon)) for queue in queues
    }


def _target(asked: Asked, own: tuple[int, int]) -> tuple[int, int]:
    return asked.within or own[0], asked.short or own[1]


def _notes(
    asked: Asked, rows: Mapping[Row, object], targets: Mapping[str, tuple[int, int]]
) -> list[str]:
    seen = sorted({names[1] for _, names in rows})
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


def _add_there(
    connection: Connection, asked: Asked, rows: dict[Row, dict[str, int]], flow: Flow
) -> list[Proof]:
    """Who was there when each row's time began; and the proof that nobody was lost in it."""
    all_times = buckets(asked.by, asked.span)
    edges = {edge for bucket in all_times for edge in (bucket.begin, bucket.end)}
    there: dict[Row, int] = {}
    only = {"kind": _KINDS[asked.kind]} if flow is CALLS else {}
    for (quarter, *names), count in there_at(connection, flow.table, edges, only):
        row = _names(asked, flow, tuple(map(str, names)))
        if row is not None:
            there[int(quarter), row] = there.get((int(quarter), row), 0) + count
    ends = {bucket.begin: bucket.end for bucket in all_times}
    for (quarter, row), count in there.items():
        if quarter in ends:
            rows.setdefault((quarter, row), {})[flow.there] = count
    for (begin, row), sums in rows.items():
        after = there.get((ends[begin], row), 0)
        if flow.left(sums) != after:
            own = flow.keys[len(flow.keys) - len(row) :]
            about: dict[str, int | str] = {"quarter": begin, **dict.fromkeys(flow.keys, "")}
            about.update(zip(own, row, strict=True))
            raise flow.broken(about, flow.left(sums), after)
    return [Proof(name=flow.name, what=flow.what, checked=len(rows))]


def _names(asked: Asked, flow: Flow, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """As the report's rows are named; ``None``: it is none of them."""
    tenant = names[1] if flow is CALLS else names[0]
    if asked.whose is not None and tenant not in asked.whose:
        return None
    if flow is not CALLS:
        return names
    return {"traffic": (), "tenants": (tenant,)}.get(asked.kind, (names[2],))


def _add_wrap_ups(connection: Connection, asked: Asked, rows: dict[Row, dict[str, int]]) -> None:
    """Wrap-up is a time of seats, counted by the queue it follows; the queue says whose it is."""
    tenants = {queue: tenant for _, (tenant, queue) in rows}
    for plan in load_plan(connection).queues.values():
        tenants.setdefault(plan.name, plan.tenant)
    wanted = Wanted(table=Counts.WRAP_UPS, names=("queue",), columns=("ms",))
    for (begin, (queue,)), sums in add_up(connection, wanted, asked.span, asked.by).items():
        tenant = tenants.get(queue, "")
        if asked.whose is None or tenant in asked.whose:
            row = rows.setdefault((begin, (tenant, queue)), {})
            row["wrap_up_ms"] = sums.get("ms", 0)


def _flows(connection: Connection, asked: Asked) -> Report:
    names = ("flow", "node", "outcome", "keys", "next")
    wanted = Wanted(table=Counts.STEPS, names=names, columns=("steps",), tenants=asked.whose)
    rows = add_up(connection, wanted, asked.span, asked.by)
    at_node: dict[tuple[int, str, str], int] = {}
    for (begin, (flow, node, *_)), sums in rows.items():
        key = (begin, flow, node)
        at_node[key] = at_node.get(key, 0) + sums["steps"]
    for (begin, (flow, node, *_)), sums in rows.items():
        sums["at_node"] = at_node[begin, flow, node]
    return made(asked, rows, names)


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
