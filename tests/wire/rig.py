"""What both rigs on wires have in common: phones in memory, and an engine's side that may die."""

import asyncio
from pathlib import Path
from typing import Any, Protocol

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Pbx, Prompt, Source
from tests.contract.engine_side import EngineSide
from tests.contract.rig import until

_BETWEEN_KEYS = 0.1


class Sounds(Protocol):
    """What a PBX plays for a prompt, and over and over for a colour ring."""

    def file(self, prompt: Prompt) -> str:
        """As it is played."""

    def ring(self, prompt: Prompt) -> str:
        """As it goes on."""


class WirePhone:
    """What callers and seats have in common; see :mod:`tests.contract.rig`.

    ``person`` is a ``Person`` of ``tests/support/freeswitch`` or ``tests/support/asterisk``.
    """

    def __init__(self, person: Any, sounds: Sounds) -> None:
        self.person, self._sounds = person, sounds

    async def press(self, keys: str) -> None:
        for key in keys:
            await asyncio.sleep(_BETWEEN_KEYS)
            self.person.press(key)

    async def hang_up(self) -> None:
        self.person.hang_up()

    async def hears(self, prompt: Prompt) -> None:
        file = self._sounds.file(prompt)
        await until(lambda: file in self.person.played)
        self.person.played.remove(file)

    async def heard_prompt(self, prompt: Prompt) -> bool:
        return self._sounds.file(prompt) in self.person.played


class WireCaller(WirePhone):
    """See :class:`tests.contract.rig.CallerPhone`."""

    @property
    def was_answered(self) -> bool:
        return bool(self.person.was_answered)

    @property
    def refused(self) -> Cause | None:
        return Cause.of(self.person.cause)

    @property
    def is_up(self) -> bool:
        return bool(self.person.channel.up)

    def says(self, seconds: float) -> None:
        raise AssertionError("there is no sound on this wire")

    async def hears_music(self) -> None:
        await until(lambda: self.person.hears_music or self.person.held)

    async def hears_colour_ring(self, prompt: Prompt) -> None:
        await until(lambda: self.person.sound == self._sounds.ring(prompt))


class WireSeat(WirePhone):
    """See :class:`tests.contract.rig.SeatPhone`."""

    def answers(self, *, after: float) -> None:
        self.person.answers_after, self.person.rejects = after, False

    def rejects(self) -> None:
        self.person.rejects = True

    def never_answers(self) -> None:
        self.person.answers_after, self.person.rejects = None, False

    def picks_up(self) -> None:
        self.person.picks_up()

    @property
    def presented(self) -> str:
        return str(self.person.channel.presented)

    @property
    def is_ringing(self) -> bool:
        return bool(self.person.is_ringing)

    @property
    def is_talking(self) -> bool:
        return bool(self.person.is_talking)

    async def hold(self) -> None:
        self.person.hold(on=True)

    async def resume(self) -> None:
        self.person.hold(on=False)

    async def transfer(self, to: str) -> None:
        self.person.transfer(to)

    async def calls(self, dialled: str) -> None:
        raise AssertionError("this telephone has one line")

    async def joins(self) -> None:
        raise AssertionError("this telephone has one line")

    async def text(self, to: str, text: str) -> None:
        self.person.text(to, text)

    @property
    def texts(self) -> list[str]:
        return list(self.person.texts)

    @property
    def lamp(self) -> tuple[int, int] | None:
        raise AssertionError("lamps are not on this wire")

    async def vanish(self) -> None:
        self.person.vanish()


class WireRig(EngineSide):
    """See :class:`tests.contract.rig.Rig`. ``people`` has the classes ``Caller`` and ``Seat``."""

    pbx: Pbx

    def __init__(self, folder: Path, switch: Any, people: Any, sounds: Sounds) -> None:
        super().__init__()
        self.folder, self.switch = folder, switch
        self._people, self._sounds = people, sounds

    async def place_call(
        self, caller: str, dialled: str, *, name: str = "", source: Source = Source.TRUNK
    ) -> WireCaller:
        person = self._people.Caller(self.switch, caller)
        person.dials(dialled, name=name, trunk="world" if source is Source.TRUNK else "")
        return WireCaller(person, self._sounds)

    async def seat(self, extension: str) -> WireSeat:
        return WireSeat(self._people.Seat(self.switch, extension), self._sounds)

    async def outside(self, number: str) -> WireSeat:
        return WireSeat(self._people.Seat(self.switch, number, outside=True), self._sounds)

    async def close(self) -> None:
        await self.engine_dies()
        await self.switch.stop()
