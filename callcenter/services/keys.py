"""Tokens and the audit log for administrators: of a running engine, else in the database."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy import Engine as Database

from callcenter.access import AuditRow, Head, Token, Verified
from callcenter.access.audit import head_in
from callcenter.access.model import hash_of, new_secret
from callcenter.access.store import list_rows, load_tokens, save_token
from callcenter.access.verify import verify
from callcenter.acd import load_plan
from callcenter.engine import Engine
from callcenter.kernel.actor import Role, acting, require_own, sees
from callcenter.kernel.errors import DatabaseProblem, Forbidden, NotFound, Refused
from callcenter.kernel.ids import new_id
from callcenter.kernel.journal import Record, peek
from callcenter.numbers import load_numbers
from callcenter.services.faults import told
from callcenter.web.access import TokenBody

_SETTLE_SECONDS = 10.0


class EngineKeys:
    """See :class:`callcenter.web.access.Keys`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._desk = DatabaseKeys(engine.database)

    def now(self) -> datetime:
        """The engine's clock."""
        return self._engine.clock.now()

    async def tokens(self) -> list[Token]:
        """Out of memory."""
        return [token for token in self._engine.tokens.everybody() if _seen(token)]

    async def make(self, body: TokenBody) -> tuple[Token, str]:
        """Good for the next request."""
        snapshot = self._engine.snapshot.now
        seats = {number: seat.tenant for number, seat in snapshot.plan.seats.items()}
        known = _Known(
            tenants=snapshot.numbers.tenants, seats=seats, tokens=self._engine.tokens.everybody()
        )
        token, secret = _made(body, known, acting.get().name, self.now())
        return self._engine.tokens.keep(token), secret

    async def revoke(self, token: str) -> Token:
        """Refused from the next request on."""
        found = _find(token, self._engine.tokens.everybody(), self.now())
        return self._engine.tokens.keep(found)

    async def audit(
        self, since: datetime | None, actor: str, act: str, most: int
    ) -> list[AuditRow]:
        """What the database has by now."""
        await self._settled(required=False)
        return await asyncio.to_thread(self._desk.list_audit, since, actor, act, most)

    async def verify(self) -> Verified:
        """Against the head that the engine knows."""
        await self._settled(required=True)
        head = self._engine.audit.head
        return await asyncio.to_thread(self._desk.verify_from, head)

    async def _settled(self, *, required: bool) -> None:
        """Wait until the database has what was said before."""
        try:
            await asyncio.wait_for(
                self._engine.projector.settled(), _SETTLE_SECONDS if required else 1.0
            )
        except TimeoutError:
            if required:
                raise DatabaseProblem(
                    "The database does not take records now; the journal keeps them. Verify later."
                ) from None


class DatabaseKeys:
    """The same where no engine runs. ``by`` is who gives the command."""

    def __init__(self, database: Database, journal: Path | None = None, by: str = "") -> None:
        self._database = database
        self._journal = journal
        self._by = by

    def now(self) -> datetime:
        """The machine's clock."""
        return datetime.now(UTC)

    async def tokens(self) -> list[Token]:
        """As stored."""
        return [token for token in self._load() if _seen(token)]

    @told
    def _load(self) -> list[Token]:
        with self._database.connect() as connection:
            return load_tokens(connection)

    async def make(self, body: TokenBody) -> tuple[Token, str]:
        """Stored."""
        return self._make(body)

    @told
    def _make(self, body: TokenBody) -> tuple[Token, str]:
        with self._database.begin() as connection:
            token, secret = _made(body, _known(connection), self._by, self.now())
            save_token(connection, token)
        return token, secret

    async def revoke(self, token: str) -> Token:
        """Stored."""
        return self._revoke(token)

    @told
    def _revoke(self, token: str) -> Token:
        with self._database.begin() as connection:
            found = _find(token, load_tokens(connection), self.now())
            save_token(connection, found)
        return found

    async def audit(
        self, since: datetime | None, actor: str, act: str, most: int
    ) -> list[AuditRow]:
        """As stored."""
        return self.list_audit(since, actor, act, most)

    async def verify(self) -> Verified:
        """Against the head that the journal knows."""
        records: Iterable[Record] = peek(self._journal) if self._journal else ()
        return self.verify_from(head_in(records))

    @told
    def list_audit(self, since: datetime | None, actor: str, act: str, most: int) -> list[AuditRow]:
        """Rows that whoever asks may see (blocking)."""
        with self._database.connect() as connection:
            return list_rows(
                connection,
                since=since,
                actor=actor,
                act=act,
                tenants=acting.get().tenants,
                most=most,
            )

    @told
    def verify_from(self, head: Head) -> Verified:
        """Check (blocking)."""
        with self._database.connect() as connection:
            return verify(connection, head)


def _known(connection: Connection) -> "_Known":
    plan = load_plan(connection)
    return _Known(
        tenants=load_numbers(connection).tenants,
        seats={number: seat.tenant for number, seat in plan.seats.items()},
        tokens=load_tokens(connection),
    )


def _seen(token: Token) -> bool:
    """Tokens of one's own tenants only."""
    return acting.get().tenants is None or (
        token.tenants is not None and all(sees(tenant) for tenant in token.tenants)
    )


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What a new token is checked against."""

    tenants: Iterable[str]
    seats: Mapping[str, str]
    tokens: Iterable[Token]


def _made(body: TokenBody, known: _Known, by: str, now: datetime) -> tuple[Token, str]:
    actor = acting.get()
    if not actor.role.covers(body.role):
        raise Forbidden(f"{actor.name} is {actor.role} and cannot make a token of {body.role}.")
    if any(token.name == body.name and token.is_good(now) for token in known.tokens):
        raise Refused(f"There is a token {body.name!r} already; revoke it or take another name.")
    secret = new_secret()
    token = Token(
        id=new_id("tok"),
        name=body.name,
        hash=hash_of(secret),
        role=body.role,
        tenants=_tenants(body, set(known.tenants), known.seats),
        seat=body.seat,
        created_at=now,
        created_by=by,
        expires_at=now + timedelta(seconds=body.seconds) if body.seconds else None,
    )
    return token, secret


def _tenants(body: TokenBody, tenants: set[str], seats: Mapping[str, str]) -> frozenset[str] | None:
    if body.role is Role.PLATFORM and body.tenants is not None:
        raise Refused("The platform sees every tenant; name none, or give another role.")
    if body.role is Role.AGENT and not body.seat:
        raise Refused("An agent needs its seat.")
    if body.seat and (body.seat not in seats or not sees(seats[body.seat])):
        raise NotFound(f"There is no seat {body.seat}.")
    wanted = body.tenants
    if body.role is Role.AGENT and wanted is None:
        wanted = [seats[body.seat]]
    if wanted is None:
        require_own("*", "Say for which tenants the token is.")
        return None
    for tenant in wanted:
        if tenant not in tenants:
            raise NotFound(f"There is no tenant {tenant!r}.")
        require_own(tenant, f"There is no tenant {tenant!r}.")
    if not wanted or (body.seat and seats[body.seat] not in wanted):
        raise Refused("Say for which tenants the token is; a seat's tenant is one of them.")
    if body.role is Role.AGENT and set(wanted) != {seats[body.seat]}:
        raise Refused(f"An agent is of the tenant of its seat, {seats[body.seat]!r}.")
    return frozenset(wanted)


def _find(wanted: str, known: Iterable[Token], now: datetime) -> Token:
    """The token as it is when it has been taken back."""
    mine = [token for token in known if _seen(token)]
    found = [token for token in mine if token.id == wanted] or [
        token for token in mine if token.name == wanted and token.revoked_at is None
    ]
    if not found:
        raise NotFound(f"There is no token {wanted!r}; see `callcenter token list`.")
    token = found[-1]
    if not acting.get().role.covers(token.role):
        raise Forbidden(f"A token of {token.role} is revoked by that role or a higher one.")
    return token if token.revoked_at else replace(token, revoked_at=now)
