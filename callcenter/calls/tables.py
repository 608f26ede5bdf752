"""The tables of CDRs: one row per call, and rows for its legs, visits, steps and transfers.

Columns are described in docs/reference/cdr.md. The parts have no foreign keys: one writer writes
and deletes a call with all its parts in one transaction, and millions are loaded at a time.
"""

from sqlalchemy import (
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
from sqlalchemy.dialects.postgresql import VARCHAR

from callcenter.kernel.database import UtcDateTime, metadata


def sought(length: int) -> String:
    """A text column that is searched by its beginning: compared sign by sign on any database.

    A language's collation would skip the + of a number, and no index could serve a prefix.
    """
    return String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


cdrs = Table(
    "cdrs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("source", String(16), nullable=False),
    Column("caller", sought(64), nullable=False),
    Column("caller_name", String(128), nullable=False),
    Column("dialled", sought(64), nullable=False),
    Column("region", sought(128), nullable=False, server_default=""),
    Column("rule", String(200), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("seat", String(32), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("duration_seconds", Float, nullable=False, server_default="0"),
    Column("wait_seconds", Float),
    Column("talk_seconds", Float, nullable=False),
    Column("hold_seconds", Float, nullable=False, server_default="0"),
    Column("result", String(16), nullable=False),
    Column("ended_by", String(16), nullable=False),
    Column("ended_by_name", String(64), nullable=False, server_default=""),
    Column("cause", Integer, nullable=False),
    Column("resumed", Integer, nullable=False),
    Column("recording_due", Boolean, nullable=False, server_default=text("false")),
    Column("recording", String(255), nullable=False),
    Column("recording_seconds", Float),
    Column("caller_rms", Float),
    Column("seat_rms", Float),
    Column("sha256", String(64), nullable=False),
    Index("ix_cdrs_started_at", "started_at"),
    Index("ix_cdrs_tenant_started_at", "tenant", "started_at"),
    Index("ix_cdrs_caller_started_at", "caller", "started_at"),
    Index("ix_cdrs_dialled_started_at", "dialled", "started_at"),
    Index("ix_cdrs_region_started_at", "region", "started_at"),
    Index("ix_cdrs_result_started_at", "result", "started_at"),
    Index("ix_cdrs_duration_seconds", "duration_seconds"),
)

_OF_A_SEAT = text("seat <> ''")
cdr_legs = Table(
    "cdr_legs",
    metadata,
    Column("call", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("endpoint", String(64), nullable=False),
    Column("seat", String(32), nullable=False),
    Column("offer", String(32), nullable=False, server_default=""),
    Column("queue", String(64), nullable=False, server_default=""),
    Column("started_at", UtcDateTime, nullable=False),
    Column("rang_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(16), nullable=False),
    Column("ended_by", String(16), nullable=False, server_default=""),
    Column("talk_seconds", Float, nullable=False, server_default="0"),
    Column("hold_seconds", Float, nullable=False, server_default="0"),
    Index(
        "ix_cdr_legs_seat_started_at",
        "seat",
        "started_at",
        sqlite_where=_OF_A_SEAT,
        postgresql_where=_OF_A_SEAT,
    ),
    sqlite_with_rowid=False,
)

cdr_visits = Table(
    "cdr_visits",
    metadata,
    Column("call", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("queue", String(64), nullable=False),
    Column("joined_at", UtcDateTime, nullable=False),
    Column("left_at", UtcDateTime, nullable=False),
    Column("by", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("to", String(128), nullable=False),
    Column("wait_seconds", Float, nullable=False),
    Column("seat", String(32), nullable=False),
    Column("announced_seconds", Float),
    Index("ix_cdr_visits_queue_joined_at", "queue", "joined_at"),
    sqlite_with_rowid=False,
)

cdr_steps = Table(
    "cdr_steps",
    metadata,
    Column("call", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("flow", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("node", String(64), nullable=False),
    Column("keys", String(64), nullable=False),
    Column("outcome", String(64), nullable=False),
    sqlite_with_rowid=False,
)

cdr_transfers = Table(
    "cdr_transfers",
    metadata,
    Column("call", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("to", String(128), nullable=False),
    Column("by", String(64), nullable=False),
    sqlite_with_rowid=False,
)

call_explanations = Table(
    "call_explanations",
    metadata,
    Column("call", String(32), ForeignKey("cdrs.id", ondelete="CASCADE"), primary_key=True),
    Column("moments", Text, nullable=False),  # JSON: list of Moment
)
