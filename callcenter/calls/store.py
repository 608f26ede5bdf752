"""CDRs with their parts, and the stories behind them, in the database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, select, update

from callcenter.calls.cdr import Cdr, CdrLeg, CdrStep, CdrTransfer, CdrVisit, Result
from callcenter.calls.explaining import Moment
from callcenter.calls.model import EndedBy
from callcenter.calls.tables import (
    call_explanations,
    cdr_legs,
    cdr_steps,
    cdr_transfers,
    cdr_visits,
    cdrs,
)
from callcenter.kernel.database import fit

_AT_ONCE = 500
_Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class EndedCall:
    """What is written when a call ends."""

    cdr: Cdr
    moments: tuple[Moment, ...]


@dataclass(frozen=True)
class _Part:
    """A list of a CDR: its field, its table, the class of its rows."""

    name: str
    table: Table
    kind: type[Any]


PARTS = (
    _Part("legs", cdr_legs, CdrLeg),
    _Part("visits", cdr_visits, CdrVisit),
    _Part("steps", cdr_steps, CdrStep),
    _Part("transfers", cdr_transfers, CdrTransfer),
)
_LISTS = {part.name for part in PARTS}
_COLUMNS = tuple(each.name for each in fields(Cdr) if each.name not in _LISTS)


def save_ended(connection: Connection, calls: Sequence[EndedCall]) -> None:
    """Write ended calls in a few statements; once more replaces them by the same."""
    by_id = {call.cdr.id: call for call in calls}  # the last of each
    save_cdrs(connection, [call.cdr for call in by_id.values()])
    told = [
        {"call": call, "moments": msgspec.json.encode(ended.moments).decode()}
        for call, ended in by_id.items()
    ]
    if told:
        connection.execute(call_explanations.insert(), told)


def save_cdrs(connection: Connection, saved: Sequence[Cdr]) -> None:
    """Write CDRs with their parts; writing one once more replaces it."""
    by_id = {cdr.id: cdr for cdr in saved}
    _delete_known(connection, list(by_id))
    for table, rows in cdr_rows(by_id.values()):
        if rows:
            connection.execute(table.insert(), rows)


def cdr_rows(found: Iterable[Cdr]) -> list[tuple[Table, list[_Row]]]:
    """The rows of CDRs, table by table, each value as long as its column takes."""
    heads: list[_Row] = []
    parts: dict[str, list[_Row]] = {part.name: [] for part in PARTS}
    for cdr in found:
        heads.append(fit(cdrs, {name: getattr(cdr, name) for name in _COLUMNS}))
        for part in PARTS:
            parts[part.name] += [
                fit(part.table, {"call": cdr.id, "position": position, **vars(row)})
                for position, row in enumerate(getattr(cdr, part.name))
            ]
    return [(cdrs, heads), *((part.table, parts[part.name]) for part in PARTS)]


def add_recording(
    connection: Connection,
    *,
    call: str,
    path: str,
    seconds: float,
    levels: tuple[float, float],
    sha256: str,
) -> None:
    """The recording of a call that had ended before it could be kept."""
    unnamed = (cdrs.c.id == call) & (cdrs.c.recording == "")
    values = {"caller_rms": levels[0], "seat_rms": levels[1], "sha256": sha256}
    named = update(cdrs).where(unnamed)
    connection.execute(named.values(recording=path, recording_seconds=seconds, **values))


def delete_cdrs(connection: Connection, calls: Sequence[str]) -> None:
    """Delete calls with all their parts and stories."""
    for start in range(0, len(calls), _AT_ONCE):
        some = calls[start : start + _AT_ONCE]
        for table in (call_explanations, *(part.table for part in PARTS)):
            connection.execute(delete(table).where(table.c.call.in_(some)))
        connection.execute(delete(cdrs).where(cdrs.c.id.in_(some)))


def get_moments(connection: Connection, call: str) -> tuple[Moment, ...] | None:
    """Why an ended call went where it went; ``None`` when there is no such call."""
    query = select(call_explanations.c.moments).where(call_explanations.c.call == call)
    told = connection.execute(query).scalar_one_or_none()
    return None if told is None else msgspec.json.decode(told, type=tuple[Moment, ...])


def list_cdrs(
    connection: Connection,
    *,
    most: int = 50,
    parts: bool = True,
    tenants: Collection[str] | None = None,
) -> list[Cdr]:
    """The newest CDRs, of all tenants or of some, newest first, with their parts if wanted."""
    query = select(cdrs).order_by(cdrs.c.started_at.desc(), cdrs.c.id.desc()).limit(most)
    if tenants is not None:
        query = query.where(cdrs.c.tenant.in_(tenants))
    found = [cdr_from(row._mapping) for row in connection.execute(query)]
    if parts:
        add_parts(connection, found)
    return found


def get_cdr(connection: Connection, call: str) -> Cdr | None:
    """One CDR by its call id."""
    row = connection.execute(select(cdrs).where(cdrs.c.id == call)).one_or_none()
    if row is None:
        return None
    cdr = cdr_from(row._mapping)
    add_parts(connection, [cdr])
    return cdr


def add_parts(connection: Connection, found: Sequence[Cdr]) -> None:
    """Read the parts of these CDRs."""
    for start in range(0, len(found), _AT_ONCE):
        by_id = {cdr.id: cdr for cdr in found[start : start + _AT_ONCE]}
        for part in PARTS:
            of = part.table.c
            query = select(part.table).where(of.call.in_(by_id)).order_by(of.call, of.position)
            for row in connection.execute(query).mappings():
                values = dict(row)
                del values["position"]
                getattr(by_id[values.pop("call")], part.name).append(part.kind(**values))


def cdr_from(row: Mapping[Any, Any]) -> Cdr:
    """A CDR without its parts, from its row."""
    values = dict(row)
    values["result"], values["ended_by"] = Result(row["result"]), EndedBy(row["ended_by"])
    return Cdr(**values)


def _delete_known(connection: Connection, calls: list[str]) -> None:
    for start in range(0, len(calls), _AT_ONCE):
        some = calls[start : start + _AT_ONCE]
        known = list(connection.scalars(select(cdrs.c.id).where(cdrs.c.id.in_(some))))
        if known:
            delete_cdrs(connection, known)
