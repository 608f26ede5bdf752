"""Run by alembic for each command of ``callcenter.kernel.schema``, which brings a connection.

Importing the stores puts every table on the one metadata that autogenerate compares with.
"""

from typing import Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

import callcenter.acd.store
import callcenter.calls.store
import callcenter.ivr.prompt_store
import callcenter.ivr.store
import callcenter.kernel.projector
import callcenter.lines.store
import callcenter.members.store
import callcenter.numbers.store
import callcenter.records.store
import callcenter.routing.store  # noqa: F401
from callcenter.kernel.database import UtcDateTime, metadata


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Migrations outlive our classes: they name the column type, not our wrapper of it."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection: sa.Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=True,  # the caller holds one transaction around everything
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=render_item,
)
context.run_migrations()
