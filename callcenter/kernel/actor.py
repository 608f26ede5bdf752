"""Who asks: carried along with a request, so that every room can tell and none must be told.

The web sets it from a token or from the local socket; whatever runs by itself is the engine.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum

from callcenter.kernel.errors import Forbidden, NotFound


class Role(StrEnum):
    """What somebody may do; each may do all that those before it may."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    PLATFORM = "platform"

    def covers(self, other: "Role") -> bool:
        """Whether this role may do what ``other`` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, kw_only=True)
class Actor:
    """``tenants`` are those whose data may be seen and changed; ``None``: all.

    ``seat`` is an agent's own, the only one it may act for.
    """

    name: str
    role: Role
    tenants: frozenset[str] | None = None
    seat: str = ""

    def sees(self, tenant: str) -> bool:
        """Whether rows of ``tenant`` exist for this one."""
        return self.tenants is None or tenant in self.tenants


ENGINE = Actor(name="engine", role=Role.PLATFORM)
acting: ContextVar[Actor] = ContextVar("acting", default=ENGINE)
"""Whoever is served; also in threads by ``asyncio.to_thread`` and in tasks begun meanwhile."""


@dataclass(kw_only=True)
class Concerned:
    """Tenants whose rows a request has touched, for the audit log."""

    tenants: set[str] = field(default_factory=set)


concerned: ContextVar[Concerned | None] = ContextVar("concerned", default=None)
"""Of the request that is served; ``None`` where nobody asks."""


def sees(tenant: str) -> bool:
    """Whether rows of ``tenant`` exist for whoever is served; to filter lists."""
    return acting.get().sees(tenant)


def require_own(tenant: str, sentence: str) -> None:
    """Have a single row of ``tenant`` be unknown to those who do not see it.

    Raises:
        NotFound: with ``sentence``, which must be that of a row that does not exist.
    """
    if (noted := concerned.get()) is not None:
        noted.tenants.add(tenant)
    if not sees(tenant):
        raise NotFound(sentence)


def require_platform(what: str) -> None:
    """Only the platform may do ``what`` (a clause: "a new number is given out").

    Raises:
        Forbidden: somebody else asks.
    """
    actor = acting.get()
    if not actor.role.covers(Role.PLATFORM):
        raise Forbidden(f"{actor.name} is {actor.role}; {what} by the platform only.")
