"""The rig of the fake PBX: phones in memory, turned time."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from callcenter.kernel.clock import LoopClock
from callcenter.pbx.causes import Cause
from callcenter.pbx.fake import FakeCaller, FakePbx, FakePhone
from callcenter.pbx.port import Prompt, Source, colour_ring
from tests.contract.engine_side import EngineSide
from tests.contract.rig import until


class FakeCallerPhone:
    """See :class:`tests.contract.rig.CallerPhone`."""

    def __init__(self, caller: FakeCaller) -> None:
        self._caller = caller

    @property
    def was_answered(self) -> bool:
        return self._caller.answered

    @property
    def refused(self) -> Cause | None:
        return self._caller.refused

    @property
    def is_up(self) -> bool:
        return self._caller.is_up

    async def press(self, keys: str) -> None:
        self._caller.presses(keys)

    def says(self, seconds: float) -> None:
        self._caller.says(seconds)

    def sends_together(self, packets: int) -> None:
        """Nothing of the fake's sounds hangs on packets."""

    async def hang_up(self) -> None:
        self._caller.hangs_up()

    async def hears(self, prompt: Prompt) -> None:
        name = prompt.partition("/")[2]
        await until(lambda: name in self._caller.heard)
        self._caller.heard.remove(name)

    async def heard_prompt(self, prompt: Prompt) -> bool:
        return prompt.partition("/")[2] in self._caller.heard

    async def hears_music(self) -> None:
        await until(lambda: self._caller.music is not None or self._caller.held)

    async def hears_colour_ring(self, prompt: Prompt) -> None:
        await until(lambda: self._caller.music == colour_ring(prompt))


class FakeSeatPhone:
    """See :class:`tests.contract.rig.SeatPhone`."""

    def sends_together(self, packets: int) -> None:
        """Nothing of the fake's sounds hangs on packets."""

    def __init__(self, pbx: FakePbx, phone: FakePhone) -> None:
        self._pbx = pbx
        self._phone = phone
        self._second: FakeCaller | None = None
        phone.vanish()
        phone.come_back()

    def answers(self, *, after: float) -> None:
        self._phone.answers_after = after

    def rejects(self) -> None:
        self._phone.rejects = True

    def never_answers(self) -> None:
        self._phone.answers_after, self._phone.rejects = None, False

    def picks_up(self) -> None:
        self._phone.pick_up()

    async def press(self, keys: str) -> None:
        if keys in ("*1", "*2"):
            self._pbx.talks.pauses(self._phone, on=keys == "*1")
        else:
            self._phone.presses(keys)

    async def hears(self, prompt: Prompt) -> None:
        name = prompt.partition("/")[2]
        await until(lambda: name in self._phone.heard)
        self._phone.heard.remove(name)

    @property
    def presented(self) -> str:
        return self._phone.callers[-1]

    @property
    def is_ringing(self) -> bool:
        return self._phone.ringing is not None and not self._phone.picked_up

    @property
    def is_talking(self) -> bool:
        talks = self._pbx.talks
        listens = any(one.phone is self._phone for one in talks.listening.values())
        visits = any(self._phone in room.guests.values() for room in talks.rooms.values())
        return self._phone.picked_up or listens or visits

    async def hang_up(self) -> None:
        if self._phone.ringing is None:
            self._hang_up_listener()
        self._phone.hang_up()

    def _hang_up_listener(self) -> None:
        for one in list(self._pbx.talks.listening.values()):
            if one.phone is self._phone:
                self._pbx.talks.hang_up(one.leg)

    async def hold(self) -> None:
        self._pbx.talks.holds(self._phone)

    async def resume(self) -> None:
        self._pbx.talks.holds(self._phone, on=False)

    async def transfer(self, to: str) -> None:
        self._pbx.talks.refers(self._phone, to)

    async def calls(self, dialled: str) -> None:
        self._second = self._pbx.place_call(self._phone.extension, dialled, source=Source.EXTENSION)

    async def joins(self) -> None:
        assert self._second is not None
        self._pbx.talks.joins(self._phone, self._second)

    async def text(self, to: str, text: str) -> None:
        self._pbx.talks.texts(self._phone, to, text)

    @property
    def texts(self) -> list[str]:
        return [text for _, to, text in self._pbx.talks.sent if to == self._phone.extension]

    @property
    def lamp(self) -> tuple[int, int] | None:
        return self._pbx.lamps.get(self._phone.extension)

    async def vanish(self) -> None:
        self._phone.vanish()


class FakeRig(EngineSide):
    """See :class:`tests.contract.rig.Rig`."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.pbx = FakePbx(LoopClock(datetime(2026, 3, 2, tzinfo=UTC)))

    async def place_call(
        self, caller: str, dialled: str, *, name: str = "", source: Source = Source.TRUNK
    ) -> FakeCallerPhone:
        return FakeCallerPhone(self.pbx.place_call(caller, dialled, name=name, source=source))

    async def seat(self, extension: str) -> FakeSeatPhone:
        return FakeSeatPhone(self.pbx, self.pbx.phone(extension))

    async def outside(self, number: str) -> FakeSeatPhone:
        return FakeSeatPhone(self.pbx, self.pbx.outside(number))

    async def engine_dies(self) -> None:
        self.pbx.engine_dies()
        if self._listener is not None:
            self._listener.cancel()

    async def engine_returns(self) -> None:
        self.events.clear()
        await self.pbx.start()
        self._listener = asyncio.create_task(self.listen())

    async def close(self) -> None:
        await self.engine_dies()
        await self.pbx.stop()
