"""API tokens and the audit log over REST."""

from datetime import datetime
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from callcenter.access import AuditRow, Token, Verified
from callcenter.kernel.actor import Role

_LONGEST = 10 * 366 * 86_400


class TokenBody(BaseModel):
    """A token to be made. ``tenants`` ``null``: all; ``seconds`` it is good for, ``null``: ever.

    An agent has a seat, whose tenant is its own.
    """

    model_config = ConfigDict(extra="forbid")
    name: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z_.@-]{0,63}$")
    role: Role
    tenants: list[Annotated[str, Field(min_length=1, max_length=64)]] | None = Field(
        None, max_length=1000
    )
    seat: str = Field("", max_length=32)
    seconds: float | None = Field(None, gt=0, le=_LONGEST)


class TokenView(BaseModel):
    """A token without its secret."""

    token: str
    name: str
    role: Role
    tenants: list[str] | None
    seat: str
    state: Literal["good", "expired", "revoked"]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


class TokenMade(TokenView):
    """A new token with its secret, which is shown this once."""

    secret: str


class Keys(Protocol):
    """What this file asks of the engine or the database."""

    def now(self) -> datetime:
        """The moment that decides whether a token has expired."""

    async def tokens(self) -> list[Token]:
        """Tokens that whoever asks may see, oldest first."""

    async def make(self, body: TokenBody) -> tuple[Token, str]:
        """A new token and its secret."""

    async def revoke(self, token: str) -> Token:
        """Take one back, by its id or the name of a good one."""

    async def audit(
        self, since: datetime | None, actor: str, act: str, most: int
    ) -> list[AuditRow]:
        """Rows of the log, newest first."""

    async def verify(self) -> Verified:
        """Whether the log is as it was written."""


class Desk(Protocol):
    """Whoever has it."""

    @property
    def keys(self) -> Keys:
        """Tokens and the audit log."""


def add_access(router: APIRouter, desk: Desk) -> None:
    """Put the paths of this file on the router."""

    @router.get("/tokens")
    async def tokens() -> list[TokenView]:
        """Every token, oldest first; their secrets are known to nobody."""
        now = desk.keys.now()
        return [_view(token, now) for token in await desk.keys.tokens()]

    @router.post("/tokens")
    async def make(body: TokenBody) -> TokenMade:
        """A new token; its secret is in this answer and nowhere else."""
        token, secret = await desk.keys.make(body)
        return TokenMade(secret=secret, **_view(token, desk.keys.now()).model_dump())

    @router.delete("/tokens/{token}")
    async def revoke(token: str) -> TokenView:
        """Take a token back, by its id or name; the next request with it is refused."""
        return _view(await desk.keys.revoke(token), desk.keys.now())

    @router.get("/audit")
    async def audit(
        since: AwareDatetime | None = None,
        actor: Annotated[str, Query(max_length=64)] = "",
        act: Annotated[str, Query(max_length=160)] = "",
        most: Annotated[int, Query(ge=1, le=10_000)] = 100,
    ) -> list[AuditRow]:
        """Who did or was refused what, newest first; ``act`` is any part of method and path."""
        return await desk.keys.audit(since, actor, act, most)

    @router.get("/audit/verify")
    async def verify() -> Verified:
        """Whether every row of the audit log is as it was written."""
        return await desk.keys.verify()


def _view(token: Token, now: datetime) -> TokenView:
    good: Literal["good", "expired"] = "good" if token.is_good(now) else "expired"
    return TokenView(
        token=token.id,
        name=token.name,
        role=token.role,
        tenants=None if token.tenants is None else sorted(token.tenants),
        seat=token.seat,
        state="revoked" if token.revoked_at else good,
        created_at=token.created_at,
        created_by=token.created_by,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        used_at=token.used_at,
    )
