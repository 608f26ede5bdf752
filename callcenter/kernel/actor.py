"""Who asks: carried along with a request, so that every room can tell and none must be told.

The web sets it from a token or from the local socket; whatever runs by itself is the engine.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


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
