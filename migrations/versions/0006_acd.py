"""How a queue chooses, limits and relaxes; what a seat can do."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring the change."""
    with op.batch_alter_table("queues") as table:
        table.add_column(
            sa.Column("strategy", sa.String(32), nullable=False, server_default="longest-idle")
        )
        table.add_column(sa.Column("weight", sa.Integer, nullable=False, server_default="0"))
        table.add_column(sa.Column("rules", sa.Text, nullable=False, server_default="{}"))
    with op.batch_alter_table("seats") as table:
        table.add_column(sa.Column("skills", sa.Text, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("seats") as table:
        table.drop_column("skills")
    with op.batch_alter_table("queues") as table:
        table.drop_column("rules")
        table.drop_column("weight")
        table.drop_column("strategy")
