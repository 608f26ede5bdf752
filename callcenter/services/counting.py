"""Service levels of all queues: each visit to a queue counted once, when it ends.

Visits are folded as the CDR folds them, so that the board and the reports agree. After a restart
the database tells those of ended calls, the ledger those of calls that go on.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callcenter.calls import CallEnded, Cdr, OpenCall
from callcenter.calls.lately import Left, left_by
from callcenter.calls.ledger import CallNote
from callcenter.calls.model import AnyCallEvent, QueueLeftBy
from callcenter.calls.visits import Visits
from callcenter.kernel.clock import Clock
from callcenter.services.levels import Levels
from callcenter.snapshot import CurrentSnapshot
from callcenter.web.rows import Level

WINDOW = timedelta(minutes=30)
_UTC = ZoneInfo("UTC")


class _Folded:
    """The visits of one call and how many of them were counted."""

    def __init__(self, call: str, at: datetime) -> None:
        self.cdr = Cdr(id=call, started_at=at, ended_at=at)
        self.visits = Visits(self.cdr)
        self.counted = 0


class Counting:
    """Listens to calls; :meth:`of` answers for a queue."""

    def __init__(self, clock: Clock, snapshot: CurrentSnapshot) -> None:
        self._clock = clock
        self._snapshot = snapshot
        self._levels = Levels(WINDOW)
        self._calls: dict[str, _Folded] = {}
        self._since_start: set[str] | None = set()  # until the database has told its part

    def note(self, note: CallNote, call: OpenCall | None) -> None:
        """Something happened to a call; ``call`` is ``None`` when it is over."""
        folded = self._calls.get(note.call)
        if folded is None:
            events = call.events if call is not None else [note.event]
            folded = self._calls[note.call] = _Folded(note.call, note.event.at)
        else:
            events = [note.event]
        self._take(folded, events)
        if isinstance(note.event, CallEnded):
            del self._calls[note.call]

    def restore(self, calls: Iterable[OpenCall]) -> None:
        """Calls that an earlier engine left open."""
        for call in calls:
            if call.id not in self._calls and call.events:
                folded = self._calls[call.id] = _Folded(call.id, call.events[0].at)
                self._take(folded, call.events)

    def fill(self, left: Iterable[Left]) -> None:
        """A part of what the database tells of ended calls; this engine's are known already."""
        known = self._since_start or set()
        for visit in left:
            if visit.call not in known:
                self._count(visit.queue, visit.by, visit.at, visit.wait)

    def filled(self) -> None:
        """The database has told all."""
        self._since_start = None

    def of(self, queue: str) -> tuple[Level, Level]:
        """Lately, and today."""
        return self._levels.of(queue, self._clock.now().astimezone(self._zone(queue)))

    def target(self, queue: str) -> float:
        """T of a queue, seconds."""
        plan = self._snapshot.now.plan.queues.get(queue)
        return plan.answer_within if plan else 0.0

    def midnight(self) -> datetime:
        """From when on anything may count: the begin of the longest day of any tenant."""
        return self._clock.now() - timedelta(days=1) - WINDOW

    def _take(self, folded: _Folded, events: list[AnyCallEvent]) -> None:
        for event in events:
            folded.visits.take(event)
        visits = folded.cdr.visits
        while folded.counted < len(visits) and visits[folded.counted].by:
            visit = visits[folded.counted]
            folded.counted += 1
            by = QueueLeftBy(visit.by)
            if isinstance(events[-1], CallEnded):
                by = left_by(by, events[-1].by)
            self._count(visit.queue, by, visit.left_at, visit.wait_seconds)
            if self._since_start is not None:
                self._since_start.add(folded.cdr.id)

    def _count(self, queue: str, by: QueueLeftBy, at: datetime, wait: float) -> None:
        plan = self._snapshot.now.plan.queues.get(queue)
        if plan is not None:
            target, short = plan.answer_within, plan.short_abandon
            at = at.astimezone(self._zone(queue))
            self._levels.left(queue, by, at, wait, target=target, short=short)

    def _zone(self, queue: str) -> ZoneInfo:
        plan = self._snapshot.now.plan.queues.get(queue)
        tenant = self._snapshot.now.numbers.tenants.get(plan.tenant) if plan else None
        return ZoneInfo(tenant.zone) if tenant else _UTC  # ZoneInfo keeps what it has read
