"""Watches one dial: what the node tells about the ringing legs becomes progress, in order and once.

Events come over another connection than the call's own, and that one may be away;
:meth:`DialWatch.settle` adds what was not told from the result that the call's own brought. For
Asterisk and FreeSWITCH alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    DialProgress,
    DialResult,
    DialStatus,
    LegAnswered,
    LegId,
    LegRefused,
    LegRinging,
)

_BY_CAUSE = {
    Cause.BUSY: DialStatus.BUSY,
    Cause.REJECTED: DialStatus.BUSY,
    Cause.NO_ANSWER: DialStatus.NO_ANSWER,
}

_log = structlog.get_logger(__name__)


class DialWatch:
    """State of one dial to ``parties``.

    ``hang_up`` is called for a leg that shows up after the dial's end was asked for. A phone that
    must hear something first is dialled behind a Local channel, its *door*; doors are numbered as
    the parties are, from 1.
    """

    def __init__(
        self,
        parties: Sequence[str],
        on_progress: Callable[[DialProgress], None],
        hang_up: Callable[[LegId], None],
    ) -> None:
        self.legs: list[LegId] = []
        self._open = list(parties)  # may still answer
        self._all = list(parties)
        self._parties: dict[LegId, str] = {}
        self._doors: dict[str, str] = {}  # the party behind each
        self._apart: dict[str, LegId] = {}
        self._refusing: dict[LegId, DialStatus] = {}
        self.called_off = False
        self._on_progress = on_progress
        self._hang_up = hang_up
        self._ringing: set[LegId] = set()
        self._answered: LegAnswered | None = None
        self._alone: LegId | None = None

    def begun(self, leg: LegId, party: str = "") -> None:
        """A leg was made; ``party`` is whom it rings."""
        if leg not in self.legs:
            self.legs.append(leg)
            self._parties[leg] = party
        if self.called_off:
            self._hang_up(leg)

    def door_made(self, door: str, number: str) -> None:
        """A door to the party of this number."""
        at = int(number) if number.isdecimal() else 0
        if 0 < at <= len(self._all):
            self._doors[door] = self._all[at - 1]

    def begun_apart(self, door: str, leg: LegId) -> None:
        """``leg`` hangs behind a door and is answered when that is."""
        self._apart[door] = leg

    def joined(self, door: str, at: datetime) -> None:
        """The leg behind a door has heard its whisper and is joined.

        Others that picked up too are deaf to that while they hear theirs: it is over for them.
        """
        if door in self._apart:
            joined = self._apart.pop(door)
            self.answered(joined, at)
            for leg in self._apart.values():
                self._hang_up(leg)

    def ringing(self, leg: LegId, at: datetime) -> None:
        """The phone rings."""
        if leg not in self._ringing:
            self._ringing.add(leg)
            self._tell(LegRinging(leg=leg, at=at, party=self._party(leg)))
            for party in [p for p in self._open if len(self._all) > 1 and not self._made(p)]:
                self._refused(None, party, DialStatus.UNREACHABLE, at)

    def rings_at(self, leg: LegId) -> bool:
        """Whether a phone rings at this leg."""
        return leg in self._ringing and self._answered is None

    def picked_up(self, leg: LegId, by: LegId, party: str, *, alone: bool = False) -> None:
        """The channel ``by``, of the phone at ``party``, took the place of the one that rings.

        ``alone``: whatever else rings is called off with it: it refuses nothing, and an answer
        that was on its way is none.
        """
        if leg not in self.legs or not party:
            return
        self.begun(by, party)
        self._ringing.add(by)
        was = self._parties[leg]
        self._open = [party if each == was else each for each in self._open]
        if alone:
            self._open, self._alone = [party], by
            self._ringing = {by}
        self._apart = {door: by if at == leg else at for door, at in self._apart.items()}

    def answered(self, leg: LegId, at: datetime, party: str = "") -> None:
        """The phone was picked up, perhaps without having told that it rings."""
        if self._answered is None and self._alone in (None, leg):
            self.ringing(leg, at)
            self._answered = LegAnswered(leg=leg, at=at, party=party or self._party(leg))
            self._tell(self._answered)

    def refuses(self, leg: LegId, status: DialStatus) -> None:
        """The phone does not take the call; why exactly is told by the end of the leg."""
        self._refusing[leg] = status

    def leg_ended(self, leg: LegId, cause: Cause, at: datetime) -> None:
        """A leg has gone."""
        status = self._refusing.pop(leg, None)
        if status is not None and leg in self._parties:
            self._refused(leg, self._parties[leg], _BY_CAUSE.get(cause, status), at)

    def door_closed(self, door: str, status: DialStatus, at: datetime) -> None:
        """Nobody comes through this door: refused, not there, or did not confirm."""
        party = self._doors.get(door, "")
        self._refused(self._apart.pop(door, None), party, status, at)

    def _refused(self, leg: LegId | None, party: str, status: DialStatus, at: datetime) -> None:
        """Told while others may still answer; the last one's refusal is the dial's result."""
        if self._answered is None and not self.called_off and party in self._open:
            self._open.remove(party)
            if self._open:
                self._tell(LegRefused(leg=leg, at=at, party=party, status=status))

    def _party(self, leg: LegId) -> str:
        return self._parties.get(leg) or (self._all[0] if len(self._all) == 1 else "")

    def _made(self, party: str) -> bool:
        return party in self._parties.values() or party in self._doors.values()

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
