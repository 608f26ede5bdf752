"""Recordings without a copy are found without reading all."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

DUE = sa.text("state || '' = 'kept' AND backup_at IS NULL")


def upgrade() -> None:
    """Bring the change."""
    op.create_index(
        "ix_recordings_copy_is_due",
        "recordings",
        ["id"],
        sqlite_where=DUE,
        postgresql_where=DUE,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_recordings_copy_is_due", "recordings")
