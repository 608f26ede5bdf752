"""What a rule of the contract needs: a PBX with phones around it, whichever PBX that is.

The fake's rig is in ``fake_rig.py``; that of a real Asterisk with real SIP phones is in
``tests/live/asterisk_rig.py``. Both run the rules of this folder.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Channel, Pbx, PbxEvent, Prompt, Source

PATIENCE = 12.0
SOON = 3.0
"""Seconds in which something ends because of us: before a ring (10) or a prompt (4) is over."""


class CallerPhone(Protocol):
    """A caller's phone, in one call."""

    @property
    def was_answered(self) -> bool:
        """Whether the call was ever answered (a 200 in SIP)."""

    @property
    def refused(self) -> Cause | None:
        """Why the call was refused, if it was."""

    @property
    def is_up(self) -> bool:
        """Whether the call, answered or not, still stands."""

    async def press(self, keys: str) -> None:
        """Press keys one after the other."""

    def says(self, seconds: float) -> None:
        """Speak so long into the recording that begins next."""

    def sends_together(self, packets: int) -> None:
        """From now on so many packets of sound (20 ms each) go out at a time; 0: none at all."""

    async def hang_up(self) -> None:
        """Put the receiver down."""

    async def hears(self, prompt: Prompt) -> None:
        """Wait until the prompt is heard (again)."""

    async def heard_prompt(self, prompt: Prompt) -> bool:
        """Whether the prompt was ever heard to its end."""

    async def hears_music(self) -> None:
        """Wait until music is heard."""

    async def hears_colour_ring(self, prompt: Prompt) -> None:
        """Wait until the prompt is heard over and over."""


class SeatPhone(Protocol):
    """A registered phone at an extension."""

    def sends_together(self, packets: int) -> None:
        """As :meth:`CallerPhone.sends_together`, in its newest call."""

    def answers(self, *, after: float) -> None:
        """Ring, and pick up after so many seconds."""

    def rejects(self) -> None:
        """Say busy."""

    def never_answers(self) -> None:
        """Ring for ever."""

    def picks_up(self) -> None:
        """Answer what rings now."""

    async def press(self, keys: str) -> None:
        """Press keys one after the other."""

    async def hears(self, prompt: Prompt) -> None:
        """Wait until the prompt is heard (again)."""

    @property
    def presented(self) -> str:
        """The caller's number as this phone saw it last."""

    @property
    def is_ringing(self) -> bool:
        """Whether it rings now."""

    @property
    def is_talking(self) -> bool:
        """Whether it is in a call now."""

    async def hang_up(self) -> None:
        """Put the receiver down."""

    async def hold(self) -> None:
        """Put the other side on hold."""

    async def resume(self) -> None:
        """Take the other side off hold."""

    async def transfer(self, to: str) -> None:
        """Send the other side to a number and leave (REFER)."""

    async def calls(self, dialled: str) -> None:
        """Dial, on a second line; an extension's phone only."""

    async def joins(self) -> None:
        """Join both lines and leave (REFER with Replaces)."""

    async def text(self, to: str, text: str) -> None:
        """Send a message."""

    @property
    def texts(self) -> list[str]:
        """Messages that came, in order."""

    @property
    def lamp(self) -> tuple[int, int] | None:
        """New and old messages as the phone was told last."""

    async def vanish(self) -> None:
        """Be gone: not registered any more."""


class Rig(Protocol):
    """A PBX, its phones, and an engine's side that can die and return."""

    pbx: Pbx
    events: list[PbxEvent]
    folder: Path

    async def place_call(
        self, caller: str, dialled: str, *, name: str = "", source: Source = Source.TRUNK
    ) -> CallerPhone:
        """Somebody dials."""

    async def seat(self, extension: str) -> SeatPhone:
        """A phone, registered. The extensions are 1001, 1002 and 1003."""

    async def outside(self, number: str) -> SeatPhone:
        """A phone in the world, behind the trunk ``world``."""

    async def next_call(self) -> Channel:
        """The next channel handed to the engine."""

    async def engine_dies(self) -> None:
        """Every connection of the engine ends."""

    async def engine_returns(self) -> None:
        """A new engine; :attr:`pbx` is its side now."""


Rule = Callable[[Rig], Awaitable[None]]
RULES: list[Rule] = []


def rule(story: Rule) -> Rule:
    """Make a story part of the contract."""
    RULES.append(story)
    return story


async def until(condition: Callable[[], bool], within: float = PATIENCE) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110  what phones do is seen by looking
            await asyncio.sleep(0.02)


async def soon(work: Awaitable[object], within: float = PATIENCE) -> object:
    """Wait for work that must come to an end by itself."""
    async with asyncio.timeout(within):
        return await work
