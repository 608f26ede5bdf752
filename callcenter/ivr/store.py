"""Flows with their versions in the database.

Every import is a new version and never changes again; one version of a flow is in force. Which one
is changed by a single UPDATE, so that two who publish at once leave one version in force, not two.
A flow's name is one for all tenants; the tenant owns it with its first version.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import structlog
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    case,
    exists,
    func,
    select,
    update,
)

from callcenter.ivr.model import Flow
from callcenter.kernel.database import UtcDateTime, metadata

_log = structlog.get_logger(__name__)

flows = Table(
    "flows",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("published", Boolean, nullable=False),  # in force
    Column("document", Text, nullable=False),  # as JSON, what calls walk
    Column("source", Text, nullable=False),  # as it was written, "" when by a program
    Column("created_at", UtcDateTime, nullable=True),
    Column("created_by", String(64), nullable=False),
    Column("published_at", UtcDateTime, nullable=True),  # when it came into force last
)


@dataclass(frozen=True, kw_only=True)
class FlowVersion:
    """One version. ``published_at`` is None for a draft that was never in force."""

    name: str
    version: int
    tenant: str
    in_force: bool
    created_at: datetime | None
    created_by: str
    published_at: datetime | None


_SHOWN = [column for column in flows.c if column.name not in ("document", "source")]


def load_flows(connection: Connection) -> dict[tuple[str, int], Flow]:
    """Every version that was ever in force, by name and version: a call ends on its own.

    A version that this program cannot read (any more) is left out and told in the log.
    """
    query = select(flows).where(flows.c.published | flows.c.published_at.is_not(None))
    found = {}
    for row in connection.execute(query):
        try:
            found[row.name, row.version] = _parsed(row.version, row.document)
        except ValueError as error:
            _log.error("flow left out", flow=row.name, version=row.version, why=str(error))
    return found


@lru_cache(maxsize=8192)
def _parsed(version: int, document: str) -> Flow:
    """Versions never change, so a reload reads only the new ones."""
    return Flow.model_validate_json(document).model_copy(update={"version": version})


def load_published(connection: Connection) -> dict[str, int]:
    """The version in force of each flow."""
    query = select(flows.c.name, flows.c.version).where(flows.c.published)
    return {row.name: row.version for row in connection.execute(query)}


def list_versions(connection: Connection, name: str = "") -> list[FlowVersion]:
    """Versions of one flow or of all, newest first."""
    query = select(*_SHOWN).order_by(flows.c.name, flows.c.version.desc())
    if name:
        query = query.where(flows.c.name == name)
    return [
        FlowVersion(
            name=row.name,
            version=row.version,
            tenant=row.tenant,
            in_force=row.published,
            created_at=row.created_at,
            created_by=row.created_by,
            published_at=row.published_at,
        )
        for row in connection.execute(query)
    ]


def find_source(connection: Connection, name: str, version: int) -> str | None:
    """A version as it was written, or as JSON when a program made it."""
    query = select(flows.c.source, flows.c.document).where(
        flows.c.name == name, flows.c.version == version
    )
    row = connection.execute(query).one_or_none()
    return (row.source or row.document) if row else None


def add_version(
    connection: Connection, flow: Flow, *, source: str = "", by: str = "", at: datetime
) -> Flow:
    """Store as the next version, a draft.

    Raises:
        IntegrityError: somebody else stored one at the same moment; do it again.
    """
    query = select(func.max(flows.c.version)).where(flows.c.name == flow.name)
    stored = flow.model_copy(update={"version": (connection.scalar(query) or 0) + 1})
    connection.execute(
        flows.insert().values(
            name=stored.name,
            version=stored.version,
            tenant=stored.tenant,
            published=False,
            document=_document(stored),
            source=source,
            created_at=at,
            created_by=by,
            published_at=None,
        )
    )
    return stored


def put_in_force(
    connection: Connection, name: str, version: int, *, at: datetime, instead_of: int = 0
) -> bool:
    """Make ``version`` the one in force; false when there is none such.

    With ``instead_of`` it is false, too, when another than that one is in force by now.
    """
    other = flows.alias()
    there = exists().where(other.c.name == name, other.c.version == version)
    change = update(flows).where(flows.c.name == name, there)
    if instead_of:
        now = flows.alias()
        change = change.where(
            exists().where(now.c.name == name, now.c.version == instead_of, now.c.published)
        )
    chosen = flows.c.version == version
    changed = connection.execute(
        change.values(
            published=case((chosen, True), else_=False),
            published_at=case((chosen, at), else_=flows.c.published_at),
        )
    )
    return changed.rowcount > 0


def publish(connection: Connection, flow: Flow) -> Flow:
    """Store as the next version and put it in force; an unchanged flow stays as it is."""
    query = select(flows).where(flows.c.name == flow.name, flows.c.published)
    now = connection.execute(query).one_or_none()
    if now is not None and now.document == _document(flow):
        return flow.model_copy(update={"version": now.version})
    at = datetime.now(UTC)
    stored = add_version(connection, flow, at=at)
    put_in_force(connection, stored.name, stored.version, at=at)
    return stored


def _document(flow: Flow) -> str:
    return flow.model_dump_json(exclude_defaults=True, exclude={"version"})
