"""Watches one dial: what AMI tells about the ringing leg becomes progress, in order and once.

AMI and FastAGI are two connections, and AMI may be away; :meth:`DialWatch.settle` adds what AMI
did not tell from the result that the call's own connection brought.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from callcenter.pbx.port import (
    DialProgress,
    DialResult,
    DialStatus,
    LegAnswered,
    LegId,
    LegRinging,
)

_log = structlog.get_logger(__name__)


class DialWatch:
    """State of one dial, to ``party`` unless it is to several.

    ``hang_up`` is called for a leg that shows up after the dial's end was asked for.
    """

    def __init__(
        self,
        party: str,
        on_progress: Callable[[DialProgress], None],
        hang_up: Callable[[LegId], None],
    ) -> None:
        self.legs: list[LegId] = []
        self._parties: dict[LegId, str] = {}
        self._apart: dict[str, LegId] = {}
        self.called_off = False
        self._party = party
        self._on_progress = on_progress
        self._hang_up = hang_up
        self._ringing = False
        self._answered: LegAnswered | None = None

    def begun(self, leg: LegId, party: str = "") -> None:
        """A leg was made; ``party`` is whom it rings."""
        if leg not in self.legs:
            self.legs.append(leg)
            self._parties[leg] = party
        if self.called_off:
            self._hang_up(leg)

    def begun_apart(self, door: str, leg: LegId) -> None:
        """``leg`` hangs behind a Local channel and is answered when that is."""
        self._apart[door] = leg

    def joined(self, door: str, at: datetime) -> None:
        """The leg behind a Local channel has heard its whisper and is joined.

        Others that picked up too are deaf to that while they hear theirs: it is over for them.
        """
        if door in self._apart:
            joined = self._apart.pop(door)
            self.answered(joined, at)
            for leg in self._apart.values():
                self._hang_up(leg)

    def ringing(self, leg: LegId, at: datetime) -> None:
        """The phone rings."""
        if not self._ringing:
            self._ringing = True
            self._tell(LegRinging(leg=leg, at=at))

    def answered(self, leg: LegId, at: datetime, party: str = "") -> None:
        """The phone was picked up, perhaps without having told that it rings."""
        if self._answered is None:
            self.ringing(leg, at)
            party = party or self._parties.get(leg) or self._party
            self._answered = LegAnswered(leg=leg, at=at, party=party)
            self._tell(self._answered)

    def call_off(self) -> None:
        """Hang up what rings, and whatever begins to ring from now on."""
        self.called_off = True
        for leg in self.legs:
            self._hang_up(leg)

    def settle(self, result: DialResult) -> DialResult:
        """Complete the result by what was seen, and the progress by the result."""
        leg = result.leg or (self.legs[-1] if self.legs else None)
        result = replace(result, leg=leg)
        if result.status is not DialStatus.ANSWER:
            return replace(result, status=DialStatus.CANCELLED) if self.called_off else result
        if leg is not None and result.answered_at is not None:
            self.answered(leg, result.answered_at, result.party)
        if self._answered is None:
            return result
        seen = self._answered
        return replace(result, leg=seen.leg, answered_at=seen.at, party=result.party or seen.party)

    def _tell(self, progress: DialProgress) -> None:
        try:
            self._on_progress(progress)
        except Exception:
            _log.exception("a listener of dial progress failed")
