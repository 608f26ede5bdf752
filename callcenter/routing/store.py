"""Tables of routing: lists, regions, hours. Queries stand beside what they load."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from callcenter.kernel.database import UtcDateTime, metadata

list_revision = Table(
    "list_revision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
)
"""One row, raised by each change; writers of lists wait for each other here."""

list_entries = Table(
    "list_entries",
    metadata,
    Column("list", String(8), primary_key=True),
    Column("tenant", String(64), primary_key=True),
    Column("pattern", String(32), primary_key=True),
    Column("note", String(200), nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revision", BigInteger, nullable=False),
    Column("removed", Boolean, nullable=False),
    Index("ix_list_entries_revision", "revision"),
)
"""A removed entry stays as a mark, so that an engine reads only what changed since its reading."""

region_rules = Table(
    "region_rules",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("number", String(32), primary_key=True),
    Column("region", String(128), primary_key=True),
    Column("destination", String(80), nullable=False),
)

hours_plans = Table(
    "hours_plans",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("zone", String(64), nullable=False),
    Column("weekly", Text, nullable=False),
    Column("holidays", String(200), nullable=False),
    Column("calendars", String(400), nullable=False),
)

calendar_days = Table(
    "calendar_days",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("calendar", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("ranges", String(200), nullable=False),
    Column("note", String(200), nullable=False),
)

make_up_days = Table(
    "make_up_days",
    metadata,
    Column("country", String(8), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("note", String(200), nullable=False),
)
