"""Visits of a CDR: each wait in a queue, from joining to leaving. Pure.

Who asks to be called back leaves the queue as a flow-out; back on the line they visit it anew.
"""

from datetime import datetime

from callcenter.calls.cdr import Cdr, CdrVisit
from callcenter.calls.model import (
    Announced,
    AnyCallEvent,
    CallbackAsked,
    CallbackDialled,
    CallbackFailed,
    CallEnded,
    OfferEnded,
    OfferOutcome,
    QueueJoined,
    QueueLeft,
    QueueLeftBy,
    Resumed,
)

CALLBACK = "callback"
"""The reason of who left to be called back."""


class Visits:
    """Folds events into ``cdr.visits``; at most one is open at a time."""

    def __init__(self, cdr: Cdr) -> None:
        self._cdr = cdr
        self._open: CdrVisit | None = None
        self._joined: datetime | None = None
        self._parked = ""  # queue of who waits to be called back
        self._dialled = False
        self._seat = ""

    def take(self, event: AnyCallEvent) -> None:
        """One more event."""
        match event:
            case QueueJoined():
                self._leave(event.at, QueueLeftBy.OVERFLOW, to=f"queue:{event.queue}")
                self._join(event.queue, event.at)
                self._cdr.queue, self._joined = event.queue, event.at
            case OfferEnded(outcome=OfferOutcome.ANSWERED):
                self._seat = event.seat
            case Announced() if self._open is not None:
                self._announced(self._open, event)
            case QueueLeft():
                self._left(event)
            case CallEnded():
                self._leave(event.at, QueueLeftBy.ABANDONED)
            case CallbackAsked() if self._open is not None:
                self._parked, self._dialled = self._open.queue, False
                self._leave(event.at, QueueLeftBy.OVERFLOW, reason=CALLBACK, to=event.number)
            case CallbackDialled():
                self._dialled = True
            case CallbackFailed():
                self._parked = ""
            case Resumed() if self._parked and self._dialled:
                self._join(self._parked, event.at)
                self._parked = ""
            case _:
                pass

    def _join(self, queue: str, at: datetime) -> None:
        self._open = CdrVisit(queue=queue, joined_at=at, left_at=at)
        self._cdr.visits.append(self._open)

    def _announced(self, visit: CdrVisit, event: Announced) -> None:
        most = event.wait if event.high is None else event.high
        if visit.announced_seconds is None and most is not None:
            visit.announced_seconds = _between(visit.joined_at, event.at) + most

    def _left(self, event: QueueLeft) -> None:
        if self._joined is not None:
            self._cdr.wait_seconds = _between(self._joined, event.at)
        self._leave(event.at, event.by, reason=event.reason, to=event.to)

    def _leave(self, at: datetime, by: QueueLeftBy, *, reason: str = "", to: str = "") -> None:
        visit, self._open = self._open, None
        if visit is None:
            return
        visit.left_at = max(visit.joined_at, at)
        visit.wait_seconds = _between(visit.joined_at, visit.left_at)
        visit.by, visit.reason, visit.to = by.value, reason, to
        if by is QueueLeftBy.ANSWERED:
            visit.seat = self._seat


def _between(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
