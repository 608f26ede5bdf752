"""Who is at the other end of channels: callers, seats with a telephone, lines of the world."""

from typing import TYPE_CHECKING

from tests.support import switching
from tests.support.asterisk.channel import Channel

if TYPE_CHECKING:
    from tests.support.asterisk.switch import FakeAsterisk


class Person(switching.Person[Channel]):
    """``endpoint`` is what Asterisk calls it: an extension or ``trunk-NAME``."""

    switch: "FakeAsterisk"
    music = "music:"

    def __init__(self, switch: "FakeAsterisk", number: str) -> None:
        super().__init__(switch, number)
        self.endpoint = number
        self.cause = 0

    def ended(self, channel: Channel, cause: int) -> None:
        """The channel is gone."""
        self.cause, self.sound = cause, ""

    def press(self, keys: str) -> None:
        """Keys one after the other."""
        for key in keys:
            self.channel.press(key)


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


class Seat(switching.Telephone[Channel], Person):
    """A telephone: an extension's, or one of the world behind ``trunk-world``."""

    def __init__(self, switch: "FakeAsterisk", number: str, *, outside: bool = False) -> None:
        super().__init__(switch, number)
        self.endpoint = "trunk-world" if outside else number
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
        self.picks_up_in_time(channel)

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
