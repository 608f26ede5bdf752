"""A floor of seats and callers around the production dispatcher, on a clock of its own."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from callcenter.acd import (
    AnnouncementDue,
    Dispatcher,
    Offer,
    OfferFailure,
    Overflow,
    Plan,
    QueuePlan,
    SeatPlan,
    SeatState,
    Skill,
    Waiting,
)
from callcenter.pbx.port import DeviceState
from callcenter.sim.clock import HeapClock


class Floor:
    """Callers by name; what they were told is kept in lists."""

    def __init__(self) -> None:
        self.clock = HeapClock()
        self.told: list[object] = []
        self.dispatcher = Dispatcher(self.clock, self.told.append)
        self.plan = Plan(seats={}, queues={})
        self.offers: dict[str, list[Offer]] = {}
        self.overflows: list[Overflow] = []
        self.announcements: list[AnnouncementDue] = []

    def seats(self, *numbers: str, skills: Iterable[Skill] = ()) -> None:
        """Set up seats; nobody is logged in."""
        more = {
            n: SeatPlan(number=n, tenant="t", name=n, pin_hash="", skills=tuple(skills))
            for n in numbers
        }
        self.plan = replace(self.plan, seats={**self.plan.seats, **more})
        self.dispatcher.configure(self.plan)

    def queue(self, name: str, *seats: str | tuple[str, int], **rules: Any) -> None:
        """Set up a queue; rings and wrap-up as by default unless said."""
        members = tuple((s, 1) if isinstance(s, str) else s for s in seats)
        plan = QueuePlan(name=name, tenant="t", seats=members, **rules)
        self.plan = replace(self.plan, queues={**self.plan.queues, name: plan})
        self.dispatcher.configure(self.plan)

    def log_in(self, *numbers: str) -> None:
        """Each at a phone of the same number, a second apart."""
        for number in numbers:
            self.dispatcher.phone_seen(number, DeviceState.IDLE)
            self.dispatcher.log_in(number, number, by="test")
            self.passes(1)

    def joins(self, call: str, queue: str = "q", priority: int = 0, **given: Any) -> Waiting:
        """A caller comes; limits and announcements are in force."""
        offers = self.offers.setdefault(call, [])
        return self.dispatcher.join(
            call,
            queue,
            given.pop("joined_at", self.clock.now()),
            offers.append,
            priority,
            on_overflow=self.overflows.append,
            on_announcement=self.announcements.append,
            **given,
        )

    def seat_of(self, call: str) -> str:
        """Who rings for, or talks with, this caller; empty: nobody."""
        for seat in self.dispatcher.seats():
            if seat.call == call:
                return seat.plan.number
        return ""

    def offer(self, call: str) -> Offer:
        """The last offer made for this caller."""
        return self.offers[call][-1]

    def answers(self, call: str) -> str:
        """The seat that rings for this caller picks up."""
        assert self.dispatcher.answered(self.offer(call))
        return self.offer(call).seat

    def hangs_up(self, call: str) -> None:
        """The talk ends."""
        self.dispatcher.talk_ended(self.offer(call))

    def misses(self, call: str, failure: OfferFailure = OfferFailure.NO_ANSWER) -> None:
        """The ring ends without a talk."""
        self.dispatcher.failed(self.offer(call), failure)

    def serves(self, call: str, seconds: float = 60) -> str:
        """Answered, talked, wrapped up."""
        number = self.answers(call)
        self.passes(seconds)
        self.hangs_up(call)
        self.passes(minutes=1)
        return number

    def state(self, number: str) -> SeatState:
        """What is seen."""
        return self.dispatcher.seat(number).state

    def passes(self, seconds: float = 0, minutes: float = 0) -> None:
        """Let time pass."""
        self.clock.run(self.clock.monotonic() + seconds + 60 * minutes)


def skill(name: str, level: int = 1, *, preferred: bool = False) -> Skill:
    """Short for tests."""
    return Skill(name=name, level=level, preferred=preferred)


NOTHING = timedelta(0)
