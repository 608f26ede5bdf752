"""Copies of removed recordings: which are still there, and when one went."""

import sqlalchemy as sa
from alembic import op

from callcenter.kernel.database import UtcDateTime

revision = "0019"
down_revision = "0018"

LEFT = sa.text("removed_at IS NOT NULL AND backup_place <> ''")


def upgrade() -> None:
    """Bring the change."""
    op.add_column("recordings", sa.Column("backup_removed_at", UtcDateTime))
    op.create_index(
        "ix_recordings_copy_is_left",
        "recordings",
        ["id"],
        sqlite_where=LEFT,
        postgresql_where=LEFT,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_recordings_copy_is_left", "recordings")
    op.drop_column("recordings", "backup_removed_at")
