"""Why each call went where it went, kept with its CDR."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Bring the change."""
    op.create_table(
        "call_explanations",
        sa.Column("call", sa.String(32), sa.ForeignKey("cdrs.id", ondelete="CASCADE")),
        sa.Column("moments", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("call"),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("call_explanations")
