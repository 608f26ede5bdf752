"""Room for the long name of a spreadsheet's kind, which PostgreSQL refused in an attachment."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def _resize(before: int, after: int) -> None:
    with op.batch_alter_table("mail_attachments") as table:
        table.alter_column(
            "media",
            existing_type=sa.String(before),
            existing_nullable=False,
            type_=sa.String(after),
        )


def upgrade() -> None:
    """Bring the change."""
    _resize(64, 128)


def downgrade() -> None:
    """Take it back."""
    _resize(128, 64)
