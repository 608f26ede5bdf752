"""Tokens in memory, so that no request waits for the database; written journal first."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial

import msgspec
import structlog

from callcenter.access.model import Token, TokenRefused, hash_of
from callcenter.access.store import save_token, save_used
from callcenter.kernel.clock import Clock
from callcenter.kernel.journal import Journal, Record
from callcenter.kernel.projector import Projector

_log = structlog.get_logger(__name__)
_TOKEN = b"token "


class TokenBook:
    """All tokens of an engine. A change counts for the next request, database or not."""

    def __init__(self, journal: Journal, projector: Projector, clock: Clock) -> None:
        self._journal = journal
        self._projector = projector
        self._clock = clock
        self._by_hash: dict[str, Token] = {}
        self._used: dict[str, datetime] = {}

    def everybody(self) -> list[Token]:
        """Every token, oldest first."""
        return sorted(self._by_hash.values(), key=lambda token: (token.created_at, token.id))

    def keep(self, token: Token) -> Token:
        """A new token, or a known one as it is now."""
        position = self._journal.append(_TOKEN + msgspec.json.encode(token))
        self._projector.add(position, partial(save_token, token=token))
        self._by_hash[token.hash] = token
        return token

    def find(self, secret: str) -> Token:
        """The token with this secret; it counts as used.

        Raises:
            TokenRefused: there is none, or it is of no use any more.
        """
        token = self._by_hash.get(hash_of(secret))
        if token is None:
            raise TokenRefused("This token is not known here; see that it is whole.")
        now = self._clock.now()
        token.require_good(now)
        self._by_hash[token.hash] = token = replace(token, used_at=now)
        self._used[token.id] = now
        return token

    def is_good(self, key: str) -> bool:
        """Whether the token with this hash opens anything."""
        token = self._by_hash.get(key)
        return token is not None and token.is_good(self._clock.now())

    def note_used(self) -> None:
        """Have the database learn when tokens were used; now and then, it is no fact of a call."""
        used, self._used = self._used, {}
        if used:
            self._projector.add(self._journal.position, partial(save_used, used=used))

    def restore(self, known: Iterable[Token], records: Iterable[Record], mark: int) -> None:
        """From the database, then from the journal beyond."""
        self._by_hash = {token.hash: token for token in known}
        for record in records:
            if record.position <= mark or not record.payload.startswith(_TOKEN):
                continue
            try:
                token = msgspec.json.decode(record.payload[len(_TOKEN) :], type=Token)
            except msgspec.MsgspecError as error:
                _log.error("journal record not understood", at=record.position, why=str(error))
                continue
            self._by_hash[token.hash] = token
            self._projector.add(record.position, partial(save_token, token=token))
