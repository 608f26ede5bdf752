"""Mail: the outbox and what is attached to it until it is sent."""

import sqlalchemy as sa
from alembic import op

from callcenter.kernel.database import UtcDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Bring the change."""
    op.create_table(
        "mails",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("to", sa.String(400), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("once", sa.String(128), unique=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("put_at", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("sent_at", UtcDateTime),
        sa.Column("why", sa.String(500), nullable=False),
    )
    op.create_index("ix_mails_state_due_at", "mails", ["state", "due_at"])
    op.create_table(
        "mail_attachments",
        sa.Column(
            "mail", sa.String(32), sa.ForeignKey("mails.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("media", sa.String(64), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("mail_attachments")
    op.drop_table("mails")
