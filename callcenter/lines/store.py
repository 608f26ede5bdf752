"""Groups of lines in the database."""

from datetime import timedelta

from sqlalchemy import Boolean, Column, Connection, Float, Integer, String, Table, delete, select

from callcenter.kernel.database import metadata
from callcenter.lines.model import Line, LineGroup, LineKind, Lines, Order
from callcenter.numbers.destination import Destination

line_groups = Table(
    "line_groups",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("order", String(16), nullable=False),
    Column("colour_ring", String(80), nullable=False),
    Column("fallback", String(80), nullable=False),
    Column("record", Boolean, nullable=False),
)

lines = Table(
    "lines",
    metadata,
    Column("group", String(64), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("number", String(32), nullable=False),
    Column("trunk", String(64), nullable=False),
    Column("calls", Integer, nullable=False),
    Column("hours", String(64), nullable=False),
    Column("ring_seconds", Float, nullable=False),
)


def load_lines(connection: Connection) -> Lines:
    """Every group."""
    found: dict[str, list[Line]] = {}
    for row in connection.execute(select(lines).order_by(lines.c.group, lines.c.position)):
        found.setdefault(row.group, []).append(
            Line(
                name=row.name,
                kind=LineKind(row.kind),
                number=row.number,
                trunk=row.trunk,
                calls=row.calls,
                hours=row.hours,
                ring=timedelta(seconds=row.ring_seconds),
            )
        )
    return Lines(
        groups={
            row.name: LineGroup(
                name=row.name,
                tenant=row.tenant,
                order=Order(row.order),
                lines=tuple(found.get(row.name, ())),
                colour_ring=row.colour_ring,
                fallback=Destination.parse(row.fallback) if row.fallback else None,
                record=row.record,
            )
            for row in connection.execute(select(line_groups))
        }
    )


def save_group(connection: Connection, group: LineGroup) -> None:
    """Write a group with its lines, or write it anew."""
    remove_group(connection, group.name)
    connection.execute(
        line_groups.insert().values(
            name=group.name,
            tenant=group.tenant,
            order=group.order.value,
            colour_ring=group.colour_ring,
            fallback=str(group.fallback) if group.fallback else "",
            record=group.record,
        )
    )
    for position, line in enumerate(group.lines):
        connection.execute(
            lines.insert().values(
                group=group.name,
                position=position,
                name=line.name,
                kind=line.kind.value,
                number=line.number,
                trunk=line.trunk,
                calls=line.calls,
                hours=line.hours,
                ring_seconds=line.ring.total_seconds(),
            )
        )


def remove_group(connection: Connection, name: str) -> bool:
    """Forget a group; ``False`` when it was not there."""
    connection.execute(delete(lines).where(lines.c.group == name))
    gone = connection.execute(delete(line_groups).where(line_groups.c.name == name))
    return bool(gone.rowcount)
