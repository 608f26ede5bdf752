"""Recordings: rules, keys, and a row for each part of a call that is kept."""

import sqlalchemy as sa
from alembic import op

from callcenter.kernel.database import UtcDateTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Bring the change."""
    _rules()
    op.create_table(
        "recording_keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("master", sa.String(16), nullable=False),
        sa.Column("wrapped", sa.String(128), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("in_use", sa.Boolean, nullable=False),
    )
    op.create_index("ix_recording_keys_tenant", "recording_keys", ["tenant"])
    _recordings()
    op.create_table(
        "recording_places",
        sa.Column(
            "recording",
            sa.String(40),
            sa.ForeignKey("recordings.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_index("ix_recording_places_kind_name", "recording_places", ["kind", "name"])


def _rules() -> None:
    op.create_table(
        "recording_rules",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("seat", sa.String(32), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("percentage", sa.Float, nullable=False),
        sa.Column("never", sa.Boolean, nullable=False),
        sa.Column("announce", sa.Boolean, nullable=False),
        sa.Column("keep_days", sa.Integer),
        sa.Column("pause_on_hold", sa.Boolean, nullable=False),
    )


def _recordings() -> None:
    op.create_table(
        "recordings",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("call", sa.String(32), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("caller", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime, nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("announced", sa.Boolean, nullable=False),
        sa.Column("keep_days", sa.Integer),
        sa.Column("pauses", sa.Text, nullable=False),
        sa.Column("path", sa.String(255), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("caller_rms", sa.Float),
        sa.Column("seat_rms", sa.Float),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("stored_sha256", sa.String(64), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger, nullable=False),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("hold", sa.String(200), nullable=False),
        sa.Column("held_by", sa.String(64), nullable=False),
        sa.Column("removed_at", UtcDateTime),
        sa.Column("removed_why", sa.String(200), nullable=False),
        sa.Column("backup_at", UtcDateTime),
        sa.Column("backup_place", sa.String(400), nullable=False),
        sa.Column("backup_error", sa.String(300), nullable=False),
    )
    for name, columns in (
        ("ix_recordings_call", ["call", "part"]),
        ("ix_recordings_tenant_started_at", ["tenant", "started_at"]),
        ("ix_recordings_caller_started_at", ["caller", "started_at"]),
        ("ix_recordings_number_started_at", ["number", "started_at"]),
        ("ix_recordings_state_started_at", ["state", "started_at"]),
    ):
        op.create_index(name, "recordings", columns)


def downgrade() -> None:
    """Take it back."""
    for table in ("recording_places", "recordings", "recording_keys", "recording_rules"):
        op.drop_table(table)
