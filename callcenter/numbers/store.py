"""Tenants, numbers, extensions and trunks in the database."""

from sqlalchemy import Column, Connection, String, Table, delete, select

from callcenter.kernel.database import metadata
from callcenter.numbers.model import Extension, HostedNumber, Numbers, Tenant, Trunk

tenants = Table(
    "tenants",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("language", String(8), nullable=False),
    Column("zone", String(64), nullable=False),
)

numbers = Table(
    "numbers",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("flow", String(64), nullable=False),
)

extensions = Table(
    "extensions",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("secret", String(128), nullable=False),
    Column("name", String(128), nullable=False),
)

trunks = Table(
    "trunks",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("match", String(64), nullable=False),
)


def load_numbers(connection: Connection) -> Numbers:
    """Everything about who can be reached."""
    return Numbers(
        tenants={
            row.id: Tenant(id=row.id, name=row.name, language=row.language, zone=row.zone)
            for row in connection.execute(select(tenants))
        },
        numbers={
            row.number: HostedNumber(number=row.number, tenant=row.tenant, flow=row.flow)
            for row in connection.execute(select(numbers))
        },
        extensions={
            row.number: Extension(
                number=row.number, tenant=row.tenant, secret=row.secret, name=row.name
            )
            for row in connection.execute(select(extensions))
        },
        trunks={
            row.name: Trunk(name=row.name, match=row.match)
            for row in connection.execute(select(trunks))
        },
    )


def save_tenant(connection: Connection, tenant: Tenant) -> None:
    """Write a tenant, or write it anew."""
    connection.execute(delete(tenants).where(tenants.c.id == tenant.id))
    connection.execute(
        tenants.insert().values(
            id=tenant.id, name=tenant.name, language=tenant.language, zone=tenant.zone
        )
    )


def save_number(connection: Connection, number: HostedNumber) -> None:
    """Write a hosted number, or write it anew."""
    connection.execute(delete(numbers).where(numbers.c.number == number.number))
    connection.execute(
        numbers.insert().values(number=number.number, tenant=number.tenant, flow=number.flow)
    )


def save_extension(connection: Connection, extension: Extension) -> None:
    """Write an extension, or write it anew."""
    connection.execute(delete(extensions).where(extensions.c.number == extension.number))
    connection.execute(
        extensions.insert().values(
            number=extension.number,
            tenant=extension.tenant,
            secret=extension.secret,
            name=extension.name,
        )
    )


def save_trunk(connection: Connection, trunk: Trunk) -> None:
    """Write a trunk, or write it anew."""
    connection.execute(delete(trunks).where(trunks.c.name == trunk.name))
    connection.execute(trunks.insert().values(name=trunk.name, match=trunk.match))
