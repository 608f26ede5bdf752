"""Tokens and the audit log in the database."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, Text, select, update

from callcenter.access.model import AuditRow, Head, Token
from callcenter.kernel.actor import Role
from callcenter.kernel.database import UtcDateTime, metadata

_PART = 1000

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("tenants", Text),  # names with a space between; NULL: all
    Column("seat", String(32), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("used_at", UtcDateTime),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("tenant", String(200), nullable=False),
    Column("act", String(160), nullable=False),
    Column("target", String(300), nullable=False),
    Column("door", String(100), nullable=False),
    Column("outcome", String(40), nullable=False),
    Column("sentence", String(400), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)


def load_tokens(connection: Connection) -> list[Token]:
    """Every token, oldest first."""
    query = select(api_tokens).order_by(api_tokens.c.created_at, api_tokens.c.id)
    return [_token(row) for row in connection.execute(query).mappings()]


def save_token(connection: Connection, token: Token) -> None:
    """Write a token, or write it anew."""
    tenants = None if token.tenants is None else " ".join(sorted(token.tenants))
    values = asdict(token) | {"role": token.role.value, "tenants": tenants}
    changed = update(api_tokens).where(api_tokens.c.id == token.id).values(values)
    if not connection.execute(changed).rowcount:
        connection.execute(api_tokens.insert().values(values))


def save_used(connection: Connection, used: Mapping[str, datetime]) -> None:
    """When tokens were last used, by their id."""
    for token, at in used.items():
        connection.execute(update(api_tokens).where(api_tokens.c.id == token).values(used_at=at))


def save_row(connection: Connection, row: AuditRow) -> None:
    """Add a row. One that is there already stays, whatever it says: it is found by a check."""
    known = select(audit_log.c.number).where(audit_log.c.number == row.number)
    if connection.execute(known).first() is None:
        connection.execute(audit_log.insert().values(asdict(row)))
    head = audit_head.c
    values = {"number": row.number, "hash": row.hash}
    if not connection.execute(update(audit_head).where(head.id == 1).values(values)).rowcount:
        connection.execute(audit_head.insert().values(id=1, **values))


def load_head(connection: Connection) -> Head:
    """The newest row as it was last written."""
    row = connection.execute(select(audit_head)).one_or_none()
    return Head(number=row.number, hash=row.hash) if row else Head()


def rows_in_order(connection: Connection) -> Iterator[AuditRow]:
    """The whole log, oldest first, a part at a time."""
    query = select(audit_log).order_by(audit_log.c.number).limit(_PART)
    part = connection.execute(query).mappings().all()
    while part:
        yield from (AuditRow(**row) for row in part)
        beyond = query.where(audit_log.c.number > part[-1]["number"])
        part = connection.execute(beyond).mappings().all()


def list_rows(
    connection: Connection,
    *,
    since: datetime | None = None,
    actor: str = "",
    act: str = "",
    tenants: Collection[str] | None = None,
    most: int = 100,
) -> list[AuditRow]:
    """The newest rows, newest first; ``act``: whose act or target holds this text."""
    rows = audit_log.c
    query = select(audit_log).order_by(rows.number.desc()).limit(most)
    if since is not None:
        query = query.where(rows.at >= since)
    if actor:
        query = query.where(rows.actor == actor)
    if act:
        holds = rows.act.contains(act, autoescape=True) | rows.target.contains(act, autoescape=True)
        query = query.where(holds)
    if tenants is not None:
        query = query.where(rows.tenant.in_(tenants))
    return [AuditRow(**row) for row in connection.execute(query).mappings()]


def _token(row: Mapping[Any, Any]) -> Token:
    values: dict[str, Any] = dict(row)
    values["role"] = Role(values["role"])
    if values["tenants"] is not None:
        values["tenants"] = frozenset(values["tenants"].split())
    return Token(**values)
