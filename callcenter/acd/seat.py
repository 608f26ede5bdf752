"""A seat while the engine runs: what the agent says, what is seen, which offer holds it.

Changed by the dispatcher alone.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from callcenter.acd.model import TABLE, Cue, Offer, OfferFailure, SeatPlan, SeatState, SeatStatus
from callcenter.acd.told import SeatView, StateChanged, StatusChanged
from callcenter.kernel.clock import Clock, Timer

if TYPE_CHECKING:
    from callcenter.acd.line import Line, Place
    from callcenter.acd.waiting import Waiting


class Watch(Protocol):
    """Who keeps the books on seats."""

    def changed(self, seat: "Seat") -> None:
        """Status, extension or state is another."""

    def refresh(self, seat: "Seat") -> None:
        """The seat may be free now: serve whoever waits for it."""


class Seat:
    """Status and state apart; ``offer`` is the lease that holds it while ringing or talking.

    ``stamp`` moves on when it stops being free, which voids its entries in all pools.
    """

    def __init__(
        self, plan: SeatPlan, clock: Clock, tell: Callable[[object], None], watch: Watch
    ) -> None:
        self.plan = plan
        self.status = SeatStatus.LOGGED_OUT
        self.reason = ""
        self.extension = ""
        self.state = SeatState.IDLE
        self.offer: Offer | None = None
        self.engaged = ""  # the call that its phone is in besides any offer: as a listener
        self.waiting: Waiting | None = None
        self.misses: dict[OfferFailure, int] = {}
        self.resting_until = 0.0
        self.wrap_up_until = 0.0
        self.until: datetime | None = None  # of the wrap-up, by the wall clock
        self.pause_until: datetime | None = None  # as long as the pause may last
        self.lease_until = 0.0
        self.idle_since = clock.monotonic()
        self.since = clock.now()
        self.timer: Timer | None = None
        self.owes: tuple[str, str] | None = None  # call and queue of a disposition not yet given
        self.last: tuple[str, str] | None = None  # call and queue of which it may still be said
        self.served = ""  # queue of the last talk, whose wrap-up follows
        self.disposed = ""  # the call of which it was said already
        self.calls = 0
        self.talk_seconds = 0.0
        self.taken_at = 0.0
        self.answered_at = 0.0
        # the index's notes on it
        self.lines: dict[Line, Place] = {}
        self.breadth = 0
        self.stamp = 0
        self.free = False
        self.on_duty = False
        self.logged_in = False
        self.listed_at = ""
        self.leaving = False
        self._clock = clock
        self._tell = tell
        self._watch = watch

    @property
    def takes_calls(self) -> bool:
        """It may be offered a caller now."""
        return (
            self.status is SeatStatus.READY
            and self.state is SeatState.IDLE
            and self.offer is None
            and not self.engaged
            and self.resting_until <= self._clock.monotonic()
        )

    @property
    def could_take(self) -> bool:
        """It may be rung for a caller whom its own agent asks for, on a break or not."""
        idle = self.state is SeatState.IDLE and self.offer is None and not self.engaged
        return idle and self.status is not SeatStatus.LOGGED_OUT

    def say(
        self,
        status: SeatStatus,
        *,
        by: str,
        reason: str = "",
        extension: str,
        limit: timedelta | None = None,
    ) -> None:
        """The agent's word; published so that it is kept. ``limit``: how long it may last."""
        self.status, self.reason, self.extension = status, reason, extension
        self.since = self._clock.now()
        self.pause_until = self.since + limit if limit is not None else None
        self._watch.changed(self)
        self._tell(
            StatusChanged(
                seat=self.plan.number,
                status=status,
                reason=reason,
                extension=extension,
                at=self.since,
                by=by,
                until=self.pause_until,
            )
        )

    def cue(self, cue: Cue) -> bool:
        """Follow the table; ``False`` when the cue means nothing in this state."""
        following = TABLE.get((self.state, cue))
        if following is None:
            return False
        self.state = following
        self.since = now = self._clock.now()
        if following is SeatState.IDLE:
            self.idle_since = self._clock.monotonic()
        self._watch.changed(self)
        number, queue = self.plan.number, self.queue
        self._tell(StateChanged(seat=number, state=following, call=self.call, at=now, queue=queue))
        return True

    @property
    def queue(self) -> str:
        """The queue it works for at this moment; empty when none."""
        if self.offer is not None:
            return self.offer.queue
        return self.served if self.state is SeatState.WRAP_UP else ""

    @property
    def call(self) -> str:
        """The call it rings for or talks with; empty when none."""
        return self.offer.call if self.offer else ""

    def restore(self, said: StatusChanged) -> None:
        """What the agent had said before the engine was restarted."""
        self.status, self.reason, self.extension = said.status, said.reason, said.extension
        self.since, self.pause_until = said.at, said.until
        self._watch.changed(self)
        self._watch.refresh(self)

    def wake_after(self, seconds: float, call: Callable[[], None]) -> None:
        """Wrap-up or rest ends then; the one before is forgotten."""
        self.cancel_timer()
        self.timer = self._clock.call_later(seconds, call)

    def cancel_timer(self) -> None:
        """No wrap-up or rest ends by itself any more."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def view(self) -> SeatView:
        """For lists."""
        return SeatView(
            seat=self.plan.number,
            tenant=self.plan.tenant,
            name=self.plan.name,
            status=self.status,
            reason=self.reason,
            state=self.state,
            extension=self.extension,
            call=self.call or self.engaged,
            since=self.since,
            until=self.until if self.state is SeatState.WRAP_UP else self.pause_until,
        )
