"""Who comes in by the API of a running engine, and what goes on record of it."""

from callcenter.access import TokenBook
from callcenter.engine import Engine
from callcenter.kernel.actor import Actor
from callcenter.web.gate import Asked


class EngineAccess:
    """See :class:`callcenter.web.gate.Access`."""

    def __init__(self, engine: Engine) -> None:
        self._tokens = TokenBook(engine.clock)

    async def actor(self, secret: str, _peer: str) -> Actor:
        """Whose token this is."""
        return self._tokens.find(secret).actor

    def record(self, asked: Asked) -> None:
        """Nothing is kept yet."""
