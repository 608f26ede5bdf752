"""The dispatcher: the only one who takes a seat, in one step, for one caller.

Synchronous and without locks: each method runs to its end on the loop's thread, decides, and tells
through callbacks. It needs a clock and no PBX, so the simulator runs it as it is. Here: the plan
and the callers; agents in ``desk``, offers in ``rings``, matching in ``core``.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from callcenter.acd.core import HELD
from callcenter.acd.desk import Desk
from callcenter.acd.limits import overflow, refuses
from callcenter.acd.line import Line
from callcenter.acd.model import (
    Action,
    AnnouncementDue,
    Estimate,
    Offer,
    OfferFailure,
    Overflow,
    OverflowReason,
    Plan,
    QueuePlan,
    Skill,
    Step,
)
from callcenter.acd.queue import Queue
from callcenter.acd.recipes import Schedule, first_tiers, holds, steps
from callcenter.acd.seat import Seat
from callcenter.acd.skills import Need, need_of, relaxed
from callcenter.acd.told import QueueView
from callcenter.acd.waiting import Waiting, order_of
from callcenter.kernel.errors import NotFound

__all__ = ["Dispatcher", "Waiting"]
_MOST_PRIORITY = 100_000


class Dispatcher(Desk):
    """Callers, seats and who gets whom."""

    # -- plan ---------------------------------------------------------------------------------

    def configure(self, plan: Plan) -> None:
        """Take over a new plan; callers and seats that stay are not disturbed."""
        self._index.configure(plan)
        for seat in list(self._index.seats.values()):
            self.refresh(seat)

    def queue_plan(self, name: str) -> QueuePlan | None:
        """How this queue is set up; ``None`` when there is none."""
        queue = self._index.queues.get(name)
        return queue.plan if queue else None

    def queue(self, name: str) -> QueueView | None:
        """One row; ``None`` when there is no such queue."""
        queue = self._index.queues.get(name)
        return self._view(queue) if queue else None

    def queues(self) -> list[QueueView]:
        """One row per queue, by name."""
        return [self._view(self._index.queues[name]) for name in sorted(self._index.queues)]

    # -- callers ------------------------------------------------------------------------------

    def join(
        self,
        call: str,
        queue: str,
        joined_at: datetime,
        on_offer: Callable[[Offer], None],
        priority: int = 0,
        *,
        also: Iterable[str] = (),
        skills: Iterable[Skill] = (),
        only_seat: str | None = None,
        caller: str = "",
        virtual: bool = False,
        rings_many: bool = False,
        on_overflow: Callable[[Overflow], None] | None = None,
        on_announcement: Callable[[AnnouncementDue], None] | None = None,
    ) -> Waiting:
        """Put a caller in a queue; ``on_offer`` is called when a seat was taken for them.

        ``also``: further queues to wait in at once. ``skills``: needed besides those of the queue.
        ``only_seat``: no other seat will do, whether it serves the queue or not (last agent);
        join again without it to widen. ``caller``: who it is, to regain a place after redialling.
        ``virtual``: nobody is on the line, the ticket stands for a call back. ``rings_many``:
        rings all seats of ``offer.others`` too. Limits hold for callers with ``on_overflow`` only;
        it may be called before this returns, the ticket is ``gone`` then. A call that waits
        already leaves its old place.

        Raises:
            NotFound: there is no such queue.
        """
        names = list(dict.fromkeys([queue, *also]))
        for name in names:
            if name not in self._index.queues:
                raise NotFound(f"There is no queue {name!r}.")
        if (old := self._index.callers.get(call)) is not None:
            self.leave(old)
        first = self._index.queues[queue]
        if caller and (kept := self._places.regain(queue, caller, self._clock.now())):
            joined_at = min(joined_at, kept)
        waiting = Waiting(
            call=call,
            queue=queue,
            joined_at=joined_at,
            since=self._clock.monotonic(),
            order=order_of(joined_at, priority, first.plan.ageing),
            ticket=next(self._ticket),
            on_offer=on_offer,
            priority=priority,
            caller=caller,
        )
        waiting.virtual, waiting.rings_many = virtual, rings_many
        waiting.on_overflow, waiting.on_announcement = on_overflow, on_announcement
        if on_overflow is not None and not self._admitted(waiting, names):
            return waiting
        waiting.queues = names
        self._index.callers[call] = waiting
        asked = tuple(skills)
        for name in names:
            self._line_up(waiting, self._index.queues[name], asked, only_seat)
        self._make_schedule(waiting, first.plan)
        self._place(waiting)
        return waiting

    def leave(self, waiting: Waiting, *, keep_place: bool = False) -> None:
        """The caller waits no more; an offer still out is withdrawn.

        ``keep_place``: who dials again within the queue's ``redial`` is where they were.
        """
        if waiting.gone:
            return
        plan = self._index.queues[waiting.queue].plan
        if keep_place:
            now = self._clock.now()
            self._places.keep(waiting.queue, waiting.caller, waiting.joined_at, now, plan.redial)
        self._remove(waiting, hung_up=not waiting.virtual)
        for offer in waiting.offers:
            self.failed(offer, OfferFailure.CALLER_GONE)

    def let_go(self, waiting: Waiting) -> None:
        """The caller waits no more, but a seat that rings or talks stays taken."""
        if waiting.gone:
            return
        for offer in waiting.offers:
            self.renew(offer, HELD)
        self._remove(waiting)

    def park(self, waiting: Waiting, on_offer: Callable[[Offer], None] | None = None) -> bool:
        """The caller hangs up and keeps the place, to be called back (Q5).

        An offer that is out is withdrawn; the next goes to ``on_offer`` (or where it went before)
        and asks for one dial. ``False``: the ticket is no longer waiting.
        """
        if waiting.gone:
            return False
        waiting.virtual = True
        waiting.on_offer = on_offer or waiting.on_offer
        for offer in waiting.offers:
            self.failed(offer, OfferFailure.WITHDRAWN)
        return True

    def unpark(self, waiting: Waiting, call: str, on_offer: Callable[[Offer], None]) -> bool:
        """Somebody is on the line again, as this call, in the same place.

        ``False``: the ticket is no longer waiting, or is being called back just now.
        """
        if waiting.gone or not waiting.virtual or waiting.offers:
            return False
        if (old := self._index.callers.get(call)) is not None and old is not waiting:
            self.leave(old)
        del self._index.callers[waiting.call]
        for name in waiting.queues:
            callers = self._index.queues[name].callers
            callers.pop(waiting.call, None)
            callers[call] = waiting
        waiting.call, waiting.virtual, waiting.on_offer = call, False, on_offer
        self._index.callers[call] = waiting
        return True

    def move(self, call: str, to: str) -> bool:
        """Send a waiting caller on to another place, as an overflow would.

        ``False``: they wait no more, or are being offered to a seat.
        """
        waiting = self._index.callers.get(call)
        if waiting is None:
            return False
        self._send_on(waiting, waiting.queue, OverflowReason.MOVED, to)
        return waiting.gone

    def prioritise(self, call: str, priority: int | None) -> int | None:
        """Give a waiting caller a priority, or (``None``) the least that makes them the first.

        Returns it, or ``None`` when they wait no more. Who is being offered to a seat is it still.
        """
        waiting = self._index.callers.get(call)
        if waiting is None:
            return None
        ageing = self._index.queues[waiting.queue].plan.ageing
        if priority is None:
            priority = self._first_priority(waiting, ageing)
        waiting.priority = priority
        waiting.order = order_of(waiting.joined_at, priority, ageing)
        if not waiting.offers:
            self._move(waiting, lambda need: need)
        return priority

    def _first_priority(self, waiting: Waiting, ageing: timedelta | None) -> int:
        """The least priority that is before all others of the caller's queues."""
        queues = (self._index.queues[name] for name in waiting.queues)
        others = [w for queue in queues for w in queue.callers.values() if w is not waiting]
        first = min((other.order for other in others), default=None)
        priority = waiting.priority
        while (
            first is not None
            and priority < _MOST_PRIORITY
            and order_of(waiting.joined_at, priority, ageing) >= first
        ):
            priority += 1
        return priority

    def ahead(self, waiting: Waiting) -> int:
        """Callers who will be served before this one."""
        queue = self._index.queues[waiting.queue]
        return queue.ahead(waiting.order, waiting.ticket, self._clock.monotonic())

    def estimate(self, waiting: Waiting) -> Estimate | None:
        """How long this caller will still wait; ``None`` when nothing is known yet."""
        now, best = self._clock.monotonic(), None
        for line in waiting.lines:
            ahead = line.queue.ahead(waiting.order, waiting.ticket, now)
            found = line.queue.pace.estimate(ahead, line.on_duty)
            if found is not None and (best is None or found.mean < best.mean):
                best = found
        return best

    # -- inside -------------------------------------------------------------------------------

    def _admitted(self, waiting: Waiting, names: list[str]) -> bool:
        """Strikes out the queues that take nobody; tells the overflow when none is left."""
        refused = None
        for name in list(names):
            queue = self._index.queues[name]
            reason = refuses(queue.plan.limits, len(queue.callers), queue.logged_in)
            if reason is not None:
                names.remove(name)
                refused = refused or (queue, reason)
        if names or refused is None:
            return True
        waiting.gone = True
        self._tell_overflow(waiting, refused[0], refused[1], "")
        return False

    def _line_up(
        self, waiting: Waiting, queue: Queue, skills: tuple[Skill, ...], only: str | None
    ) -> None:
        need = Need(only=only)
        if only is None and (skills or not queue.simple):
            need = need_of(*queue.plan.needs, *skills, tiers=first_tiers(queue.plan))
        line = self._index.line(queue, need)
        line.callers += 1
        waiting.lines.append(line)
        queue.callers[waiting.call] = waiting

    def _make_schedule(self, waiting: Waiting, plan: QueuePlan) -> None:
        """What will be due: recipe, tiers, the longest wait, announcements."""
        says = waiting.on_announcement is not None and plan.announce_every is not None
        limit = plan.limits.most_wait if waiting.on_overflow is not None else None
        due = list(steps(plan))
        if not due and limit is None and not says:
            return
        waiting.schedule = schedule = Schedule(self._clock)
        already = (self._clock.now() - waiting.joined_at).total_seconds()
        joined = self._clock.monotonic() - already
        for step in due:
            schedule.at(joined + step.after.total_seconds(), self._step_call(waiting, step))
        if limit is not None:
            schedule.at(joined + limit.total_seconds(), lambda: self._waited(waiting))
        if says:
            schedule.at(self._clock.monotonic(), lambda: self._announce(waiting))

    def _step_call(self, waiting: Waiting, step: Step) -> Callable[[], None]:
        return lambda: self._step(waiting, step)

    def _step(self, waiting: Waiting, step: Step) -> None:
        queue = self._index.queues[waiting.queue]
        ready = sum(s.free for s in self._seats_of(queue)) if step.ready_at_most is not None else 0
        if waiting.offers or not holds(step, len(queue.callers), ready):
            self._again(waiting, step.again.total_seconds(), lambda: self._step(waiting, step))
            return
        match step.action:
            case Action.OVERFLOW:
                self._send_on(waiting, waiting.queue, OverflowReason.RECIPE, step.to)
            case Action.RAISE:
                waiting.priority += step.level
                ageing = queue.plan.ageing
                waiting.order = order_of(waiting.joined_at, waiting.priority, ageing)
                self._move(waiting, lambda need: need)
            case Action.RELAX:
                self._move(waiting, lambda need: relaxed(need, step.skill, step.level))
            case Action.TIERS:
                self._move(waiting, lambda need: replace(need, tiers=step.level))
            case Action.ADD_QUEUE:
                other = self._index.queues.get(step.to)
                if other is not None and step.to not in waiting.queues:
                    waiting.queues.append(step.to)
                    self._line_up(waiting, other, (), None)
                    self._move(waiting, lambda need: need)

    def _move(self, waiting: Waiting, change: Callable[[Need], Need]) -> None:
        """The caller's needs are others now: new lines, same place in the order."""
        lines: list[Line] = []
        for line in waiting.lines:
            fresh = self._index.line(line.queue, change(line.need))
            fresh.callers += 1
            lines.append(fresh)
        self._unline(waiting)
        waiting.lines = lines
        waiting.stamp += 1
        self._place(waiting)

    def _waited(self, waiting: Waiting) -> None:
        if waiting.offers:  # ringing: decided when that is over
            self._again(waiting, 1.0, lambda: self._waited(waiting))
        else:
            self._send_on(waiting, waiting.queue, OverflowReason.WAITED)

    def _announce(self, waiting: Waiting) -> None:
        plan = self._index.queues[waiting.queue].plan
        if waiting.on_announcement is None or plan.announce_every is None:
            return
        self._again(waiting, plan.announce_every.total_seconds(), lambda: self._announce(waiting))
        if not waiting.virtual and not waiting.offers:
            ahead, estimate = self.ahead(waiting), self.estimate(waiting)
            waiting.on_announcement(
                AnnouncementDue(
                    call=waiting.call,
                    queue=waiting.queue,
                    position=ahead + 1,
                    estimate=estimate,
                )
            )

    def _again(self, waiting: Waiting, seconds: float, call: Callable[[], None]) -> None:
        if waiting.schedule is not None:
            waiting.schedule.at(self._clock.monotonic() + max(1.0, seconds), call)

    def _send_on(self, waiting: Waiting, queue: str, reason: OverflowReason, to: str = "") -> None:
        """The caller leaves this queue by its rule; those nobody would tell, or who are being
        offered or called back, stay."""
        if waiting.gone or waiting.virtual or waiting.offers or waiting.on_overflow is None:
            return
        if reason is OverflowReason.NO_SEAT and len(waiting.queues) > 1:
            return  # another queue may still serve them
        self._remove(waiting)
        self._tell_overflow(waiting, self._index.queues[queue], reason, to)

    def _tell_overflow(
        self, waiting: Waiting, queue: Queue, reason: OverflowReason, to: str
    ) -> None:
        told = overflow(waiting.call, queue.plan.name, queue.plan.limits, reason)
        if waiting.on_overflow is not None:
            waiting.on_overflow(replace(told, to=to) if to else told)

    def _seats_of(self, queue: Queue) -> list[Seat]:
        found = (self._index.seats.get(number) for number, _ in queue.plan.seats)
        return [seat for seat in found if seat is not None]

    def _view(self, queue: Queue) -> QueueView:
        now, seats = self._clock.now(), self._seats_of(queue)
        oldest = min((waiting.joined_at for waiting in queue.callers.values()), default=None)
        return QueueView(
            queue=queue.plan.name,
            tenant=queue.plan.tenant,
            waiting=len(queue.callers),
            longest_wait=(now - oldest).total_seconds() if oldest else 0.0,
            seats_ready=sum(seat.takes_calls for seat in seats),
            seats_logged_in=sum(seat.logged_in for seat in seats),
            oldest=oldest,
        )
