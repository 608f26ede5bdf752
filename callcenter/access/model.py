"""Words of access: tokens. Pure."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

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

    def require_good(self, now: datetime) -> None:
        """Make sure that it opens anything.

        Raises:
            TokenRefused: it does no more.
        """
        if self.revoked_at is not None:
            raise TokenRevoked("This token was revoked; ask for another one.", who=self.name)
        if self.expires_at is not None and self.expires_at <= now:
            raise TokenExpired("This token has expired; ask for another one.", who=self.name)


def new_secret() -> str:
    """256 random bits as text."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def hash_of(secret: str) -> str:
    """What is kept of a secret; it is too long to be guessed, so that one round is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
