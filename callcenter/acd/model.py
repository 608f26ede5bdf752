"""Seats, queues, offers: the words of the ACD and the one table of a seat's states. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class SeatStatus(StrEnum):
    """What the agent says."""

    LOGGED_OUT = "logged_out"
    READY = "ready"
    BUSY = "busy"


class SeatState(StrEnum):
    """What is seen."""

    IDLE = "idle"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    ENGAGED = "engaged"  # on the phone, but not for a queue
    UNREACHABLE = "unreachable"


class Cue(StrEnum):
    """What makes a seat's state change."""

    OFFERED = "offered"
    ANSWERED = "answered"
    OFFER_FAILED = "offer_failed"
    TALK_ENDED = "talk_ended"
    WRAP_UP_OVER = "wrap_up_over"
    PHONE_LOST = "phone_lost"
    PHONE_IDLE = "phone_idle"
    PHONE_IN_USE = "phone_in_use"


_S, _C = SeatState, Cue
TABLE: dict[tuple[SeatState, Cue], SeatState] = {
    (_S.IDLE, _C.OFFERED): _S.RINGING,
    (_S.RINGING, _C.ANSWERED): _S.TALKING,
    (_S.RINGING, _C.OFFER_FAILED): _S.IDLE,
    (_S.TALKING, _C.TALK_ENDED): _S.WRAP_UP,
    (_S.WRAP_UP, _C.WRAP_UP_OVER): _S.IDLE,
    (_S.IDLE, _C.PHONE_LOST): _S.UNREACHABLE,
    (_S.WRAP_UP, _C.PHONE_LOST): _S.UNREACHABLE,
    (_S.IDLE, _C.PHONE_IN_USE): _S.ENGAGED,
    (_S.ENGAGED, _C.PHONE_IDLE): _S.IDLE,
    (_S.ENGAGED, _C.PHONE_LOST): _S.UNREACHABLE,
    (_S.UNREACHABLE, _C.PHONE_IDLE): _S.IDLE,
    (_S.UNREACHABLE, _C.PHONE_IN_USE): _S.ENGAGED,
}
"""Every change there is. A pair that is not here changes nothing: a phone that vanishes while it
rings or talks is told by the end of that ring or talk."""


class OfferFailure(StrEnum):
    """Why a ring did not become a talk."""

    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    CALLER_GONE = "caller_gone"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class SeatPlan:
    """A seat as the administrator set it up. ``pin_hash`` is argon2."""

    number: str
    tenant: str
    name: str
    pin_hash: str


@dataclass(frozen=True, kw_only=True)
class QueuePlan:
    """A queue as the administrator set it up. ``seats`` are numbers with their tier (1 first)."""

    name: str
    tenant: str
    music: str = "default"
    ring: timedelta = timedelta(seconds=20)
    wrap_up: timedelta = timedelta(seconds=10)
    rest_after_miss: timedelta = timedelta(seconds=5)
    most_misses: int = 3
    record: bool = True
    seats: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All of it, replaced whole when it changes."""

    seats: dict[str, SeatPlan]
    queues: dict[str, QueuePlan]


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One ring at one seat, taken for one caller. The token is the proof of who holds the seat."""

    token: str
    call: str
    queue: str
    seat: str
    extension: str
    ring: timedelta
    music: str
    record: bool


@dataclass(frozen=True, kw_only=True)
class StatusChanged:
    """The agent said something new (or the engine said it for them: ``by``)."""

    seat: str
    status: SeatStatus
    reason: str
    extension: str
    at: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class StateChanged:
    """A seat was seen in a new state."""

    seat: str
    state: SeatState
    call: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class SeatView:
    """One row of the seat list."""

    seat: str
    tenant: str
    name: str
    status: SeatStatus
    reason: str
    state: SeatState
    extension: str
    call: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class QueueView:
    """One row of the queue list. ``longest_wait`` in seconds."""

    queue: str
    tenant: str
    waiting: int
    longest_wait: float
    seats_ready: int
    seats_logged_in: int
