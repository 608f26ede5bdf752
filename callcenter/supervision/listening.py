"""Who listens to which call from where: a book, and the limit on it. Pure.

Kept by the conductor. It is about this engine only: a listening goes on in the PBX when the engine
is gone, and ends there with the talk.
"""

from dataclasses import dataclass, field
from datetime import datetime

from callcenter.pbx.port import LegId
from callcenter.supervision.model import Act
from callcenter.supervision.refusals import ListensAlready


@dataclass(frozen=True, kw_only=True)
class ListeningView:
    """One row of the list of who listens."""

    call: str
    who: str
    seat: str
    mode: Act
    by: str
    since: datetime
    ringing: bool


@dataclass(eq=False, kw_only=True)
class Listening:
    """One phone in one call. ``who`` is the seat or number as it was named, ``seat`` is set when
    it is a seat's. ``leg`` is empty while the phone rings; ``mode`` as it was last commanded (keys
    on the phone may have switched it since)."""

    call: str
    tenant: str
    who: str
    seat: str = ""
    number: str
    mode: Act
    by: str
    since: datetime
    leg: LegId = field(default=LegId(""))

    @property
    def view(self) -> ListeningView:
        """For lists."""
        return ListeningView(
            call=self.call,
            who=self.who,
            seat=self.seat,
            mode=self.mode,
            by=self.by,
            since=self.since,
            ringing=not self.leg,
        )


class Listeners:
    """The book."""

    def __init__(self) -> None:
        self._all: list[Listening] = []

    def begin(self, listening: Listening, *, most: int) -> None:
        """Enter a phone that is about to be rung; ``most`` calls at once from there.

        Raises:
            ListensAlready: it is in that call, or in as many as are allowed.
        """
        own = [one for one in self._all if one.number == listening.number]
        if any(one.call == listening.call for one in own):
            raise ListensAlready(f"{listening.who} is in call {listening.call} already.")
        if len(own) >= most:
            raise ListensAlready(
                f"{listening.who} is in call {own[0].call} already; leave that first "
                "(`callcenter call leave`), or allow more at once."
            )
        self._all.append(listening)

    def drop(self, listening: Listening) -> bool:
        """It is over; ``False`` when it was already."""
        if listening not in self._all:
            return False
        self._all.remove(listening)
        return True

    def on(self, leg: LegId) -> Listening | None:
        """What this channel is for."""
        return next((one for one in self._all if one.leg == leg), None) if leg else None

    def of(self, call: str) -> list[Listening]:
        """Everybody in this call."""
        return [one for one in self._all if one.call == call]

    def find(self, call: str, number: str) -> Listening | None:
        """This phone in this call."""
        return next((one for one in self.of(call) if one.number == number), None)

    def all(self) -> list[Listening]:
        """Every row, oldest first."""
        return list(self._all)
