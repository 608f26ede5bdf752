"""Who is at the other end of channels of either PBX: somebody, and somebody with a telephone."""

import asyncio
from typing import Any, Generic, TypeVar

from tests.support.switching.channel import Channel

C = TypeVar("C", bound=Channel)


class Person(Generic[C]):
    """Knows what is heard by its name."""

    music = ""  # how the names of music classes begin

    def __init__(self, switch: Any, number: str) -> None:
        self.switch, self.number = switch, number
        self.there = True
        self.channels: list[C] = []
        self.played: list[str] = []
        self.sound = ""
        self.was_answered = self.held = False

    # -- told by the switch -------------------------------------------------------------------

    def answered(self, channel: C) -> None:
        """The channel is answered."""
        self.was_answered = True

    def rings(self, channel: C) -> None:
        """The phone rings."""
        self.channels.append(channel)

    @property
    def hears_music(self) -> bool:
        """A music class is on."""
        return self.sound.startswith(self.music)

    # -- done by the person -------------------------------------------------------------------

    @property
    def channel(self) -> C:
        """The newest."""
        return self.channels[-1]

    @property
    def alive(self) -> list[C]:
        """Those that are there."""
        return [channel for channel in self.channels if channel.up]

    def hang_up(self) -> None:
        """Put the receiver down."""
        self.channel.hang_up()


class Telephone(Person[C]):
    """An extension's, or one of the world."""

    def __init__(self, switch: Any, number: str) -> None:
        super().__init__(switch, number)
        self.answers_after: float | None = None
        self.rejects = False

    def picks_up(self) -> None:
        """What rings now."""
        self._picks_up(self.channel)

    def picks_up_in_time(self, channel: C) -> None:
        """A while after it began to ring, if anybody is there who does."""
        if self.answers_after is not None:
            later = asyncio.get_running_loop().call_later
            later(self.answers_after, self._picks_up, channel)

    @property
    def is_ringing(self) -> bool:
        """Whether it rings now."""
        return any(one.is_ringing for one in self.alive)

    @property
    def is_talking(self) -> bool:
        """Whether it was picked up and is not put down."""
        return any(one.is_answered for one in self.alive)

    @staticmethod
    def _picks_up(channel: C) -> None:
        if channel.up:
            channel.answer()
