"""Who comes in by the API of a running engine, and what goes on record of it."""

from callcenter.access import Guard, Said, Token
from callcenter.access.audit import DONE
from callcenter.access.model import TooManyTokens
from callcenter.engine import Engine
from callcenter.kernel.actor import Actor
from callcenter.kernel.errors import Unauthenticated
from callcenter.web.gate import Asked


class EngineAccess:
    """See :class:`callcenter.web.gate.Access`."""

    def __init__(self, engine: Engine) -> None:
        self._tokens = engine.tokens
        self._audit = engine.audit
        self._guard = Guard(engine.clock)

    async def actor(self, secret: str | None, asked: Asked) -> Actor:
        """Whose token this is."""
        try:
            token = self._find(secret)
        except Unauthenticated as error:
            asked.who, refusal = error.who, error
        else:
            asked.key, asked.door = token.hash, f"{token.id} from {asked.peer.name}"
            return token.actor
        try:
            await self._guard.wrong(asked.peer.name)
        except TooManyTokens as flood:
            asked.quiet = not flood.round
            raise
        raise refusal

    def still(self, asked: Asked) -> bool:
        """Whether the token has neither been revoked nor expired since."""
        return self._tokens.is_good(asked.key)

    def _find(self, secret: str | None) -> Token:
        if secret is None:
            raise Unauthenticated("Say who you are: send a token (Authorization: Bearer ...).")
        return self._tokens.find(secret)

    def begin(self, asked: Asked) -> int:
        """Note that an act begins."""
        return self._audit.begin(_said(asked))

    def record(self, asked: Asked) -> None:
        """Put it on record."""
        self._audit.add(_said(asked), asked.begun)


def _said(asked: Asked) -> Said:
    actor, (method, path) = asked.actor, asked.act
    failed = asked.status >= 400 or bool(asked.code)
    return Said(
        actor=actor.name if actor else asked.who or "unknown",
        role=actor.role if actor else "",
        tenant=_tenant(asked),
        act=f"{method} {path or 'unknown path'}",
        target=f"{asked.path}?{asked.query}" if asked.query else asked.path,
        door=asked.door or asked.peer.name,
        outcome=(asked.code or str(asked.status)) if failed else DONE,
        sentence=asked.message,
    )


def _tenant(asked: Asked) -> str:
    """Whose rows were touched; else whose sender it was, if of one tenant only."""
    if touched := asked.concerned.tenants | ({asked.tenant} if asked.tenant else set()):
        return " ".join(sorted(touched - {""}))
    own = asked.actor.tenants if asked.actor else None
    return next(iter(own)) if own and len(own) == 1 else ""
