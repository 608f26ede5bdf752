"""Who is at the other end of channels: callers, seats with a telephone, lines of the world."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.support.freeswitch.channel import Channel

if TYPE_CHECKING:
    from tests.support.freeswitch.switch import FakeFreeswitch


class Person:
    """Knows what is heard by the names of the files; ``directory`` are a phone's variables."""

    def __init__(self, switch: "FakeFreeswitch", number: str) -> None:
        self.switch, self.number = switch, number
        self.directory: dict[str, str] = {}
        self.there = True
        self.channels: list[Channel] = []
        self.played: list[str] = []
        self.sound = ""
        self.was_answered = False
        self.held = False
        self.on_key: Callable[[str], object] = lambda _: None

    # -- told by the switch -------------------------------------------------------------------

    def heard(self, channel: Channel, path: str) -> None:
        """A file was played to its end."""
        self.played.append(path)

    def will_hear(self, channel: Channel, path: str) -> None:
        """A file is mixed into what is heard."""
        self.played.append(path)

    def hears_on(self, channel: Channel, sound: str) -> None:
        """A sound goes on from now; ``""``: none."""
        self.sound = sound

    def answered(self, channel: Channel) -> None:
        """The channel is answered."""
        self.was_answered = True

    def ended(self, channel: Channel) -> None:
        """The channel is gone."""
        self.on_key = lambda _: None

    def rings(self, channel: Channel) -> None:
        """The phone rings."""
        self.channels.append(channel)

    @property
    def hears_music(self) -> bool:
        """A music class is on."""
        return self.sound.startswith("local_stream://")

    @property
    def cause(self) -> str:
        """Why the newest channel ended, in Q.850's number."""
        return self.channel.q850()

    # -- done by the person -------------------------------------------------------------------

    @property
    def channel(self) -> Channel:
        """The newest."""
        return self.channels[-1]

    def press(self, keys: str) -> None:
        """Keys one after the other."""
        for key in keys:
            if self.channel.up:
                self.switch.fire("DTMF", self.channel, DTMF_Digit=key, DTMF_Duration="2000")
                self.on_key(key)

    def hang_up(self) -> None:
        """Put the receiver down."""
        self.channel.hang_up("NORMAL_CLEARING")


class Caller(Person):
    """Has dialled."""

    def dials(self, dialled: str, *, name: str, trunk: str) -> None:
        """Through a trunk, or from an extension when there is none."""
        endpoint = f"trunk-{trunk}" if trunk else self.number
        made = Channel(self.switch, self, inbound=True)
        made.presented, made.presented_name = self.number, name
        made.set("cc_endpoint", endpoint)
        made.set("accountcode", endpoint)
        made.set("endpoint_disposition", "RECEIVED")
        made.set("sip_authorized", "true")
        if not trunk:
            made.set("cc_extension", self.number)
        self.channels.append(made)
        self.switch.add(made)
        self.switch.walk(made, "cc-trunk" if trunk else "cc-extensions", dialled)


class Seat(Person):
    """A telephone: an extension's, or one of the world."""

    def __init__(self, switch: "FakeFreeswitch", number: str, *, outside: bool = False) -> None:
        super().__init__(switch, number)
        self.answers_after: float | None = None
        self.rejects = False
        if outside:
            switch.lines[number] = self
            switch.trunk_answers = True
        else:
            self.directory = {"cc_extension": number, "accountcode": number}
            switch.registered[number] = self
            switch.fire("sofia::register", None, from_user=number)
            switch.fire("MESSAGE_QUERY", None, Message_Account=f"sip:{number}@callcenter")

    def rings(self, channel: Channel) -> None:
        super().rings(channel)
        self.held = False
        if self.rejects:
            channel.hang_up("USER_BUSY")
        elif self.answers_after is not None:
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
        return any(one.up and one.answer_state == "ringing" for one in self.channels)

    @property
    def is_talking(self) -> bool:
        """Whether it was picked up and is not put down."""
        return any(one.up and one.answer_state == "answered" for one in self.channels)

    def hold(self, *, on: bool) -> None:
        """Put the other side on hold, or take it off."""
        channel = self.channel
        channel.call_state = "HELD" if on else "UNHELD"
        self.switch.fire("CHANNEL_HOLD" if on else "CHANNEL_UNHOLD", channel)
        if channel.other is not None:
            channel.other.person.held = on

    def transfer(self, to: str) -> None:
        """Blind (REFER): the other side goes where the channel's context for that says."""
        other = self.channel.other
        assert other is not None
        self.channel.set("endpoint_disposition", "BLIND_TRANSFER")
        other.send(other.get("force_transfer_context") or "cc-trunk", to)

    def text(self, to: str, text: str) -> None:
        """A message to another number."""
        told = {"from_user": self.number, "to_user": to, "to": f"{to}@127.0.0.1", "_body": text}
        self.switch.fire_of("MESSAGE", {"proto": "sip", "type": "text/plain", **told})

    def vanish(self) -> None:
        """Be gone: FreeSWITCH asks, and gets no answer."""
        self.there = False
        told = {"from_user": self.number, "Ping_Status": "UNREACHABLE"}
        self.switch.fire("sofia::sip_user_state", None, **told)
