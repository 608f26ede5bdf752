"""Members in the database."""

from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, Row, String, Table, delete, select

from callcenter.kernel.database import UtcDateTime, metadata
from callcenter.members.model import Member

members = Table(
    "members",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("number", String(20), primary_key=True),
    Column("pin_hash", String(255), nullable=False),
    Column("failed", Integer, nullable=False),
    Column("locked", Boolean, nullable=False),
    Column("valid_from", UtcDateTime),
    Column("valid_to", UtcDateTime),
    Column("allowance_seconds", Integer),
    Column("services_left", Integer),
    Column("priority", Integer, nullable=False),
    Column("queue", String(64), nullable=False),
)


def load_members(connection: Connection) -> list[Member]:
    """Everybody, by tenant and number."""
    rows = connection.execute(select(members).order_by(members.c.tenant, members.c.number))
    return [_member(row) for row in rows]


def save_member(connection: Connection, member: Member) -> None:
    """Write a member, or write it anew."""
    remove_member(connection, member.tenant, member.number)
    connection.execute(
        members.insert().values(
            tenant=member.tenant,
            number=member.number,
            pin_hash=member.pin_hash,
            failed=member.failed,
            locked=member.locked,
            valid_from=member.valid_from,
            valid_to=member.valid_to,
            allowance_seconds=member.allowance_seconds,
            services_left=member.services_left,
            priority=member.priority,
            queue=member.queue,
        )
    )


def remove_member(connection: Connection, tenant: str, number: str) -> bool:
    """Forget a member; ``False`` when there was none."""
    gone = connection.execute(
        delete(members).where(members.c.tenant == tenant, members.c.number == number)
    )
    return bool(gone.rowcount)


def _member(row: Row[Any]) -> Member:
    return Member(
        tenant=row.tenant,
        number=row.number,
        pin_hash=row.pin_hash,
        failed=row.failed,
        locked=row.locked,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        allowance_seconds=row.allowance_seconds,
        services_left=row.services_left,
        priority=row.priority,
        queue=row.queue,
    )
