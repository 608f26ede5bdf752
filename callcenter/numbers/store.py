"""Tenants, numbers, extensions and trunks in the database."""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    delete,
    false,
    select,
)

from callcenter.kernel.database import metadata
from callcenter.numbers.destination import Destination
from callcenter.numbers.model import (
    Extension,
    HostedNumber,
    Numbers,
    NumberState,
    Tenant,
    Trunk,
)

tenants = Table(
    "tenants",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("language", String(8), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("country", String(2), nullable=False),
    Column("calls_limit", Integer, nullable=False),
    Column("announce_listening", String(8), nullable=False, server_default=""),
    Column("listens", Integer, nullable=False, server_default="1"),
)

numbers = Table(
    "numbers",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("destination", String(80), nullable=False),
    Column("hours", String(64), nullable=False),
    Column("closed_to", String(80), nullable=False),
    Column("holiday_to", String(80), nullable=False),
    Column("whitelist_only", Boolean, nullable=False),
    Column("calls_limit", Integer, nullable=False),
    Column("over_limit_to", String(80), nullable=False),
    Column("fallback", String(80), nullable=False),
    Column("state", String(16), nullable=False),
    Column("colour_ring", String(80), nullable=False, server_default=""),
)

extensions = Table(
    "extensions",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("secret", String(128), nullable=False),
    Column("name", String(128), nullable=False),
    Column("outside", Boolean, nullable=False, server_default=false()),
    Column("colour_ring", String(80), nullable=False, server_default=""),
)

trunks = Table(
    "trunks",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("match", String(64), nullable=False),
    Column("contact", String(100), nullable=False, server_default=""),
)


def load_numbers(connection: Connection) -> Numbers:
    """Everything about who can be reached."""
    places = _Places()
    return Numbers(
        tenants={
            row.id: Tenant(
                id=row.id,
                name=row.name,
                language=row.language,
                zone=row.zone,
                country=row.country,
                calls_limit=row.calls_limit,
                announce_listening=row.announce_listening,
                listens=row.listens,
            )
            for row in connection.execute(select(tenants))
        },
        numbers={row.number: _hosted(row, places) for row in connection.execute(select(numbers))},
        extensions={
            row.number: Extension(
                number=row.number,
                tenant=row.tenant,
                secret=row.secret,
                name=row.name,
                outside=row.outside,
                colour_ring=row.colour_ring,
            )
            for row in connection.execute(select(extensions))
        },
        trunks={
            row.name: Trunk(name=row.name, match=row.match, contact=row.contact)
            for row in connection.execute(select(trunks))
        },
    )


def save_tenant(connection: Connection, tenant: Tenant) -> None:
    """Write a tenant, or write it anew."""
    connection.execute(delete(tenants).where(tenants.c.id == tenant.id))
    connection.execute(
        tenants.insert().values(
            id=tenant.id,
            name=tenant.name,
            language=tenant.language,
            zone=tenant.zone,
            country=tenant.country,
            calls_limit=tenant.calls_limit,
            announce_listening=tenant.announce_listening,
            listens=tenant.listens,
        )
    )


def save_number(connection: Connection, number: HostedNumber) -> None:
    """Write a hosted number, or write it anew."""
    remove_number(connection, number.number)
    connection.execute(
        numbers.insert().values(
            number=number.number,
            tenant=number.tenant,
            destination=str(number.destination),
            hours=number.hours,
            closed_to=_text(number.closed_to),
            holiday_to=_text(number.holiday_to),
            whitelist_only=number.whitelist_only,
            calls_limit=number.calls_limit,
            over_limit_to=str(number.over_limit_to),
            fallback=_text(number.fallback),
            state=number.state.value,
            colour_ring=number.colour_ring,
        )
    )


def remove_number(connection: Connection, number: str) -> bool:
    """Forget a number; ``False`` when it was not there."""
    return bool(connection.execute(delete(numbers).where(numbers.c.number == number)).rowcount)


class _Places(dict[str, Destination]):
    """Each destination is read once; thousands of numbers share a few."""

    def __missing__(self, text: str) -> Destination:
        self[text] = found = Destination.parse(text)
        return found


def _hosted(row: Row[Any], places: _Places) -> HostedNumber:
    return HostedNumber(
        number=row.number,
        tenant=row.tenant,
        destination=places[row.destination],
        hours=row.hours,
        closed_to=places[row.closed_to] if row.closed_to else None,
        holiday_to=places[row.holiday_to] if row.holiday_to else None,
        whitelist_only=row.whitelist_only,
        calls_limit=row.calls_limit,
        over_limit_to=places[row.over_limit_to],
        fallback=places[row.fallback] if row.fallback else None,
        state=NumberState(row.state),
        colour_ring=row.colour_ring,
    )


def _text(destination: Destination | None) -> str:
    return str(destination) if destination else ""


def save_extension(connection: Connection, extension: Extension) -> None:
    """Write an extension, or write it anew."""
    connection.execute(delete(extensions).where(extensions.c.number == extension.number))
    connection.execute(
        extensions.insert().values(
            number=extension.number,
            tenant=extension.tenant,
            secret=extension.secret,
            name=extension.name,
            outside=extension.outside,
            colour_ring=extension.colour_ring,
        )
    )


def save_trunk(connection: Connection, trunk: Trunk) -> None:
    """Write a trunk, or write it anew."""
    connection.execute(delete(trunks).where(trunks.c.name == trunk.name))
    connection.execute(
        trunks.insert().values(name=trunk.name, match=trunk.match, contact=trunk.contact)
    )
