"""Lines and members; ways out of trunks, who may dial outside, colour rings."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Bring the change."""
    with op.batch_alter_table("trunks") as table:
        table.add_column(_column("contact", sa.String(100), ""))
    with op.batch_alter_table("extensions") as table:
        table.add_column(_column("outside", sa.Boolean, sa.false()))
        table.add_column(_column("colour_ring", sa.String(80), ""))
    with op.batch_alter_table("numbers") as table:
        table.add_column(_column("colour_ring", sa.String(80), ""))
    _lines()
    _members()


def downgrade() -> None:
    """Take it back."""
    for name in ("members", "lines", "line_groups"):
        op.drop_table(name)
    for name, columns in (
        ("numbers", ("colour_ring",)),
        ("extensions", ("colour_ring", "outside")),
        ("trunks", ("contact",)),
    ):
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.drop_column(column)


def _column(name: str, kind: object, default: object) -> sa.Column:
    return sa.Column(name, kind, nullable=False, server_default=default)


def _lines() -> None:
    op.create_table(
        "line_groups",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("order", sa.String(16), nullable=False),
        sa.Column("colour_ring", sa.String(80), nullable=False),
        sa.Column("fallback", sa.String(80), nullable=False),
        sa.Column("record", sa.Boolean, nullable=False),
    )
    op.create_table(
        "lines",
        sa.Column("group", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("trunk", sa.String(64), nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("hours", sa.String(64), nullable=False),
        sa.Column("ring_seconds", sa.Float, nullable=False),
    )


def _members() -> None:
    op.create_table(
        "members",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("number", sa.String(20), primary_key=True),
        sa.Column("pin_hash", sa.String(255), nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("locked", sa.Boolean, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True)),
        sa.Column("valid_to", sa.DateTime(timezone=True)),
        sa.Column("allowance_seconds", sa.Integer),
        sa.Column("services_left", sa.Integer),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
    )
