"""Answers to surveys, with the seat and the queue that they are about."""

import sqlalchemy as sa
from alembic import op

from callcenter.kernel.database import UtcDateTime

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Bring the change."""
    op.create_table(
        "survey_answers",
        sa.Column("call", sa.String(32), primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("survey", sa.String(64), nullable=False),
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("answer", sa.String(32), nullable=False),
        sa.Column("comment", sa.String(255), nullable=False),
        sa.Column("seat", sa.String(32), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_survey_answers_tenant_at", "survey_answers", ["tenant", "at"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("survey_answers")
