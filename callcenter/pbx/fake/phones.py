"""Who is at the other end: callers who dial in and phones that ring. They outlive the engine."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    Arrival,
    DeviceChanged,
    DeviceState,
    DialProgress,
    DialResult,
    DialStatus,
    Ended,
    LegAnswered,
    LegEnded,
    LegId,
)

if TYPE_CHECKING:
    from callcenter.pbx.fake.node import FakePbx


class FakePhone:
    """A phone at an extension. It answers after ``answers_after`` seconds; ``None``: never."""

    def __init__(self, pbx: "FakePbx", extension: str) -> None:
        self.extension = extension
        self.registered = True
        self.answers_after: float | None = 2.0
        self.rejects = False
        self.rings: list[datetime] = []
        self.state = DeviceState.IDLE
        self._pbx = pbx
        self.ringing: Ring | None = None

    def hang_up(self) -> None:
        """Put the receiver down, whatever it does."""
        if self.ringing is not None:
            self.ringing.end(DialStatus.BUSY)

    def pick_up(self) -> None:
        """Answer now."""
        if self.ringing is not None:
            self.ringing.answer()

    def vanish(self) -> None:
        """Lose the registration."""
        self.registered = False
        self.set_state(DeviceState.UNREACHABLE)

    def come_back(self) -> None:
        """Register again."""
        self.registered = True
        self.set_state(DeviceState.IDLE)

    def set_state(self, state: DeviceState) -> None:
        """Be seen in ``state``."""
        if state is not self.state:
            self.state = state
            self._pbx.tell(DeviceChanged(extension=self.extension, state=state))


class Ring:
    """One dial: ringing, perhaps talking, over. Owned by the PBX, so it outlives the engine."""

    def __init__(self, pbx: "FakePbx", phone: FakePhone, leg: LegId, call: str) -> None:
        self.pbx, self.phone, self.leg, self.call = pbx, phone, leg, call
        self.answered_at: datetime | None = None
        self._answered_mono = 0.0
        self.result: asyncio.Future[DialResult] = asyncio.get_running_loop().create_future()
        self.on_progress: Callable[[DialProgress], None] | None = None

    def answer(self) -> None:
        if self.result.done() or self.answered_at is not None:
            return
        self.answered_at = self.pbx.clock.now()
        self._answered_mono = self.pbx.clock.monotonic()
        self.phone.set_state(DeviceState.IN_USE)
        if self.on_progress is not None:
            self.on_progress(LegAnswered(leg=self.leg, at=self.answered_at))

    def end(self, status: DialStatus) -> None:
        if self.result.done():
            return
        talk = None
        if self.answered_at is not None:
            status = DialStatus.ANSWER
            talk = timedelta(seconds=self.pbx.clock.monotonic() - self._answered_mono)
        self.phone.ringing = None
        self.phone.set_state(DeviceState.IDLE if self.phone.registered else DeviceState.UNREACHABLE)
        self.result.set_result(
            DialResult(status=status, leg=self.leg, answered_at=self.answered_at, talk=talk)
        )
        self.pbx.tell(LegEnded(leg=self.leg, call=self.call, cause=Cause.NORMAL))


class FakeCaller:
    """Somebody who dials in. What they press may be said before it is asked for."""

    def __init__(self, pbx: "FakePbx", arrival: Arrival) -> None:
        self.arrival = arrival
        self.heard: list[str] = []
        self.answered = False
        self.is_up = True
        self.refused: Cause | None = None
        self.music: str | None = None
        self.recorded: list[Path] = []
        self.keys: deque[str] = deque()
        self.pressed = asyncio.Event()
        self.call = arrival.call
        self.ring: Ring | None = None
        self.last_dial: DialResult | None = None
        self.gone: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._pbx = pbx

    def presses(self, keys: str) -> None:
        """Press keys, one after the other, now."""
        self.keys.extend(keys)
        self.pressed.set()

    def hangs_up(self) -> None:
        """Put the receiver down."""
        self.end(Cause.NORMAL)

    def end(self, cause: Cause) -> None:
        """The channel goes, for whatever reason."""
        if self.gone.done():
            return
        if self.ring is not None:
            self.ring.end(DialStatus.CANCELLED)
            self.last_dial = self.ring.result.result()
            self.ring = None
        self.is_up = False
        ended = Ended(cause=cause, dial=self.last_dial)
        self.gone.set_result(ended)
        self._pbx.caller_gone(self, ended)
