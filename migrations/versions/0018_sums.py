"""Sums of counts by hours and thirds of days."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

SIZES = (32, 4)
KEYS = {
    "calls": {"tenant": 64, "name": 128},
    "queues": {"tenant": 64, "queue": 64},
    "seats": {"tenant": 64, "seat": 32},
    "seat_times": {"seat": 32},
    "pauses": {"seat": 32, "reason": 64},
    "wrap_ups": {"queue": 64},
    "steps": {"tenant": 64, "flow": 64, "node": 64, "outcome": 64, "keys": 16, "next": 80},
}


def upgrade() -> None:
    """Bring the change, with the sums of what was counted before."""
    inspector = sa.inspect(op.get_bind())
    for name, keys in KEYS.items():
        kind = {"kind": 8} if name == "calls" else {}
        there = [column["name"] for column in inspector.get_columns(f"interval_{name}")]
        values = [column for column in there if column not in {"quarter", *kind, *keys}]
        op.create_table(
            f"sum_{name}",
            _whole("size"),
            *_texts(kind),
            _whole("quarter"),
            *_texts(keys),
            *(
                sa.Column(value, sa.BigInteger, nullable=False, server_default="0")
                for value in values
            ),
            sqlite_with_rowid=False,
        )
        for size in SIZES:
            op.execute(_sums(name, size, [*kind, *keys], values))


def _whole(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def _texts(keys: dict[str, int]) -> "list[sa.Column[str]]":
    return [sa.Column(name, sa.String(size), primary_key=True) for name, size in keys.items()]


def _sums(name: str, size: int, keys: list[str], values: list[str]) -> str:
    here = {"calls": "running", "queues": "waiting"}.get(name)
    block = f"quarter - quarter % {size}"
    sums = ", ".join(
        f"sum(CASE WHEN quarter % {size} = 0 THEN {value} ELSE 0 END)"
        if value == here
        else f"sum({value})"
        for value in values
    )
    texts = ", ".join(keys)
    return (
        f"INSERT INTO sum_{name} (size, quarter, {texts}, {', '.join(values)}) "  # noqa: S608
        f"SELECT {size}, {block}, {texts}, {sums} FROM interval_{name} GROUP BY {block}, {texts}"
    )


def downgrade() -> None:
    """Take it back."""
    for name in KEYS:
        op.drop_table(f"sum_{name}")
