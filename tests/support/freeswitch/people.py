"""Who is at the other end of channels: callers, seats with a telephone, lines of the world."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.support import switching
from tests.support.freeswitch.channel import Channel

if TYPE_CHECKING:
    from tests.support.freeswitch.switch import FakeFreeswitch


class Person(switching.Person[Channel]):
    """Knows what is heard by the names of the files; ``directory`` are a phone's variables."""

    switch: "FakeFreeswitch"
    music = "local_stream://"

    def __init__(self, switch: "FakeFreeswitch", number: str) -> None:
        super().__init__(switch, number)
        self.directory: dict[str, str] = {}
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

    def ended(self, channel: Channel) -> None:
        """The channel is gone."""
        self.on_key = lambda _: None

    @property
    def cause(self) -> str:
        """Why the newest channel ended, in Q.850's number."""
        return self.channel.q850()

    # -- done by the person -------------------------------------------------------------------

    def press(self, keys: str) -> None:
        """Keys one after the other."""
        for key in keys:
            if self.channel.up:
                self.switch.fire("DTMF", self.channel, DTMF_Digit=key, DTMF_Duration="2000")
                self.on_key(key)


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


class Seat(switching.Telephone[Channel], Person):
    """A telephone: an extension's, or one of the world."""

    def __init__(self, switch: "FakeFreeswitch", number: str, *, outside: bool = False) -> None:
        super().__init__(switch, number)
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
        else:
            self.picks_up_in_time(channel)

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
