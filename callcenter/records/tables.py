"""Tables of recordings and of their rules."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from callcenter.kernel.database import UtcDateTime, metadata

recording_rules = Table(
    "recording_rules",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("number", String(64), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("seat", String(32), nullable=False),
    Column("direction", String(16), nullable=False),
    Column("percentage", Float, nullable=False),
    Column("never", Boolean, nullable=False),
    Column("announce", Boolean, nullable=False),
    Column("keep_days", Integer),
    Column("pause_on_hold", Boolean, nullable=False),
)

COPY_IS_DUE = text("state || '' = 'kept' AND backup_at IS NULL")
"""The recording is kept and has no copy yet. Literal, so that an index serves; not ``state`` alone,
or that of all states is taken, which reads every recording that is kept."""

COPY_IS_LEFT = text("removed_at IS NOT NULL AND backup_place <> ''")
"""The recording is gone, its copy is or may be still there. Literal for the same reason."""

recordings = Table(
    "recordings",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("call", String(32), nullable=False),
    Column("part", Integer, nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("direction", String(16), nullable=False),
    Column("caller", String(64), nullable=False),
    Column("number", String(64), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("rule", String(64), nullable=False),
    Column("announced", Boolean, nullable=False),
    Column("keep_days", Integer),
    Column("pauses", Text, nullable=False),  # JSON: list of Pause
    Column("path", String(255), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("caller_rms", Float),
    Column("seat_rms", Float),
    Column("sha256", String(64), nullable=False),
    Column("stored_sha256", String(64), nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
    Column("key", String(16), nullable=False),
    Column("hold", String(200), nullable=False),
    Column("held_by", String(64), nullable=False),
    Column("removed_at", UtcDateTime),
    Column("removed_why", String(200), nullable=False),
    Column("backup_at", UtcDateTime),
    Column("backup_place", String(400), nullable=False),
    Column("backup_error", String(300), nullable=False),
    Column("backup_removed_at", UtcDateTime),
    Index("ix_recordings_call", "call", "part"),
    Index("ix_recordings_tenant_started_at", "tenant", "started_at"),
    Index("ix_recordings_caller_started_at", "caller", "started_at"),
    Index("ix_recordings_number_started_at", "number", "started_at"),
    Index("ix_recordings_state_started_at", "state", "started_at"),
    Index(
        "ix_recordings_copy_is_due",
        "id",
        sqlite_where=COPY_IS_DUE,
        postgresql_where=COPY_IS_DUE,
    ),
    Index(
        "ix_recordings_copy_is_left",
        "id",
        sqlite_where=COPY_IS_LEFT,
        postgresql_where=COPY_IS_LEFT,
    ),
)

recording_places = Table(
    "recording_places",
    metadata,
    Column(
        "recording", String(40), ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("kind", String(8), primary_key=True),  # seat | queue
    Column("name", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Index("ix_recording_places_kind_name", "kind", "name"),
)
