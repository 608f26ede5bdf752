"""What the core tells (events) and shows (rows of lists). Pure."""

from dataclasses import dataclass
from datetime import datetime

from callcenter.acd.model import Offer, SeatState, SeatStatus


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A seat that was not chosen, and why."""

    seat: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One offer explained (Q9). ``unlisted`` seats of the queue are beyond the bound."""

    at: datetime
    call: str
    queue: str
    seat: str
    why: str
    waited: float
    passed: tuple[Passed, ...]
    unlisted: int


@dataclass(frozen=True, kw_only=True)
class Disposed:
    """An agent said what came of a call."""

    seat: str
    call: str
    queue: str
    code: str
    at: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class WrapUpSet:
    """A seat is in wrap-up ``until`` then; ``owes``: it also has to say what came of the call."""

    seat: str
    call: str
    queue: str
    until: datetime
    owes: bool


@dataclass(frozen=True, kw_only=True)
class LeaseExpired:
    """The core ended a ring that nobody had ended."""

    offer: Offer
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Figures whose right value is 0 (all but ``offers``), since the start.

    ``stuck_seat_seconds``: time that seats were held beyond their ring by a lease nobody ended.
    ``double_offers``: times a second offer of a taken seat or caller was about to be made
    (and was not).
    """

    offers: int
    double_offers: int
    expired_leases: int
    stuck_seat_seconds: float


@dataclass(frozen=True, kw_only=True)
class StatusChanged:
    """The agent said something new (or the engine said it for them: ``by``).

    ``until`` is when a pause has lasted as long as it may.
    """

    seat: str
    status: SeatStatus
    reason: str
    extension: str
    at: datetime
    by: str
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class StateChanged:
    """A seat was seen in a new state; ``queue`` is the one it works for, also in wrap-up."""

    seat: str
    state: SeatState
    call: str
    at: datetime
    queue: str = ""


@dataclass(frozen=True, kw_only=True)
class SeatView:
    """One row of the seat list. ``until``: end of a wrap-up, or of what a pause may last."""

    seat: str
    tenant: str
    name: str
    status: SeatStatus
    reason: str
    state: SeatState
    extension: str
    call: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class QueueView:
    """One row of the queue list. ``longest_wait`` in seconds, of who waits since ``oldest``."""

    queue: str
    tenant: str
    waiting: int
    longest_wait: float
    seats_ready: int
    seats_logged_in: int
    oldest: datetime | None = None
