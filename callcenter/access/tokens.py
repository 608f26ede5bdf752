"""Tokens in memory, so that no request waits for the database."""

from collections.abc import Iterable

from callcenter.access.model import Token, TokenRefused, hash_of
from callcenter.kernel.clock import Clock


class TokenBook:
    """All tokens of an engine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_hash: dict[str, Token] = {}

    def everybody(self) -> list[Token]:
        """Every token, oldest first."""
        return sorted(self._by_hash.values(), key=lambda token: (token.created_at, token.id))

    def load(self, tokens: Iterable[Token]) -> None:
        """Replace all."""
        self._by_hash = {token.hash: token for token in tokens}

    def find(self, secret: str) -> Token:
        """The token with this secret.

        Raises:
            TokenRefused: there is none, or it is of no use any more.
        """
        token = self._by_hash.get(hash_of(secret))
        if token is None:
            raise TokenRefused("This token is not known here; see that it is whole.")
        token.require_good(self._clock.now())
        return token
