"""Boxes in the database."""

import json

from sqlalchemy import Column, Connection, Integer, String, Table, Text, delete, select

from callcenter.kernel.database import metadata
from callcenter.records.boxes.model import Box, Boxes

voicemail_boxes = Table(
    "voicemail_boxes",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("greeting", String(80), nullable=False),
    Column("mail", Text, nullable=False),  # JSON: list of addresses
    Column("seats", Text, nullable=False),  # JSON: list of seats
    Column("keep_days", Integer),
)
_b = voicemail_boxes.c


def load_boxes(connection: Connection) -> Boxes:
    """All of them."""
    found = (
        Box(
            tenant=row.tenant,
            name=row.name,
            greeting=row.greeting,
            mail=tuple(json.loads(row.mail)),
            seats=tuple(json.loads(row.seats)),
            keep_days=row.keep_days,
        )
        for row in connection.execute(select(voicemail_boxes).order_by(_b.tenant, _b.name))
    )
    return Boxes(known={(box.tenant, box.name): box for box in found})


def save_box(connection: Connection, box: Box) -> None:
    """Set it up (anew)."""
    remove_box(connection, box.tenant, box.name)
    connection.execute(
        voicemail_boxes.insert().values(
            tenant=box.tenant,
            name=box.name,
            greeting=box.greeting,
            mail=json.dumps(box.mail),
            seats=json.dumps(box.seats),
            keep_days=box.keep_days,
        )
    )


def remove_box(connection: Connection, tenant: str, name: str) -> bool:
    """Forget how it was set up; its messages stay. ``False``: it was not."""
    named = (_b.tenant == tenant) & (_b.name == name)
    return connection.execute(delete(voicemail_boxes).where(named)).rowcount > 0
