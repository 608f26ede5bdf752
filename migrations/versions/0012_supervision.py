"""Supervisors: who ended a call by force; how many calls one may listen to, and who is told."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Bring the change."""
    op.add_column(
        "cdrs", sa.Column("ended_by_name", sa.String(64), nullable=False, server_default="")
    )
    op.add_column(
        "tenants", sa.Column("announce_listening", sa.String(8), nullable=False, server_default="")
    )
    op.add_column("tenants", sa.Column("listens", sa.Integer, nullable=False, server_default="1"))
    op.add_column("seats", sa.Column("listens", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Take it back."""
    for table, column in (
        ("seats", "listens"),
        ("tenants", "listens"),
        ("tenants", "announce_listening"),
        ("cdrs", "ended_by_name"),
    ):
        op.drop_column(table, column)
