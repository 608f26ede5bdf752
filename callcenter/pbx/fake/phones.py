"""Who is at the other end: callers who dial in and phones that ring. They outlive the engine."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from callcenter.pbx.causes import Cause
from callcenter.pbx.fake.tapes import Tape
from callcenter.pbx.port import (
    Arrival,
    DeviceChanged,
    DeviceState,
    Dial,
    DialProgress,
    DialResult,
    DialStatus,
    Ended,
    LegAnswered,
    LegEnded,
    LegId,
    LegRefused,
    Prompt,
)

if TYPE_CHECKING:
    from callcenter.pbx.fake.node import FakePbx


PROMPT_SECONDS = 2.0
KEY_SECONDS = 5.0


class FakePhone:
    """A phone at an extension, or an ``outside`` number with as many lines as one likes.

    It answers after ``answers_after`` seconds; ``None``: never.
    """

    def __init__(self, pbx: "FakePbx", extension: str, *, outside: bool = False) -> None:
        self.extension = extension
        self.registered = True
        self.most_calls = 100 if outside else 1
        self._outside = outside
        self.answers_after: float | None = 2.0
        self.rejects = False
        self.rings: list[datetime] = []
        self.state = DeviceState.IDLE
        self._pbx = pbx
        self.rings_now: list[Ring] = []
        self.callers: list[str] = []  # as presented, one for each ring
        self.heard: list[str] = []  # before it was joined
        self.keys: deque[str] = deque()
        self.pressed = asyncio.Event()

    @property
    def ringing(self) -> "Ring | None":
        """The newest ring or talk here."""
        return self.rings_now[-1] if self.rings_now else None

    @property
    def picked_up(self) -> bool:
        """Whether the newest ring was picked up here, joined already or not."""
        return self.ringing is not None and self in self.ringing.picked

    def presses(self, keys: str) -> None:
        """Press keys, one after the other, now."""
        self.keys.extend(keys)
        self.pressed.set()

    def hang_up(self) -> None:
        """Put the receiver down, whatever it does."""
        if self.ringing is not None:
            self.ringing.put_down(self)
        else:
            self._pbx.talks.phone_down(self)

    def pick_up(self) -> None:
        """Answer now."""
        if self.ringing is not None:
            self.ringing.answer(self)

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
            if self._outside:
                return
            self._pbx.tell(DeviceChanged(extension=self.extension, state=state))


class Ring:
    """One dial: ringing here and there, perhaps talking, over. The PBX's, so it outlives us."""

    def __init__(
        self, pbx: "FakePbx", legs: "dict[FakePhone, LegId]", caller: "FakeCaller", dial: Dial
    ) -> None:
        self.pbx, self.legs, self.caller = pbx, legs, caller
        self.answered_at: datetime | None = None
        self._answered_mono = 0.0
        self._phone = next(iter(legs))  # who answered, or the first
        self._left = set(legs)
        self._dial = dial
        self._first: tuple[LegId, str] | None = None  # who answered, when another talks now
        self.picked: set[FakePhone] = set()
        self._hands: dict[FakePhone, FakeCaller] = {}  # who picked up for another, by own channel
        self._refusal: DialStatus | None = None
        self.result: asyncio.Future[DialResult] = asyncio.get_running_loop().create_future()
        self.on_progress: Callable[[DialProgress], None] | None = None
        for phone in legs:
            phone.rings_now.append(self)
            phone.callers.append(caller.presented)

    @property
    def phone(self) -> FakePhone:
        """Who answered, or the first of those who ring."""
        return self._phone

    @property
    def leg(self) -> LegId:
        """The channel to :attr:`phone`."""
        return self.legs[self._phone]

    def answer(self, phone: FakePhone) -> None:
        """The phone is picked up: joined at once, or behind a confirmation and a whisper."""
        if self.result.done() or phone not in self._left or phone in self.picked:
            return
        self.picked.add(phone)
        phone.set_state(DeviceState.IN_USE)
        if self._dial.whisper or self._dial.confirm:
            self.pbx.spawn(self._prepare(phone))
        else:
            self._join(phone)

    async def _prepare(self, phone: FakePhone) -> None:
        if self._dial.confirm and not await confirmed(phone, self._dial.confirm, self._dial.key):
            if phone in self._left:
                self.refuse(phone, DialStatus.NO_ANSWER)
            return
        for prompt in self._dial.whisper:
            await asyncio.sleep(PROMPT_SECONDS)
            phone.heard.append(prompt.partition("/")[2])
        if phone in self._left:
            self._join(phone)

    def _join(self, phone: FakePhone) -> None:
        self.answered_at = self.pbx.clock.now()
        self._answered_mono = self.pbx.clock.monotonic()
        self._phone = phone
        for other in self._left - {phone}:
            self._drop(other)
        self.caller.answered, self.caller.music = True, None
        if self.caller.tape is not None:
            self.caller.tape.join(on=True)
        if self.on_progress is not None:
            party = phone.extension
            self.on_progress(LegAnswered(leg=self.leg, at=self.answered_at, party=party))

    def refuse(self, phone: FakePhone, status: DialStatus) -> None:
        """One phone rings no more; the dial is over with the last of them."""
        self._drop(phone)
        if self._left and self.on_progress is not None:
            now, leg = self.pbx.clock.now(), self.legs[phone]
            told = LegRefused(leg=leg, at=now, party=phone.extension, status=status)
            self.on_progress(told)
        self._refusal = status if self._refusal in (None, DialStatus.BUSY) else self._refusal
        if not self._left:
            self.end(self._refusal or status)

    def put_down(self, phone: FakePhone) -> None:
        """The receiver, whether it rang or talked."""
        if self.answered_at is not None:
            self.end(DialStatus.ANSWER)
        else:
            gave_up = phone in self.picked
            self.refuse(phone, DialStatus.NO_ANSWER if gave_up else DialStatus.BUSY)

    def taken(self, leg: LegId, by: "FakeCaller") -> bool:
        """A colleague picks up what rings at ``leg``."""
        phone = next((each for each in self._left if self.legs[each] == leg), None)
        if phone is None or phone in self.picked or self.answered_at is not None:
            return False
        own = self.pbx.phone(by.arrival.endpoint)
        self.legs[own] = by.arrival.leg
        self._left.add(own)
        self._hands[own] = by
        own.rings_now.append(self)
        own.callers.append(self.caller.presented)
        by.joined, by.heard = (self, own), own.heard
        self._drop(phone)
        self.answer(own)
        return True

    def hand_to(self, other: "Ring") -> None:
        """An attended transfer: who answers the other ring talks here from now on."""
        gone, phone = self._phone, other._phone
        self._drop(gone)
        leg = other.legs[phone]
        other._left.discard(phone)
        phone.rings_now.remove(other)
        phone.rings_now.append(self)
        self.legs[phone] = leg
        self._left.add(phone)
        self.picked.add(phone)
        self._phone, self._first = phone, (self._first or (self.legs[gone], gone.extension))

    def end(self, status: DialStatus) -> None:
        if self.result.done():
            return
        talk, party, leg = None, "", self.leg
        if self.answered_at is not None:
            status, party = DialStatus.ANSWER, self._phone.extension
            if self._first is not None:
                leg, party = self._first
            talk = timedelta(seconds=self.pbx.clock.monotonic() - self._answered_mono)
        for phone in list(self._left):
            self._drop(phone)
        if self.caller.tape is not None:
            self.caller.tape.join(on=False)
        self.result.set_result(
            DialResult(status=status, leg=leg, answered_at=self.answered_at, talk=talk, party=party)
        )

    def _drop(self, phone: FakePhone) -> None:
        self._left.discard(phone)
        if self in phone.rings_now:
            phone.rings_now.remove(self)
            if phone in self._hands:
                self._hands.pop(phone).is_up = False
            idle = DeviceState.IDLE if phone.registered else DeviceState.UNREACHABLE
            phone.set_state(idle)
            leg = LegEnded(leg=self.legs[phone], call=self.caller.call, cause=Cause.NORMAL)
            self.pbx.tell(leg)


async def confirmed(phone: FakePhone, prompt: Prompt, key: str) -> bool:
    """Ask three times for a key."""
    for _ in range(3):
        phone.heard.append(prompt.partition("/")[2])
        phone.pressed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(0 if phone.keys else PROMPT_SECONDS + KEY_SECONDS):
                await phone.pressed.wait()
        if phone.keys and phone.keys.popleft() == key:
            return True
    return False


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
        self.tape: Tape | None = None
        self.keys: deque[str] = deque()
        self.spoken: deque[float] = deque()  # seconds, for each message that is recorded
        self.pressed = asyncio.Event()
        self.call = arrival.call
        self.presented = arrival.caller
        self.held = False  # hears music while the seat has a pause
        self.sent = ("", "")  # where a transfer sent it, and by whom
        self.ring: Ring | None = None
        self.joined: tuple[Ring, FakePhone] | None = None  # talks in another's call, picked up
        self.last_dial: DialResult | None = None
        self.gone: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._pbx = pbx

    def presses(self, keys: str) -> None:
        """Press keys, one after the other, now."""
        self.keys.extend(keys)
        self.pressed.set()

    def says(self, seconds: float) -> None:
        """Speak so long when the next message is recorded."""
        self.spoken.append(seconds)

    def record(self, path: Path) -> None:
        """Begin a recording."""
        self.stop_recording()
        joined = self.ring is not None and self.ring.answered_at is not None
        self.tape = Tape(self._pbx.clock, path, joined=joined)
        self.recorded.append(path)

    def stop_recording(self) -> bool:
        """End it; whether there was one."""
        tape, self.tape = self.tape, None
        if tape is not None:
            tape.close()
        return tape is not None

    def hangs_up(self) -> None:
        """Put the receiver down."""
        self.end(Cause.NORMAL)

    def end(self, cause: Cause) -> None:
        """The channel goes, for whatever reason."""
        if self.joined is not None:
            ring, phone = self.joined
            ring.put_down(phone)
            return
        if self.gone.done():
            return
        if self.ring is not None:
            self.ring.end(DialStatus.CANCELLED)
            self.last_dial = self.ring.result.result()
            self.ring = None
        self.stop_recording()
        self.is_up = False
        ended = Ended(cause=cause, dial=self.last_dial)
        self.gone.set_result(ended)
        self._pbx.caller_gone(self, ended)
