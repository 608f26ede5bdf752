"""Words of access: tokens, and rows of the audit log with their chain. Pure."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from callcenter.kernel.actor import Actor, Role
from callcenter.kernel.errors import Unauthenticated

PREFIX = "cct_"
"""Every token begins so, for programs that look for secrets in the wrong places."""
_BYTES = 32


class TokenRefused(Unauthenticated):
    """Nobody's token."""

    code = "unknown_token"


class TokenExpired(TokenRefused):
    """It was good until some time ago."""

    code = "expired_token"


class TokenRevoked(TokenRefused):
    """It was taken back."""

    code = "revoked_token"


class TooManyTokens(TokenRefused):
    """Wrong ones came faster than they are looked at.

    A flood is put on record by its 16th, 32nd, 64th ... alone: those are ``round``.
    """

    code = "too_many_wrong_tokens"
    http_status = 429

    def __init__(self, sentence: str, *, wrong: int = 1) -> None:
        super().__init__(sentence)
        self.round = wrong & (wrong - 1) == 0


@dataclass(frozen=True, kw_only=True)
class Token:
    """A key to the API; only the hash of its secret is kept.

    ``tenants`` are those it may see, ``None`` for all; ``seat`` is an agent's own.
    """

    id: str
    name: str
    hash: str
    role: Role
    tenants: frozenset[str] | None
    seat: str = ""
    created_at: datetime
    created_by: str = ""
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        """Whoever comes with it."""
        return Actor(name=self.name, role=self.role, tenants=self.tenants, seat=self.seat)

    def is_good(self, now: datetime) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def require_good(self, now: datetime) -> None:
        """Make sure that it opens anything.

        Raises:
            TokenRefused: it does no more.
        """
        if self.revoked_at is not None:
            raise TokenRevoked("This token was revoked; ask for another one.", who=self.name)
        if not self.is_good(now):
            raise TokenExpired("This token has expired; ask for another one.", who=self.name)


def new_secret() -> str:
    """256 random bits as text."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def hash_of(secret: str) -> str:
    """What is kept of a secret; it is too long to be guessed, so that one round is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """Who did or was refused what. ``hash`` is over all the rest, and so over every row before.

    ``act`` is method and path template, ``target`` the path as it was asked for, ``door`` the way
    in; ``outcome`` is ``done`` or the code of the refusal, whose sentence stands beside it.
    """

    number: int
    at: datetime
    actor: str
    role: str
    tenant: str
    act: str
    target: str
    door: str
    outcome: str
    sentence: str
    previous: str
    hash: str = ""

    def reckoned(self) -> str:
        """What ``hash`` must be: SHA-256 over the JSON array of all other fields in order."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        fields = (self.number, at, self.actor, self.role, self.tenant, self.act, self.target)
        more = (self.door, self.outcome, self.sentence, self.previous)
        return hashlib.sha256(msgspec.json.encode([*fields, *more])).hexdigest()

    def sealed(self) -> "AuditRow":
        """With its hash."""
        return replace(self, hash=self.reckoned())


@dataclass(frozen=True, kw_only=True)
class Head:
    """The newest row of the log; number 0 before the first."""

    number: int = 0
    hash: str = ""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What became of a check: ``broken`` is the first row that is not as it was written, 0 none."""

    rows: int
    broken: int = 0
    why: str = ""
