"""Who is at the other end of channels: callers, seats with a telephone, lines of the world."""

import asyncio
from typing import TYPE_CHECKING

from tests.support.asterisk.channel import Channel

if TYPE_CHECKING:
    from tests.support.asterisk.switch import FakeAsterisk


class Person:
    """``endpoint`` is what Asterisk calls it: an extension or ``trunk-NAME``."""

    def __init__(self, switch: "FakeAsterisk", number: str) -> None:
        self.switch, self.number, self.endpoint = switch, number, number
        self.there = True
        self.channels: list[Channel] = []
        self.played: list[str] = []
        self.sound = ""
        self.was_answered = self.held = False
        self.cause = 0

    # -- told by the switch -------------------------------------------------------------------

    def answered(self, channel: Channel) -> None:
        """The channel is answered."""
        self.was_answered = True

    def ended(self, channel: Channel, cause: int) -> None:
        """The channel is gone."""
        self.cause, self.sound = cause, ""

    def rings(self, channel: Channel) -> None:
        """The phone rings."""
        self.channels.append(channel)

    @property
    def hears_music(self) -> bool:
        """A music class is on."""
        return self.sound.startswith("music:")

    # -- done by the person -------------------------------------------------------------------

    @property
    def channel(self) -> Channel:
        """The newest."""
        return self.channels[-1]

    @property
    def alive(self) -> list[Channel]:
        """Those that are there."""
        return [channel for channel in self.channels if channel.up]

    def press(self, keys: str) -> None:
        """Keys one after the other."""
        for key in keys:
            self.channel.press(key)

    def hang_up(self) -> None:
        """Put the receiver down."""
        self.channel.hang_up(16)


class Caller(Person):
    """Has dialled."""

    def dials(self, dialled: str, *, name: str, trunk: str) -> None:
        """Through a trunk, or as an extension when there is none."""
        self.endpoint = f"trunk-{trunk}" if trunk else self.number
        made = Channel(self.switch, self, inbound=True)
        made.presented, made.presented_name, made.dnid = self.number, name, dialled
        made.exten = dialled
        made.context = "cc-trunk" if trunk else "cc-extensions"
        self.channels.append(made)
        self.switch.begin(made)


class Seat(Person):
    """A telephone: an extension's, or one of the world behind ``trunk-world``."""

    def __init__(self, switch: "FakeAsterisk", number: str, *, outside: bool = False) -> None:
        super().__init__(switch, number)
        self.endpoint = "trunk-world" if outside else number
        self.answers_after: float | None = None
        self.rejects = False
        self.texts: list[str] = []
        (switch.lines if outside else switch.registered)[number] = self
        switch.states()

    def rings(self, channel: Channel) -> None:
        super().rings(channel)
        if self.rejects:
            channel.hang_up(17)
            return
        channel.state = "Ringing"
        self.switch.states()
        if self.answers_after is not None:
            later = asyncio.get_running_loop().call_later
            later(self.answers_after, self._picks_up, channel)

    def picks_up(self) -> None:
        """What rings now."""
        self._picks_up(self.channel)

    @staticmethod
    def _picks_up(channel: Channel) -> None:
        if channel.up:
            channel.answer()

    @property
    def is_ringing(self) -> bool:
        """Whether it rings now."""
        return any(one.state == "Ringing" for one in self.alive)

    @property
    def is_talking(self) -> bool:
        """Whether it was picked up and is not put down."""
        return any(one.state == "Up" for one in self.alive)

    @property
    def state(self) -> str:
        """As DeviceStateChange says it."""
        states = {channel.state for channel in self.alive}
        if not self.there:
            return "UNAVAILABLE"
        return next((word for state, word in _STATES if state in states), "NOT_INUSE")

    def hold(self, *, on: bool) -> None:
        """Put the other side on hold, or take it off."""
        self.switch.fire("Hold" if on else "Unhold", self.channel)
        if self.channel.other is not None:
            self.channel.other.person.held = on

    def transfer(self, to: str) -> None:
        """Blind (REFER): the other side goes where its variable for that says."""
        other = self.channel.other
        assert other is not None
        other.variables["BLINDTRANSFER"] = self.channel.name
        other.send(other.get("TRANSFER_CONTEXT"), to)

    def text(self, to: str, text: str) -> None:
        """A message to another number: Asterisk walks the dialplan with it."""
        made = Channel(self.switch, self, inbound=True)
        made.context, made.exten = "cc-messages", to
        made.variables["MESSAGE(from)"] = f"<sip:{self.number}@127.0.0.1>"
        made.variables["MESSAGE(body)"] = text
        self.switch.spawn(self.switch.follow(made))

    def vanish(self) -> None:
        """Be gone: its contact is no more."""
        self.there = False
        self.switch.states()


_STATES = (("Up", "INUSE"), ("Ringing", "RINGING"))
