"""Agents' days: reasons to pause, a log of each seat, wrap-ups, what came of calls, hold time."""

import sqlalchemy as sa
from alembic import op

from callcenter.kernel.database import UtcDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Bring the change."""
    op.create_table(
        "pauses",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(8), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("limit_seconds", sa.Float),
    )
    op.create_table(
        "seat_log",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("seat", sa.String(32), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("call", sa.String(32), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
    )
    op.create_index("ix_seat_log_seat_at", "seat_log", ["seat", "at"])
    op.create_table(
        "seat_wrap_ups",
        sa.Column("seat", sa.String(32), primary_key=True),
        sa.Column("call", sa.String(32), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.Column("owes", sa.Boolean, nullable=False),
    )
    op.create_table(
        "dispositions",
        sa.Column("call", sa.String(32), primary_key=True),
        sa.Column("seat", sa.String(32), primary_key=True),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
    )
    op.add_column("seat_status", sa.Column("until", UtcDateTime))
    op.add_column(
        "cdr_legs", sa.Column("hold_seconds", sa.Float, nullable=False, server_default="0")
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_column("cdr_legs", "hold_seconds")
    op.drop_column("seat_status", "until")
    for table in ("dispositions", "seat_wrap_ups", "seat_log", "pauses"):
        op.drop_table(table)
