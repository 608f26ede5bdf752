"""Flows with their versions in the database."""

from sqlalchemy import Boolean, Column, Connection, Integer, String, Table, Text, select, update

from callcenter.ivr.model import Flow
from callcenter.kernel.database import metadata

flows = Table(
    "flows",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("published", Boolean, nullable=False),
    Column("document", Text, nullable=False),
)


def load_flows(connection: Connection) -> dict[tuple[str, int], Flow]:
    """Every version of every flow, by name and version."""
    return {
        (row.name, row.version): Flow.model_validate_json(row.document)
        for row in connection.execute(select(flows))
    }


def load_published(connection: Connection) -> dict[str, int]:
    """The version in force of each flow."""
    query = select(flows.c.name, flows.c.version).where(flows.c.published)
    return {row.name: row.version for row in connection.execute(query)}


def publish(connection: Connection, flow: Flow) -> Flow:
    """Store as the next version and put it in force; an unchanged flow stays as it is."""
    query = select(flows).where(flows.c.name == flow.name).order_by(flows.c.version.desc()).limit(1)
    newest = connection.execute(query).one_or_none()
    version = newest.version if newest else 1
    document = flow.model_copy(update={"version": version}).model_dump_json(exclude_defaults=True)
    if newest is not None and newest.published and newest.document == document:
        return flow.model_copy(update={"version": version})
    if newest is not None:
        version += 1
    stored = flow.model_copy(update={"version": version})
    connection.execute(update(flows).where(flows.c.name == flow.name).values(published=False))
    connection.execute(
        flows.insert().values(
            name=flow.name,
            version=version,
            published=True,
            document=stored.model_dump_json(exclude_defaults=True),
        )
    )
    return stored
