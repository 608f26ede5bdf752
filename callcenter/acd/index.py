"""The dispatcher's books: seats, queues, lines, who sits at which extension.

Kept up to date at each change, so that a decision looks nothing up by scanning.
"""

import random
from collections.abc import Callable, Iterator

from callcenter.acd.line import Line
from callcenter.acd.model import Plan, QueuePlan, SeatPlan, SeatState, SeatStatus
from callcenter.acd.queue import Queue
from callcenter.acd.seat import Seat
from callcenter.acd.skills import ANYBODY, Need
from callcenter.acd.waiting import Waiting

_MOST_LINES = 64


class Index:
    """Found by name or number; changed by the dispatcher alone."""

    def __init__(self, make_seat: Callable[[SeatPlan], Seat], lot: random.Random) -> None:
        self.seats: dict[str, Seat] = {}
        self.queues: dict[str, Queue] = {}
        self.callers: dict[str, Waiting] = {}
        self._at: dict[str, Seat] = {}
        self._make_seat = make_seat
        self._lot = lot

    # -- plan ---------------------------------------------------------------------------------

    def configure(self, plan: Plan) -> None:
        """Take over a plan: what stays keeps its callers, talks and counts."""
        for number, seat_plan in plan.seats.items():
            if seat := self.seats.get(number):
                seat.plan, seat.leaving = seat_plan, False
            else:
                self.seats[number] = self._make_seat(seat_plan)
        for number in [n for n in self.seats if n not in plan.seats]:
            self.retire(self.seats[number])
        for name, queue_plan in plan.queues.items():
            if queue := self.queues.get(name):
                queue.follow(queue_plan)
            else:
                self.queues[name] = Queue(queue_plan)
        for name in [n for n, q in self.queues.items() if n not in plan.queues and not q.callers]:
            del self.queues[name]
        self._man_all()

    def retire(self, seat: Seat) -> None:
        """Forget a seat that is no more in the plan, now or when its call is over."""
        seat.leaving = True
        if seat.offer is None:
            seat.cancel_timer()
            seat.stamp += 1
            seat.free = False
            if self._at.get(seat.listed_at) is seat:
                del self._at[seat.listed_at]
            for line in seat.lines:
                line.places.pop(seat.plan.number, None)
                line.on_duty -= seat.on_duty
                if line.need == ANYBODY:
                    line.queue.logged_in -= seat.logged_in
            seat.lines = {}
            del self.seats[seat.plan.number]

    def _man_all(self) -> None:
        for seat in self.seats.values():
            seat.lines = {}
            seat.breadth = len(seat.plan.skills)
        for queue in self.queues.values():
            for seat, _, _ in self._members(queue.plan):
                seat.breadth += 1
        for queue in self.queues.values():
            queue.lines.setdefault(ANYBODY, Line(queue, ANYBODY))
            for line in queue.lines.values():
                self._man(line)
            queue.logged_in = sum(seat.logged_in for seat, _, _ in self._members(queue.plan))
        for seat in self.seats.values():
            if seat.free:  # listed anew by the dispatcher, with the keys of its new places
                seat.free = False
                seat.stamp += 1

    def _man(self, line: Line) -> None:
        only = line.need.only
        if only is None:
            line.man(self._members(line.queue.plan), self._lot)
        elif seat := self.seats.get(only):
            tiers = dict(line.queue.plan.seats)
            line.man([(seat, 0, tiers.get(only, 1))], self._lot)
        else:
            line.man([], self._lot)

    def _members(self, plan: QueuePlan) -> Iterator[tuple[Seat, int, int]]:
        for position, (number, tier) in enumerate(plan.seats):
            seat = self.seats.get(number)
            if seat is not None and not seat.leaving:
                yield seat, position, tier

    # -- lines --------------------------------------------------------------------------------

    def line(self, queue: Queue, need: Need) -> Line:
        """The line of this need; opened when there is none yet."""
        line = queue.lines.get(need)
        if line is None:
            line = queue.lines[need] = Line(queue, need)
            self._man(line)
            for number, place in line.places.items():
                seat = self.seats[number]
                if seat.free:
                    line.pool.add(place.rank, queue.strategy.key(seat, place), seat)
        return line

    def close(self, line: Line) -> None:
        """Nobody stands here any more; lines for one caller or beyond the bound are taken down."""
        lines = line.queue.lines
        if line.need == ANYBODY or (line.need.only is None and len(lines) <= _MOST_LINES):
            return
        del lines[line.need]
        for number in line.places:
            if seat := self.seats.get(number):
                seat.lines.pop(line, None)

    # -- seats --------------------------------------------------------------------------------

    def at(self, extension: str) -> Seat | None:
        """Who is logged in there."""
        return self._at.get(extension)

    def changed(self, seat: Seat) -> None:
        """Keep the books on a seat."""
        if seat.free and (seat.status is not SeatStatus.READY or seat.state is not SeatState.IDLE):
            seat.free = False
            seat.stamp += 1
        logged_in = seat.status is not SeatStatus.LOGGED_OUT
        on_duty = seat.status is SeatStatus.READY and seat.state is not SeatState.UNREACHABLE
        if on_duty is not seat.on_duty:
            seat.on_duty = on_duty
            for line in seat.lines:
                line.on_duty += 1 if on_duty else -1
        if logged_in is not seat.logged_in:
            seat.logged_in = logged_in
            for line in seat.lines:
                if line.need == ANYBODY:
                    line.queue.logged_in += 1 if logged_in else -1
        listed = seat.extension if logged_in else ""
        if listed != seat.listed_at:
            if self._at.get(seat.listed_at) is seat:
                del self._at[seat.listed_at]
            seat.listed_at = listed
            if listed:
                self._at[listed] = seat
