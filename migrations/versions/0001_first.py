"""The first tables of every room: numbers, ivr, acd, calls, and the journal's mark."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TABLES = (  # in the order in which they may be dropped
    "cdr_legs",
    "cdrs",
    "seat_status",
    "queue_seats",
    "queues",
    "seats",
    "flows",
    "trunks",
    "extensions",
    "numbers",
    "tenants",
    "journal_mark",
)


def upgrade() -> None:
    """Bring the change."""
    op.create_table(
        "journal_mark",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    _numbers()
    _ivr()
    _acd()
    _calls()


def downgrade() -> None:
    """Take it back."""
    for table in TABLES:
        op.drop_table(table)


def _numbers() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
    )
    op.create_table(
        "numbers",
        sa.Column("number", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("flow", sa.String(64), nullable=False),
    )
    op.create_table(
        "extensions",
        sa.Column("number", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
    )
    op.create_table(
        "trunks",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("match", sa.String(64), nullable=False),
    )


def _ivr() -> None:
    op.create_table(
        "flows",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("published", sa.Boolean, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )


def _acd() -> None:
    op.create_table(
        "seats",
        sa.Column("number", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("pin_hash", sa.String(255), nullable=False),
    )
    op.create_table(
        "queues",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("music", sa.String(64), nullable=False),
        sa.Column("ring_seconds", sa.Float, nullable=False),
        sa.Column("wrap_up_seconds", sa.Float, nullable=False),
        sa.Column("rest_after_miss_seconds", sa.Float, nullable=False),
        sa.Column("most_misses", sa.Integer, nullable=False),
        sa.Column("record", sa.Boolean, nullable=False),
    )
    op.create_table(
        "queue_seats",
        sa.Column("queue", sa.String(64), primary_key=True),
        sa.Column("seat", sa.String(32), primary_key=True),
        sa.Column("tier", sa.Integer, nullable=False),
    )
    op.create_table(
        "seat_status",
        sa.Column("seat", sa.String(32), primary_key=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("extension", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
    )


def _calls() -> None:
    op.create_table(
        "cdrs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("caller", sa.String(64), nullable=False),
        sa.Column("caller_name", sa.String(128), nullable=False),
        sa.Column("dialled", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("seat", sa.String(32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wait_seconds", sa.Float),
        sa.Column("talk_seconds", sa.Float, nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("ended_by", sa.String(16), nullable=False),
        sa.Column("cause", sa.Integer, nullable=False),
        sa.Column("resumed", sa.Integer, nullable=False),
        sa.Column("recording", sa.String(255), nullable=False),
        sa.Column("recording_seconds", sa.Float),
        sa.Column("caller_rms", sa.Float),
        sa.Column("seat_rms", sa.Float),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Index("ix_cdrs_tenant_started_at", "tenant", "started_at"),
        sa.Index("ix_cdrs_caller_started_at", "caller", "started_at"),
    )
    op.create_table(
        "cdr_legs",
        sa.Column(
            "call", sa.String(32), sa.ForeignKey("cdrs.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("seat", sa.String(32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rang_at", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String(16), nullable=False),
    )
