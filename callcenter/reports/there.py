"""Who was there when each row's time began, and the proof that nobody was lost in it."""

from sqlalchemy import Connection

from callcenter.reports.answer import Asked, Proof
from callcenter.reports.balances import CALLS, Flow
from callcenter.reports.columns import Adding, Grid, Name
from callcenter.reports.lines import Times
from callcenter.reports.store import there_at

CALL_KINDS = {"traffic": "tenant", "tenants": "tenant", "numbers": "number", "regions": "region"}
"""Which calls are counted for a report."""


def with_there(connection: Connection, asked: Asked, grid: Grid, flow: Flow) -> tuple[Grid, Proof]:
    """The rows with those who were there, and the proof.

    Raises:
        ProofFailed: a row does not add up.
    """
    times, there = Times(asked.by, asked.span), _there(connection, asked, flow)
    places = times.places(there.begins)
    inside = there.begins < asked.span.end
    rows = Adding()
    rows.add_grid(grid)
    rows.add_grid(there.where(inside))
    made = rows.grid()
    later = there.where(places > 0)
    before = times.begins[places[places > 0] - 1]  # those who are there then have to be left over
    after = made.placed(later, before, later.sums[flow.there])
    left = flow.left(made.sums.__getitem__)
    wrong = (left != after).nonzero()[0]
    if len(wrong):
        begin, names = made.row(int(wrong[0]))
        own = flow.keys[len(flow.keys) - len(names) :]
        about: dict[str, int | str] = {"quarter": begin, **dict.fromkeys(flow.keys, "")}
        about.update(zip(own, names, strict=True))
        raise flow.broken(about, int(left[wrong[0]]), int(after[wrong[0]]))
    return made, Proof(name=flow.name, what=flow.what, checked=len(made))


def _there(connection: Connection, asked: Asked, flow: Flow) -> Grid:
    """At the first quarter of each time, and at the end of the last one."""
    times = Times(asked.by, asked.span)
    edges = {*times.begins.tolist(), asked.span.end}
    only = {"kind": CALL_KINDS[asked.kind]} if flow is CALLS else {}
    found = Adding()
    for names, (quarters, counts) in there_at(connection, flow.table, edges, only):
        found.add(quarters, names, {flow.there: counts})
    whole = found.grid()
    rows = Adding()
    rows.add_grid(whole, [_name(asked, flow, name) for name in whole.known])
    return rows.grid()


def _name(asked: Asked, flow: Flow, name: Name) -> Name | None:
    """As the report's rows are named; ``None``: it is none of them."""
    tenant = name[1] if flow is CALLS else name[0]
    if asked.whose is not None and tenant not in asked.whose:
        return None
    if flow is not CALLS:
        return name
    return {"traffic": (), "tenants": (tenant,)}.get(asked.kind, (name[2],))
