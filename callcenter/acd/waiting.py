"""A caller in one or more queues, from joining to an answer or to leaving. Changed by the
dispatcher alone; whoever joined keeps it as the ticket."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from callcenter.acd.model import AnnouncementDue, Offer, Overflow

if TYPE_CHECKING:
    from callcenter.acd.line import Line
    from callcenter.acd.recipes import Schedule

Order = tuple[float, float]


def order_of(joined_at: datetime, priority: int, ageing: timedelta | None) -> Order:
    """Who is served first: the smallest.

    With ageing a step of priority is worth a head start of so many seconds. Everybody's priority
    grows at the same pace then, so the order of two callers never changes while they wait and a
    heap needs no sorting again.
    """
    arrived = joined_at.timestamp()
    if ageing is None:
        return (-float(priority), arrived)
    return (0.0, arrived - priority * ageing.total_seconds())


class Waiting:
    """A caller's ticket. ``stamp`` moves on whenever the caller's place in a line is void."""

    __slots__ = (
        "call",
        "caller",
        "gone",
        "joined_at",
        "lines",
        "offers",
        "on_announcement",
        "on_offer",
        "on_overflow",
        "order",
        "priority",
        "queue",
        "queues",
        "rings_many",
        "schedule",
        "since",
        "stamp",
        "ticket",
        "virtual",
    )

    def __init__(
        self,
        *,
        call: str,
        queue: str,
        joined_at: datetime,
        since: float,
        order: Order,
        ticket: int,
        on_offer: Callable[[Offer], None],
        priority: int = 0,
        caller: str = "",
    ) -> None:
        self.call = call
        self.queue = queue
        self.queues = [queue]
        self.joined_at = joined_at
        self.priority = priority
        self.since = since
        self.order = order
        self.ticket = ticket
        self.caller = caller
        self.on_offer = on_offer
        self.on_overflow: Callable[[Overflow], None] | None = None
        self.on_announcement: Callable[[AnnouncementDue], None] | None = None
        self.offers: tuple[Offer, ...] = ()
        self.lines: list[Line] = []
        self.schedule: Schedule | None = None
        self.stamp = 0
        self.gone = False
        self.virtual = False
        self.rings_many = False

    @property
    def offer(self) -> Offer | None:
        """The offer that is out for this caller; the first of several."""
        return self.offers[0] if self.offers else None
