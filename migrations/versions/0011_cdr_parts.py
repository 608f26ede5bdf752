"""The whole CDR: region, hold, durations; each visit to a queue, menu step and transfer; search."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

from callcenter.kernel.database import UtcDateTime

revision = "0011"
down_revision = "0010"

_INDEXES = {
    "ix_cdrs_started_at": ("cdrs", ["started_at"]),
    "ix_cdrs_dialled_started_at": ("cdrs", ["dialled", "started_at"]),
    "ix_cdrs_region_started_at": ("cdrs", ["region", "started_at"]),
    "ix_cdrs_result_started_at": ("cdrs", ["result", "started_at"]),
    "ix_cdrs_duration_seconds": ("cdrs", ["duration_seconds"]),
}
_SECONDS = {
    "sqlite": "(julianday({end}) - julianday({start})) * 86400",
    "postgresql": "extract(epoch from {end} - {start})",
}
_LEGS = "call, position, kind, endpoint, seat, started_at, rang_at, answered_at, ended_at, outcome"


def upgrade() -> None:
    """Bring the change."""
    _cdrs()
    _legs()
    _parts()
    of_a_seat = sa.text("seat <> ''")
    op.create_index(
        "ix_cdr_legs_seat_started_at",
        "cdr_legs",
        ["seat", "started_at"],
        sqlite_where=of_a_seat,
        postgresql_where=of_a_seat,
    )
    op.create_index("ix_cdr_visits_queue_joined_at", "cdr_visits", ["queue", "joined_at"])


def _seconds(start: str, end: str) -> str:
    return _SECONDS[op.get_bind().dialect.name].format(start=start, end=end)


def _cdrs() -> None:
    region = sa.String(128).with_variant(VARCHAR(128, collation="C"), "postgresql")
    zero, no = sa.text("0"), sa.text("false")
    op.add_column("cdrs", sa.Column("region", region, nullable=False, server_default=""))
    op.add_column(
        "cdrs", sa.Column("duration_seconds", sa.Float, nullable=False, server_default=zero)
    )
    op.add_column("cdrs", sa.Column("hold_seconds", sa.Float, nullable=False, server_default=zero))
    op.add_column("cdrs", sa.Column("recording_due", sa.Boolean, nullable=False, server_default=no))
    if op.get_bind().dialect.name == "postgresql":
        for column in ("caller", "dialled"):
            op.alter_column("cdrs", column, type_=VARCHAR(64, collation="C"))
    seconds = _seconds("started_at", "ended_at")
    op.execute(f"UPDATE cdrs SET duration_seconds = {seconds}, recording_due = recording <> ''")  # noqa: S608
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)


def _legs() -> None:
    """Made anew: on SQLite without the second tree of a row number."""
    op.rename_table("cdr_legs", "cdr_legs_before")
    op.create_table(
        "cdr_legs",
        sa.Column("call", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("seat", sa.String(32), nullable=False),
        sa.Column("offer", sa.String(32), nullable=False, server_default=""),
        sa.Column("queue", sa.String(64), nullable=False, server_default=""),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("rang_at", UtcDateTime),
        sa.Column("answered_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("ended_by", sa.String(16), nullable=False, server_default=""),
        sa.Column("talk_seconds", sa.Float, nullable=False, server_default=sa.text("0")),
        sa.Column("hold_seconds", sa.Float, nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("call", "position", name="pk_cdr_legs_of_call"),
        sqlite_with_rowid=False,
    )
    talk = f"CASE WHEN kind = 'caller' THEN 0 ELSE coalesce({_seconds('answered_at', 'ended_at')}, 0) END"  # noqa: E501
    op.execute(
        f"INSERT INTO cdr_legs ({_LEGS}, hold_seconds, talk_seconds) "  # noqa: S608
        f"SELECT {_LEGS}, hold_seconds, {talk} FROM cdr_legs_before"
    )
    op.drop_table("cdr_legs_before")


def _parts() -> None:
    op.create_table(
        "cdr_visits",
        sa.Column("call", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("joined_at", UtcDateTime, nullable=False),
        sa.Column("left_at", UtcDateTime, nullable=False),
        sa.Column("by", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("to", sa.String(128), nullable=False),
        sa.Column("wait_seconds", sa.Float, nullable=False),
        sa.Column("seat", sa.String(32), nullable=False),
        sa.Column("announced_seconds", sa.Float),
        sa.PrimaryKeyConstraint("call", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cdr_steps",
        sa.Column("call", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("flow", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("keys", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("call", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cdr_transfers",
        sa.Column("call", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("to", sa.String(128), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("call", "position"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take it back."""
    for table in ("cdr_transfers", "cdr_steps", "cdr_visits"):
        op.drop_table(table)
    op.drop_index("ix_cdr_legs_seat_started_at", "cdr_legs")
    for column in ("offer", "queue", "ended_by", "talk_seconds"):
        op.drop_column("cdr_legs", column)
    for name, (table, _) in _INDEXES.items():
        op.drop_index(name, table)
    for column in ("region", "duration_seconds", "hold_seconds", "recording_due"):
        op.drop_column("cdrs", column)
