"""Voicemail messages in the database."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    String,
    Table,
    delete,
    func,
    select,
    update,
)

from callcenter.kernel.database import UtcDateTime, fit, metadata
from callcenter.records.model import Message

voicemail_messages = Table(
    "voicemail_messages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("box", String(64), nullable=False),
    Column("call", String(32), nullable=False),
    Column("caller", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("path", String(255), nullable=False),
    Column("heard_at", UtcDateTime),
    Column("handed_by", String(160), nullable=False, server_default=""),
    Column("called_back_at", UtcDateTime),
    Index("ix_voicemail_messages_box_at", "box", "at"),
)
_m = voicemail_messages.c


def save_message(connection: Connection, message: Message) -> bool:
    """Keep a message; one that is there already stays as it is (it may have been heard).

    Says whether it is new.
    """
    known = select(_m.id).where(_m.id == message.id)
    if connection.execute(known).first() is not None:
        return False
    row = fit(voicemail_messages, asdict(message))
    connection.execute(voicemail_messages.insert().values(**row))
    return True


def list_messages(connection: Connection, *, box: str = "") -> list[Message]:
    """Messages of a box, or of all; newest first."""
    query = select(voicemail_messages).order_by(_m.at.desc(), _m.id.desc())
    query = query.where(_m.box == box) if box else query
    return [Message(**row._mapping) for row in connection.execute(query)]


def list_messages_of(connection: Connection, tenant: str, boxes: Sequence[str]) -> list[Message]:
    """Messages of these boxes of one tenant."""
    mine = (_m.tenant == tenant) & _m.box.in_(boxes)
    query = select(voicemail_messages).where(mine).order_by(_m.at, _m.id)
    return [Message(**row._mapping) for row in connection.execute(query)]


def count_messages(connection: Connection) -> dict[tuple[str, str], tuple[int, int]]:
    """New and old messages by tenant and box."""
    heard = func.count(_m.heard_at)
    query = select(_m.tenant, _m.box, func.count(), heard).group_by(_m.tenant, _m.box)
    rows = connection.execute(query)
    return {(row[0], row[1]): (row[2] - row[3], row[3]) for row in rows}


def get_message(connection: Connection, message: str) -> Message | None:
    """One message."""
    row = connection.execute(select(voicemail_messages).where(_m.id == message)).first()
    return Message(**row._mapping) if row else None


def mark_heard(connection: Connection, message: str, at: datetime) -> None:
    """Somebody has listened to it; the first time counts."""
    unheard = (_m.id == message) & _m.heard_at.is_(None)
    connection.execute(update(voicemail_messages).where(unheard).values(heard_at=at))


def mark_called_back(connection: Connection, message: str, at: datetime) -> None:
    """Its caller was called back; the last time counts."""
    query = update(voicemail_messages).where(_m.id == message)
    connection.execute(query.values(called_back_at=at))


def move_message(connection: Connection, message: str, box: str, *, handed_by: str) -> None:
    """Put it into another box, where nobody has heard it."""
    query = update(voicemail_messages).where(_m.id == message)
    connection.execute(query.values(box=box, handed_by=handed_by[:160], heard_at=None))


def remove_message(connection: Connection, message: str) -> None:
    """Forget it."""
    connection.execute(delete(voicemail_messages).where(_m.id == message))
