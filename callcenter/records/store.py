"""Voicemail messages in the database."""

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
    select,
    update,
)

from callcenter.kernel.database import UtcDateTime, metadata
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
    Index("ix_voicemail_messages_box_at", "box", "at"),
)
_m = voicemail_messages.c


def save_message(connection: Connection, message: Message) -> None:
    """Keep a message; one that is there already stays as it is (it may have been heard)."""
    known = select(_m.id).where(_m.id == message.id)
    if connection.execute(known).first() is None:
        connection.execute(voicemail_messages.insert().values(**asdict(message)))


def list_messages(connection: Connection, *, box: str = "") -> list[Message]:
    """Messages of a box, or of all; newest first."""
    query = select(voicemail_messages).order_by(_m.at.desc(), _m.id.desc())
    query = query.where(_m.box == box) if box else query
    return [Message(**row._mapping) for row in connection.execute(query)]


def get_message(connection: Connection, message: str) -> Message | None:
    """One message."""
    row = connection.execute(select(voicemail_messages).where(_m.id == message)).first()
    return Message(**row._mapping) if row else None


def mark_heard(connection: Connection, message: str, at: datetime) -> None:
    """Somebody has listened to it; the first time counts."""
    unheard = (_m.id == message) & _m.heard_at.is_(None)
    connection.execute(update(voicemail_messages).where(unheard).values(heard_at=at))


def remove_message(connection: Connection, message: str) -> None:
    """Forget it."""
    connection.execute(delete(voicemail_messages).where(_m.id == message))
