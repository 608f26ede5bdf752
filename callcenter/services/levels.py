"""Each queue's service level, now and today: counters in memory, fed by what happens to callers.

``now`` is a sliding window of buckets of a minute, ``today`` begins at midnight of the tenant's
zone. A caller counts at the moment of leaving the queue, once for each visit. Pure.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from callcenter.calls import QueueLeftBy
from callcenter.web.rows import Level

BUCKET = timedelta(minutes=1)


@dataclass(slots=True)
class Tally:
    """Counts over some time."""

    answered: int = 0
    within: int = 0
    abandoned: int = 0
    short: int = 0
    flowed: int = 0
    waited: float = 0.0  # by those who were answered

    def count(self, by: QueueLeftBy, wait: float, target: float, short: float) -> None:
        """One caller more; see :class:`Levels`."""
        match by:
            case QueueLeftBy.ANSWERED:
                self.answered += 1
                self.within += wait <= target
                self.waited += wait
            case QueueLeftBy.ABANDONED:
                self.abandoned += 1
                self.short += wait <= short
            case _:
                self.flowed += 1

    def add(self, other: "Tally") -> None:
        """All of another time as well."""
        self.answered += other.answered
        self.within += other.within
        self.abandoned += other.abandoned
        self.short += other.short
        self.flowed += other.flowed
        self.waited += other.waited

    def level(self) -> Level:
        """As it is shown."""
        counted = self.answered + self.abandoned - self.short
        return Level(
            answered=self.answered,
            within=self.within,
            abandoned=self.abandoned,
            short=self.short,
            flowed=self.flowed,
            level=round(self.within / counted, 4) if counted else None,
            wait=round(self.waited / self.answered, 1) if self.answered else None,
        )


@dataclass(slots=True)
class _Counted:
    buckets: dict[int, Tally] = field(default_factory=lambda: defaultdict(Tally))
    day: date = date.min
    today: Tally = field(default_factory=Tally)


class Levels:
    """All queues."""

    def __init__(self, window: timedelta) -> None:
        self.window = window
        self._queues: dict[str, _Counted] = defaultdict(_Counted)

    def left(
        self,
        queue: str,
        by: QueueLeftBy,
        at: datetime,
        wait: float,
        *,
        target: float = 20.0,
        short: float = 5.0,
    ) -> None:
        """A caller left a queue after ``wait`` seconds; ``at`` is in the tenant's zone.

        ``target`` is within what the service level wants an answer, ``short`` until when hanging
        up is too soon to count. Callers may be told in any order (after a restart).
        """
        counted = self._queues[queue]
        counted.buckets[_bucket(at)].count(by, wait, target, short)
        if at.date() > counted.day:
            counted.day, counted.today = at.date(), Tally()
        if at.date() == counted.day:
            counted.today.count(by, wait, target, short)

    def of(self, queue: str, now: datetime) -> tuple[Level, Level]:
        """Of the last while, and of today; ``now`` is in the tenant's zone."""
        counted = self._queues.get(queue)
        if counted is None:
            return Level(), Level()
        oldest = _bucket(now - self.window)
        for gone in [bucket for bucket in counted.buckets if bucket <= oldest]:
            del counted.buckets[gone]
        lately = Tally()
        for tally in counted.buckets.values():
            lately.add(tally)
        today = counted.today if counted.day == now.date() else Tally()
        return lately.level(), today.level()


def _bucket(at: datetime) -> int:
    return int(at.timestamp() // BUCKET.total_seconds())
