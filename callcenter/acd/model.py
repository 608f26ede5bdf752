"""Seats, queues, offers: the words of the ACD and the one table of a seat's states. Pure."""

from dataclasses import dataclass, field
from datetime import timedelta
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
    ON_HOLD = "on_hold"  # with a caller who hears music
    WRAP_UP = "wrap_up"
    ENGAGED = "engaged"  # on the phone, but not for a queue
    UNREACHABLE = "unreachable"


class Cue(StrEnum):
    """What makes a seat's state change."""

    OFFERED = "offered"
    ANSWERED = "answered"
    OFFER_FAILED = "offer_failed"
    TALK_ENDED = "talk_ended"
    HELD = "held"
    TAKEN_OFF_HOLD = "taken_off_hold"
    WRAP_UP_OVER = "wrap_up_over"
    PHONE_LOST = "phone_lost"
    PHONE_IDLE = "phone_idle"
    PHONE_IN_USE = "phone_in_use"
    WRAP_UP_ASKED = "wrap_up_asked"
    LOGGED_OUT = "logged_out"
    ADOPTED_RINGING = "adopted_ringing"
    ADOPTED_TALKING = "adopted_talking"


_S, _C = SeatState, Cue
TABLE: dict[tuple[SeatState, Cue], SeatState] = {
    (_S.IDLE, _C.OFFERED): _S.RINGING,
    (_S.RINGING, _C.ANSWERED): _S.TALKING,
    (_S.RINGING, _C.OFFER_FAILED): _S.IDLE,
    (_S.TALKING, _C.TALK_ENDED): _S.WRAP_UP,
    (_S.TALKING, _C.HELD): _S.ON_HOLD,
    (_S.ON_HOLD, _C.TAKEN_OFF_HOLD): _S.TALKING,
    (_S.ON_HOLD, _C.TALK_ENDED): _S.WRAP_UP,
    (_S.WRAP_UP, _C.WRAP_UP_OVER): _S.IDLE,
    (_S.IDLE, _C.PHONE_LOST): _S.UNREACHABLE,
    (_S.WRAP_UP, _C.PHONE_LOST): _S.UNREACHABLE,
    (_S.IDLE, _C.PHONE_IN_USE): _S.ENGAGED,
    (_S.ENGAGED, _C.PHONE_IDLE): _S.IDLE,
    (_S.ENGAGED, _C.PHONE_LOST): _S.UNREACHABLE,
    (_S.UNREACHABLE, _C.PHONE_IDLE): _S.IDLE,
    (_S.UNREACHABLE, _C.PHONE_IN_USE): _S.ENGAGED,
    (_S.IDLE, _C.WRAP_UP_ASKED): _S.WRAP_UP,
    (_S.WRAP_UP, _C.LOGGED_OUT): _S.IDLE,
    (_S.ENGAGED, _C.LOGGED_OUT): _S.IDLE,
    (_S.UNREACHABLE, _C.LOGGED_OUT): _S.IDLE,
    # a ring or talk of an earlier engine is found going on, whatever we believed of the seat
    (_S.IDLE, _C.ADOPTED_RINGING): _S.RINGING,
    (_S.WRAP_UP, _C.ADOPTED_RINGING): _S.RINGING,
    (_S.ENGAGED, _C.ADOPTED_RINGING): _S.RINGING,
    (_S.UNREACHABLE, _C.ADOPTED_RINGING): _S.RINGING,
    (_S.IDLE, _C.ADOPTED_TALKING): _S.TALKING,
    (_S.WRAP_UP, _C.ADOPTED_TALKING): _S.TALKING,
    (_S.ENGAGED, _C.ADOPTED_TALKING): _S.TALKING,
    (_S.UNREACHABLE, _C.ADOPTED_TALKING): _S.TALKING,
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
    EXPIRED = "expired"  # nobody said how the ring ended, so the core ended it


class StrategyName(StrEnum):
    """How a queue chooses among its free seats (Q1)."""

    LONGEST_IDLE = "longest-idle"
    FEWEST_CALLS = "fewest-calls"
    LEAST_TALK = "least-talk"
    ROUND_ROBIN = "round-robin"
    LINEAR = "linear"
    RANDOM = "random"
    RING_ALL = "ring-all"
    SKILL_LEVEL = "skill-level"


class OverflowReason(StrEnum):
    """Why a caller is sent on instead of waiting (Q4)."""

    FULL = "full"
    NO_SEAT = "no_seat"
    WAITED = "waited"
    RECIPE = "recipe"
    MOVED = "moved"  # by a supervisor
    KEY = "key"  # pressed by the caller while waiting


@dataclass(frozen=True, kw_only=True)
class Skill:
    """A skill and its level: what a seat has, or the least that a caller needs.

    ``preferred`` makes it a wish: seats that have it are chosen first, others are not ruled out.
    """

    name: str
    level: int = 1
    preferred: bool = False


class Action(StrEnum):
    """What a recipe may do for a caller who goes on waiting."""

    RELAX = "relax"  # need `skill` only at `level`; level 0: no more
    TIERS = "tiers"  # open the seats up to tier `level`
    RAISE = "raise"  # add `level` to the priority
    ADD_QUEUE = "add-queue"  # wait in queue `to` as well
    OVERFLOW = "overflow"  # send to `to`


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of a recipe (Q2): after so long a wait, and while the conditions hold, do this.

    Conditions are looked at when ``after`` has passed and every ``again`` until they hold once.
    """

    after: timedelta
    action: Action
    skill: str = ""
    level: int = 0
    to: str = ""
    waiting_at_least: int = 0
    ready_at_most: int | None = None
    again: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a queue sends callers on (Q4), and where to. ``None`` or ``False``: never.

    ``key`` is what a waiting caller may press to leave the queue; ``""``: none.
    """

    most_waiting: int | None = None
    full_to: str = ""
    most_wait: timedelta | None = None
    waited_to: str = ""
    needs_seat: bool = False
    no_seat_to: str = ""
    key: str = ""
    key_to: str = ""


@dataclass(frozen=True, kw_only=True)
class SeatPlan:
    """A seat as the administrator set it up. ``pin_hash`` is argon2; ``listens`` is how many calls
    may be listened to from it at once, 0: as many as its tenant allows."""

    number: str
    tenant: str
    name: str
    pin_hash: str
    skills: tuple[Skill, ...] = ()
    listens: int = 0


@dataclass(frozen=True, kw_only=True)
class QueuePlan:
    """A queue as the administrator set it up. ``seats`` are numbers with their tier (1 first).

    ``ageing``: one step of priority is worth so much waiting; ``None``: priority always wins.
    ``weight``: a seat that becomes free serves its queue of the highest weight first.
    ``specialists_first``: seats that serve fewer queues and skills are chosen before others.
    ``tier_after``: tier 2 opens to a caller after so long, tier 3 after twice that.
    ``most_rejected``, ``most_unreachable``: misses of that cause that set a seat aside;
    ``most_misses`` counts for unanswered rings and where the others are not given.
    ``redial``: who hung up and is back within this gets the old place (Q5).
    ``say_position``, ``say_wait``: what is announced on joining and every ``announce_every`` (Q3);
    ``comfort``: prompts spoken after it, one at a time; ``announce_in``: languages, none: the
    caller's. ``whisper``: what the agent hears before being joined (Q10): prompts, or pieces in
    braces, see :mod:`callcenter.conductor.spoken`. ``answer_within``: seconds in which the service
    level wants an answer; who hangs up within ``short_abandon`` seconds is counted apart.
    ``survey``: the flow that callers are asked when a seat has hung up (R3).
    """

    name: str
    tenant: str
    music: str = "default"
    ring: timedelta = timedelta(seconds=20)
    wrap_up: timedelta = timedelta(seconds=10)
    rest_after_miss: timedelta = timedelta(seconds=5)
    most_misses: int = 3
    record: bool = True
    seats: tuple[tuple[str, int], ...] = ()
    strategy: StrategyName = StrategyName.LONGEST_IDLE
    ring_most: int = 10
    weight: int = 0
    ageing: timedelta | None = None
    specialists_first: bool = True
    tier_after: timedelta = timedelta(0)
    needs: tuple[Skill, ...] = ()
    recipe: tuple[Step, ...] = ()
    limits: Limits = Limits()
    most_rejected: int | None = None
    most_unreachable: int | None = None
    redial: timedelta = timedelta(0)
    announce_every: timedelta | None = None
    say_position: bool = True
    say_wait: bool = True
    comfort: tuple[str, ...] = ()
    announce_in: tuple[str, ...] = ()
    whisper: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()
    disposition_required: bool = False
    answer_within: int = 20
    short_abandon: int = 5
    survey: str = ""


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A reason to be busy (S1): ``key`` is what the agent presses, ``limit`` how long it may be."""

    key: str
    name: str
    limit: timedelta | None = None


PAUSES = (
    Pause(key="1", name="break", limit=timedelta(minutes=15)),
    Pause(key="2", name="meal", limit=timedelta(minutes=60)),
    Pause(key="3", name="meeting"),
    Pause(key="4", name="training"),
)
"""For tenants that have set up none."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All of it, replaced whole when it changes. ``pauses`` by tenant."""

    seats: dict[str, SeatPlan]
    queues: dict[str, QueuePlan]
    pauses: dict[str, tuple[Pause, ...]] = field(default_factory=dict)

    def pauses_of(self, tenant: str) -> tuple[Pause, ...]:
        """Reasons to be busy, by key."""
        return self.pauses.get(tenant) or PAUSES


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
    others: tuple["Offer", ...] = ()  # rung together with this one (ring-all)


@dataclass(frozen=True, kw_only=True)
class Overflow:
    """A caller was sent on: the core has let go of them, ``to`` is what the queue's plan says."""

    call: str
    queue: str
    reason: OverflowReason
    to: str


@dataclass(frozen=True, kw_only=True)
class AnnouncementDue:
    """It is time to tell this caller position and expected wait (Q3)."""

    call: str
    queue: str
    position: int
    estimate: "Estimate | None"


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Expected wait from now on, in seconds: between ``low`` and ``high``, more than
    85 times in 100."""

    low: float
    mean: float
    high: float
