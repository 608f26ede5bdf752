"""How a node and its trunks are: a part of the port. Asked now and then, never for a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol


class TrunkState(StrEnum):
    """Whether the other end of a trunk answers when it is asked (OPTIONS)."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"  # it has no contact, is not asked, or was not asked yet


@dataclass(frozen=True, kw_only=True)
class TrunkSeen:
    """What the node knows of a trunk; ``round_trip`` is that of the last answer."""

    state: TrunkState = TrunkState.UNKNOWN
    round_trip: timedelta | None = None


class Health(Protocol):
    """A node as the board shows it."""

    async def trunks(self, names: Sequence[str]) -> dict[str, TrunkSeen]:
        """Each of these trunks. What is seen of a trunk never keeps a call from being tried."""

    async def channels(self) -> int:
        """How many channels the node has, whosever they are."""
