"""Why this seat and not that one (Q9): a record made at each offer, when somebody listens.

Bounded, so that it costs the same in a queue of thousands: the first ``MOST`` seats of the queue
by place in its list, and how many more there are.
"""

from itertools import islice

from callcenter.acd.line import Line
from callcenter.acd.model import SeatState, SeatStatus
from callcenter.acd.seat import Seat
from callcenter.acd.skills import ANYBODY, levels
from callcenter.acd.told import Decision, Passed
from callcenter.acd.waiting import Waiting
from callcenter.kernel.clock import Clock

MOST = 24


def decision(
    clock: Clock, line: Line, waiting: Waiting, seat: Seat, seats: dict[str, Seat]
) -> Decision:
    """What is known at the moment of the offer; to be made before the seat is taken."""
    now, queue = clock.now(), line.queue
    others = [n for n, _ in islice(queue.plan.seats, MOST + 1) if n != seat.plan.number][:MOST]
    mine = seat.plan.number in queue.lines[ANYBODY].places
    passed = tuple(
        Passed(seat=number, why=_why(clock.monotonic(), line, seats[number], seat))
        for number in others
        if number in seats
    )
    return Decision(
        at=now,
        call=waiting.call,
        queue=queue.plan.name,
        seat=seat.plan.number,
        why=_chosen(line),
        waited=(now - waiting.joined_at).total_seconds(),
        passed=passed,
        unlisted=max(0, len(queue.plan.seats) - mine - len(others)),
    )


def _chosen(line: Line) -> str:
    if line.need.only is not None:
        return "the one seat asked for"
    return line.queue.strategy.says


def _why(now: float, line: Line, seat: Seat, chosen: Seat) -> str:  # noqa: PLR0911 - one per reason
    if seat.status is SeatStatus.LOGGED_OUT:
        return "logged out"
    if seat.status is SeatStatus.BUSY:
        return f"busy: {seat.reason}" if seat.reason else "busy"
    place = line.places.get(seat.plan.number)
    if place is None:
        return _unfit(line, seat)
    if seat.state is not SeatState.IDLE:
        return seat.state.value.replace("_", " ")
    if seat.offer is not None:
        return "held by another offer"
    if seat.resting_until > now:
        return f"rests for {seat.resting_until - now:.0f} s after a miss"
    mine = line.places.get(chosen.plan.number)
    if mine is not None and mine.rank != place.rank:
        return _outranked(mine.rank, place.rank)
    return "free; the strategy put another first"


def _unfit(line: Line, seat: Seat) -> str:
    has = levels(seat.plan)
    for skill in line.need.skills:
        if not skill.preferred and has.get(skill.name, 0) < skill.level:
            return f"lacks {skill.name} at level {skill.level}"
    if line.need.only is not None:
        return "another seat was asked for"
    if line.need.tiers is not None:
        return f"its tier is not open yet (open: {line.need.tiers})"
    return "not in this queue now"


def _outranked(mine: tuple[int, ...], theirs: tuple[int, ...]) -> str:
    words = ("free; in a later tier", "free; lacks a preferred skill", "free; kept for its queues")
    for word, best, other in zip(words, mine, theirs, strict=True):
        if best != other:
            return word if best < other else "free; the strategy put another first"
    return "free; the strategy put another first"
