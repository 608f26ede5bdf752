"""A seat while the engine runs: what the agent says, what is seen, which offer holds it.

Changed by the dispatcher alone.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from callcenter.acd.model import (
    TABLE,
    Cue,
    Offer,
    SeatPlan,
    SeatState,
    SeatStatus,
    SeatView,
    StateChanged,
    StatusChanged,
)
from callcenter.kernel.clock import Clock, Timer

_log = structlog.get_logger(__name__)


class Seat:
    """Status and state apart; ``offer`` is the lease that holds it while ringing or talking."""

    def __init__(self, plan: SeatPlan, clock: Clock, tell: Callable[[object], None]) -> None:
        self.plan = plan
        self.status = SeatStatus.LOGGED_OUT
        self.reason = ""
        self.extension = ""
        self.state = SeatState.IDLE
        self.offer: Offer | None = None
        self.misses = 0
        self.resting_until = 0.0
        self.idle_since = clock.monotonic()
        self.since = clock.now()
        self.timer: Timer | None = None
        self._clock = clock
        self._tell = tell

    @property
    def takes_calls(self) -> bool:
        """It may be offered a caller now."""
        return (
            self.status is SeatStatus.READY
            and self.state is SeatState.IDLE
            and self.offer is None
            and self.resting_until <= self._clock.monotonic()
        )

    def say(self, status: SeatStatus, *, by: str, reason: str = "", extension: str) -> None:
        """The agent's word; published so that it is kept."""
        self.status, self.reason, self.extension = status, reason, extension
        self.since = self._clock.now()
        self._tell(
            StatusChanged(
                seat=self.plan.number,
                status=status,
                reason=reason,
                extension=extension,
                at=self.since,
                by=by,
            )
        )

    def cue(self, cue: Cue) -> bool:
        """Follow the table; ``False`` when the cue means nothing in this state."""
        following = TABLE.get((self.state, cue))
        if following is None:
            _log.debug("cue without effect", seat=self.plan.number, state=self.state, cue=cue)
            return False
        self.state = following
        self.since = self._clock.now()
        if following is SeatState.IDLE:
            self.idle_since = self._clock.monotonic()
        self._tell(
            StateChanged(
                seat=self.plan.number, state=following, call=self.call, at=self._clock.now()
            )
        )
        return True

    @property
    def call(self) -> str:
        """The call it rings for or talks with; empty when none."""
        return self.offer.call if self.offer else ""

    def restore(self, status: SeatStatus, reason: str, extension: str, since: datetime) -> None:
        """What the agent had said before the engine was restarted."""
        self.status, self.reason, self.extension, self.since = status, reason, extension, since

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
            call=self.call,
            since=self.since,
        )
