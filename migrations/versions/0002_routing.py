"""What routing needs: destinations and limits of numbers, lists, regions, hours, make-up days."""

import datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = (
    "make_up_days",
    "calendar_days",
    "hours_plans",
    "region_rules",
    "list_entries",
    "list_revision",
)

# Weekend days worked in exchange for holidays, as the State Council of China announced them.
CN_MAKE_UP = (
    *("2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11"),
    *("2024-09-14", "2024-09-29", "2024-10-12"),
    *("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
    *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
)


def upgrade() -> None:
    """Bring the change."""
    with op.batch_alter_table("tenants") as table:
        table.add_column(_column("country", sa.String(2), "CN"))
        table.add_column(_column("calls_limit", sa.Integer, "0"))
    with op.batch_alter_table("numbers") as table:
        table.add_column(_column("destination", sa.String(80), "refuse:1"))
        table.add_column(_column("hours", sa.String(64), ""))
        table.add_column(_column("closed_to", sa.String(80), ""))
        table.add_column(_column("holiday_to", sa.String(80), ""))
        table.add_column(_column("whitelist_only", sa.Boolean, sa.false()))
        table.add_column(_column("calls_limit", sa.Integer, "0"))
        table.add_column(_column("over_limit_to", sa.String(80), "refuse:17"))
        table.add_column(_column("fallback", sa.String(80), ""))
        table.add_column(_column("state", sa.String(16), "active"))
    op.execute("UPDATE numbers SET destination = 'flow:' || flow")
    with op.batch_alter_table("numbers") as table:
        table.drop_column("flow")
    _lists()
    _regions_and_hours()


def downgrade() -> None:
    """Take it back; a number that does not lead to a flow then leads to an empty name."""
    for table in TABLES:
        op.drop_table(table)
    with op.batch_alter_table("numbers") as numbers:
        numbers.add_column(_column("flow", sa.String(64), ""))
    op.execute("UPDATE numbers SET flow = substr(destination, 6) WHERE destination LIKE 'flow:%'")
    with op.batch_alter_table("numbers") as numbers:
        for name in ("state", "fallback", "over_limit_to", "calls_limit", "whitelist_only"):
            numbers.drop_column(name)
        for name in ("holiday_to", "closed_to", "hours", "destination"):
            numbers.drop_column(name)
    with op.batch_alter_table("tenants") as tenants:
        tenants.drop_column("calls_limit")
        tenants.drop_column("country")


def _column(name: str, kind: object, default: object) -> sa.Column:
    return sa.Column(name, kind, nullable=False, server_default=default)


def _lists() -> None:
    revision_table = op.create_table(
        "list_revision",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(revision_table, [{"id": 1, "revision": 0}])
    op.create_table(
        "list_entries",
        sa.Column("list", sa.String(8), primary_key=True),
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("pattern", sa.String(32), primary_key=True),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.Index("ix_list_entries_revision", "revision"),
    )


def _regions_and_hours() -> None:
    op.create_table(
        "region_rules",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("number", sa.String(32), primary_key=True),
        sa.Column("region", sa.String(128), primary_key=True),
        sa.Column("destination", sa.String(80), nullable=False),
    )
    op.create_table(
        "hours_plans",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("weekly", sa.Text, nullable=False),
        sa.Column("holidays", sa.String(200), nullable=False),
        sa.Column("calendars", sa.String(400), nullable=False),
    )
    op.create_table(
        "calendar_days",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("calendar", sa.String(64), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("ranges", sa.String(200), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
    )
    days = op.create_table(
        "make_up_days",
        sa.Column("country", sa.String(8), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("note", sa.String(200), nullable=False),
    )
    op.bulk_insert(
        days,
        [
            {"country": "CN", "day": datetime.date.fromisoformat(day), "note": "调休"}
            for day in CN_MAKE_UP
        ],
    )
