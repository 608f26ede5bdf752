"""CDRs and their legs in the database."""

from dataclasses import asdict

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    delete,
    select,
)

from callcenter.calls.cdr import Cdr, CdrLeg, Result
from callcenter.calls.explaining import Moment
from callcenter.calls.model import EndedBy
from callcenter.kernel.database import UtcDateTime, metadata

cdrs = Table(
    "cdrs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("source", String(16), nullable=False),
    Column("caller", String(64), nullable=False),
    Column("caller_name", String(128), nullable=False),
    Column("dialled", String(64), nullable=False),
    Column("rule", String(200), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("seat", String(32), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("wait_seconds", Float),
    Column("talk_seconds", Float, nullable=False),
    Column("result", String(16), nullable=False),
    Column("ended_by", String(16), nullable=False),
    Column("cause", Integer, nullable=False),
    Column("resumed", Integer, nullable=False),
    Column("recording", String(255), nullable=False),
    Column("recording_seconds", Float),
    Column("caller_rms", Float),
    Column("seat_rms", Float),
    Column("sha256", String(64), nullable=False),
    Index("ix_cdrs_tenant_started_at", "tenant", "started_at"),
    Index("ix_cdrs_caller_started_at", "caller", "started_at"),
)

cdr_legs = Table(
    "cdr_legs",
    metadata,
    Column("call", String(32), ForeignKey("cdrs.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("endpoint", String(64), nullable=False),
    Column("seat", String(32), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("rang_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(16), nullable=False),
    Column("hold_seconds", Float, nullable=False, server_default="0"),
)

call_explanations = Table(
    "call_explanations",
    metadata,
    Column("call", String(32), ForeignKey("cdrs.id", ondelete="CASCADE"), primary_key=True),
    Column("moments", Text, nullable=False),  # JSON: list of Moment
)


def save_ended(connection: Connection, cdr: Cdr, moments: tuple[Moment, ...]) -> None:
    """Write a CDR and the story behind it; once more replaces both by the same."""
    connection.execute(delete(call_explanations).where(call_explanations.c.call == cdr.id))
    save_cdr(connection, cdr)
    told = msgspec.json.encode(moments).decode()
    connection.execute(call_explanations.insert().values(call=cdr.id, moments=told))


def get_moments(connection: Connection, call: str) -> tuple[Moment, ...] | None:
    """Why an ended call went where it went; ``None`` when there is no such call."""
    query = select(call_explanations.c.moments).where(call_explanations.c.call == call)
    told = connection.execute(query).scalar_one_or_none()
    return None if told is None else msgspec.json.decode(told, type=tuple[Moment, ...])


def save_cdr(connection: Connection, cdr: Cdr) -> None:
    """Write a CDR; writing it once more replaces it by the same."""
    connection.execute(delete(cdr_legs).where(cdr_legs.c.call == cdr.id))
    connection.execute(delete(cdrs).where(cdrs.c.id == cdr.id))
    row = asdict(cdr)
    legs = row.pop("legs")
    connection.execute(cdrs.insert().values(**row))
    connection.execute(
        cdr_legs.insert(), [{"call": cdr.id, "position": i, **leg} for i, leg in enumerate(legs)]
    )


def list_cdrs(connection: Connection, *, most: int = 50) -> list[Cdr]:
    """The newest CDRs, newest first, with their legs."""
    query = select(cdrs).order_by(cdrs.c.started_at.desc(), cdrs.c.id.desc()).limit(most)
    found = [_cdr(dict(row._mapping)) for row in connection.execute(query)]
    by_id = {cdr.id: cdr for cdr in found}
    legs = select(cdr_legs).where(cdr_legs.c.call.in_(by_id)).order_by(cdr_legs.c.position)
    for row in connection.execute(legs):
        values = dict(row._mapping)
        values.pop("position")
        by_id[values.pop("call")].legs.append(CdrLeg(**values))
    return found


def get_cdr(connection: Connection, call: str) -> Cdr | None:
    """One CDR by its call id."""
    row = connection.execute(select(cdrs).where(cdrs.c.id == call)).one_or_none()
    if row is None:
        return None
    cdr = _cdr(dict(row._mapping))
    legs = select(cdr_legs).where(cdr_legs.c.call == call).order_by(cdr_legs.c.position)
    for leg in connection.execute(legs):
        values = dict(leg._mapping)
        values.pop("position")
        values.pop("call")
        cdr.legs.append(CdrLeg(**values))
    return cdr


def _cdr(row: dict[str, object]) -> Cdr:
    row["result"] = Result(str(row["result"]))
    row["ended_by"] = EndedBy(str(row["ended_by"]))
    return Cdr(**row)  # type: ignore[arg-type]
