"""Counts by quarter of an hour, schedules of reports, the queue that a seat works for."""

import sqlalchemy as sa
from alembic import op

from callcenter.kernel.database import UtcDateTime

revision = "0010"
down_revision = "0009"

EDGES = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
KEYS = {
    "interval_calls": {"kind": 8, "tenant": 64, "name": 128},
    "interval_queues": {"tenant": 64, "queue": 64},
    "interval_seats": {"tenant": 64, "seat": 32},
    "interval_seat_times": {"seat": 32},
    "interval_pauses": {"seat": 32, "reason": 64},
    "interval_wrap_ups": {"queue": 64},
    "interval_steps": {
        "tenant": 64,
        "flow": 64,
        "node": 64,
        "outcome": 64,
        "keys": 16,
        "next": 80,
    },
}
VALUES = {
    "interval_calls": (
        *("running", "calls", "answered", "abandoned", "flowed_out", "refused", "unreached"),
        *("self_served", "gave_up"),
        *("lost", "other", "call_ms", "talk_ms"),
    ),
    "interval_queues": (
        *(
            "waiting",
            "offered",
            "answered",
            "abandoned",
            "out_voicemail",
            "out_callback",
            "out_queue",
        ),
        *("out_menu", "out_elsewhere", "out_lost", "wait_ms", "abandoned_wait_ms", "handled"),
        *("talk_ms", "hold_ms", "announced", "announced_kept"),
        *(f"answered_within_{edge}" for edge in EDGES),
        *(f"abandoned_within_{edge}" for edge in EDGES),
    ),
    "interval_seats": (
        *("offers", "answered", "rejected", "no_answer", "unreachable", "caller_gone"),
        *("withdrawn", "other", "talk_ms", "hold_ms", "sent_on"),
    ),
    "interval_seat_times": (
        *("logged_in", "ready", "ringing", "talking", "on_hold", "wrap_up", "engaged"),
        *("unreachable", "paused"),
    ),
    "interval_pauses": ("ms",),
    "interval_wrap_ups": ("ms",),
    "interval_steps": ("steps",),
}


def upgrade() -> None:
    """Bring the change."""
    for table, keys in KEYS.items():
        op.create_table(
            table,
            sa.Column("quarter", sa.Integer, primary_key=True, autoincrement=False),
            *(sa.Column(name, sa.String(size), primary_key=True) for name, size in keys.items()),
            *(
                sa.Column(name, sa.BigInteger, nullable=False, server_default="0")
                for name in VALUES[table]
            ),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "report_schedules",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("every", sa.String(8), nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("to", sa.String(254), nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
    )
    op.create_table(
        "report_mailings",
        sa.Column("schedule", sa.String(32), primary_key=True),
        sa.Column("period", UtcDateTime, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.add_column("seat_log", sa.Column("queue", sa.String(64), nullable=False, server_default=""))
    op.create_index("ix_seat_log_seat_position", "seat_log", ["seat", "position"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_seat_log_seat_position", "seat_log")
    op.drop_column("seat_log", "queue")
    for table in ("report_mailings", "report_schedules", *KEYS):
        op.drop_table(table)
