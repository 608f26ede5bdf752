"""Boxes for messages; who handed a message over, and when its caller was called back."""

import sqlalchemy as sa
from alembic import op

from callcenter.kernel.database import UtcDateTime

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Bring the change."""
    op.create_table(
        "voicemail_boxes",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("greeting", sa.String(80), nullable=False),
        sa.Column("mail", sa.Text, nullable=False),
        sa.Column("seats", sa.Text, nullable=False),
        sa.Column("keep_days", sa.Integer),
    )
    op.add_column(
        "voicemail_messages",
        sa.Column("handed_by", sa.String(160), nullable=False, server_default=""),
    )
    op.add_column("voicemail_messages", sa.Column("called_back_at", UtcDateTime))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("voicemail_messages", "called_back_at")
    op.drop_column("voicemail_messages", "handed_by")
    op.drop_table("voicemail_boxes")
