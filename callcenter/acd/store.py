"""Seats, queues and what agents said last, in the database."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    String,
    Table,
    Text,
    delete,
    select,
)

from callcenter.acd.model import Pause, Plan, QueuePlan, SeatPlan, SeatStatus, Skill, StrategyName
from callcenter.acd.told import StatusChanged
from callcenter.kernel.database import UtcDateTime, metadata

RULES = (
    "ring_most",
    "ageing",
    "specialists_first",
    "tier_after",
    "needs",
    "recipe",
    "limits",
    "most_rejected",
    "most_unreachable",
    "redial",
    "announce_every",
    "say_position",
    "say_wait",
    "comfort",
    "announce_in",
    "whisper",
    "dispositions",
    "disposition_required",
    "answer_within",
    "short_abandon",
    "survey",
)
"""Fields of a queue's plan kept together as JSON: never searched by, read whole. A field that a
row does not have takes its default, so a new rule needs no migration."""

seats = Table(
    "seats",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("name", String(128), nullable=False),
    Column("pin_hash", String(255), nullable=False),
    Column("skills", Text, nullable=False, server_default="[]"),  # JSON: list of Skill
    Column("listens", Integer, nullable=False, server_default="0"),
)

queues = Table(
    "queues",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("music", String(64), nullable=False),
    Column("ring_seconds", Float, nullable=False),
    Column("wrap_up_seconds", Float, nullable=False),
    Column("rest_after_miss_seconds", Float, nullable=False),
    Column("most_misses", Integer, nullable=False),
    Column("record", Boolean, nullable=False),
    Column("strategy", String(32), nullable=False, server_default="longest-idle"),
    Column("weight", Integer, nullable=False, server_default="0"),
    Column("rules", Text, nullable=False, server_default="{}"),  # JSON: see RULES
)

queue_seats = Table(
    "queue_seats",
    metadata,
    Column("queue", String(64), primary_key=True),
    Column("seat", String(32), primary_key=True),
    Column("tier", Integer, nullable=False),
)

seat_status = Table(
    "seat_status",
    metadata,
    Column("seat", String(32), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("extension", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(64), nullable=False),
    Column("until", UtcDateTime),
)

pauses = Table(
    "pauses",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("key", String(8), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("limit_seconds", Float),
)


def load_plan(connection: Connection) -> Plan:
    """All seats and queues."""
    members: dict[str, list[tuple[str, int]]] = {}
    for row in connection.execute(select(queue_seats).order_by(queue_seats.c.seat)):
        members.setdefault(row.queue, []).append((row.seat, row.tier))
    return Plan(
        seats={
            row.number: SeatPlan(
                number=row.number,
                tenant=row.tenant,
                name=row.name,
                pin_hash=row.pin_hash,
                skills=msgspec.json.decode(row.skills, type=tuple[Skill, ...]),
                listens=row.listens,
            )
            for row in connection.execute(select(seats))
        },
        queues={
            row.name: _queue(row, tuple(members.get(row.name, ())))
            for row in connection.execute(select(queues))
        },
        pauses=_pauses(connection),
    )


def _pauses(connection: Connection) -> dict[str, tuple[Pause, ...]]:
    found: dict[str, tuple[Pause, ...]] = {}
    for row in connection.execute(select(pauses).order_by(pauses.c.key)):
        limit = None if row.limit_seconds is None else timedelta(seconds=row.limit_seconds)
        pause = Pause(key=row.key, name=row.name, limit=limit)
        found[row.tenant] = (*found.get(row.tenant, ()), pause)
    return found


def save_pauses(connection: Connection, tenant: str, reasons: Iterable[Pause]) -> None:
    """Write all reasons of a tenant; none: the usual ones."""
    connection.execute(delete(pauses).where(pauses.c.tenant == tenant))
    for pause in reasons:
        seconds = pause.limit.total_seconds() if pause.limit else None
        connection.execute(
            pauses.insert().values(
                tenant=tenant, key=pause.key, name=pause.name, limit_seconds=seconds
            )
        )


def _queue(row: Any, members: tuple[tuple[str, int], ...]) -> QueuePlan:
    columns = {
        "name": row.name,
        "tenant": row.tenant,
        "music": row.music,
        "ring": timedelta(seconds=row.ring_seconds),
        "wrap_up": timedelta(seconds=row.wrap_up_seconds),
        "rest_after_miss": timedelta(seconds=row.rest_after_miss_seconds),
        "most_misses": row.most_misses,
        "record": row.record,
        "strategy": StrategyName(row.strategy),
        "weight": row.weight,
        "seats": members,
    }
    return msgspec.convert({**msgspec.json.decode(row.rules), **columns}, QueuePlan)


def _rules(queue: QueuePlan) -> str:
    values = {name: getattr(queue, name) for name in RULES}
    return msgspec.json.encode(values).decode()


def save_seat(connection: Connection, seat: SeatPlan) -> None:
    """Write a seat, or write it anew."""
    connection.execute(delete(seats).where(seats.c.number == seat.number))
    connection.execute(
        seats.insert().values(
            number=seat.number,
            tenant=seat.tenant,
            name=seat.name,
            pin_hash=seat.pin_hash,
            skills=msgspec.json.encode(seat.skills).decode(),
            listens=seat.listens,
        )
    )


def save_queue(connection: Connection, queue: QueuePlan) -> None:
    """Write a queue with its seats, or write it anew."""
    connection.execute(delete(queue_seats).where(queue_seats.c.queue == queue.name))
    connection.execute(delete(queues).where(queues.c.name == queue.name))
    connection.execute(
        queues.insert().values(
            name=queue.name,
            tenant=queue.tenant,
            music=queue.music,
            ring_seconds=queue.ring.total_seconds(),
            wrap_up_seconds=queue.wrap_up.total_seconds(),
            rest_after_miss_seconds=queue.rest_after_miss.total_seconds(),
            most_misses=queue.most_misses,
            record=queue.record,
            strategy=queue.strategy.value,
            weight=queue.weight,
            rules=_rules(queue),
        )
    )
    for seat, tier in queue.seats:
        connection.execute(queue_seats.insert().values(queue=queue.name, seat=seat, tier=tier))


def save_status(connection: Connection, change: StatusChanged) -> None:
    """Keep what an agent said last."""
    connection.execute(delete(seat_status).where(seat_status.c.seat == change.seat))
    connection.execute(
        seat_status.insert().values(
            seat=change.seat,
            status=change.status.value,
            reason=change.reason,
            extension=change.extension,
            at=change.at,
            by=change.by,
            until=change.until,
        )
    )


def load_status(connection: Connection) -> list[StatusChanged]:
    """What each agent said last."""
    return [
        StatusChanged(
            seat=row.seat,
            status=SeatStatus(row.status),
            reason=row.reason,
            extension=row.extension,
            at=row.at,
            by=row.by,
            until=row.until,
        )
        for row in connection.execute(select(seat_status))
    ]
