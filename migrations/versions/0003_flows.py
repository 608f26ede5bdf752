"""Flows know their tenant, how they were written, by whom and when they came into force."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_COLUMNS = ("tenant", "source", "created_at", "created_by", "published_at")


def upgrade() -> None:
    """Bring the change."""
    with op.batch_alter_table("flows") as table:
        table.add_column(sa.Column("tenant", sa.String(64), nullable=False, server_default=""))
        table.add_column(sa.Column("source", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("created_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("created_by", sa.String(64), nullable=False, server_default=""))
        table.add_column(sa.Column("published_at", sa.DateTime(timezone=True), nullable=True))
    # All versions so far were published; calls may still be in any of them.
    op.execute("UPDATE flows SET published_at = CURRENT_TIMESTAMP")


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("flows") as table:
        for name in reversed(_COLUMNS):
            table.drop_column(name)
