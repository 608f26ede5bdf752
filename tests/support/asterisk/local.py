"""Local channels: two halves back to back. The first is dialled, the second walks the dialplan."""

import itertools
from typing import TYPE_CHECKING

from tests.support.asterisk.channel import Channel
from tests.support.asterisk.people import Person

if TYPE_CHECKING:
    from tests.support.asterisk.switch import FakeAsterisk

_numbers = itertools.count(1)


class Half(Person):
    """At the other end of each half is the other half."""

    peer: Channel

    def answered(self, channel: Channel) -> None:
        self.peer.answer()

    def ended(self, channel: Channel, cause: int) -> None:
        self.peer.hang_up(cause)

    def rings(self, channel: Channel) -> None:
        """The first half is dialled: the second begins."""
        channel.state = "Ringing"
        self.switch.begin(self.peer)


def local_channel(switch: "FakeAsterisk", place: str) -> Half:
    """Whom to dial for ``Local/EXTENSION@CONTEXT``."""
    exten, _, context = place.partition("@")
    half, other = Half(switch, place), Half(switch, place)
    second = Channel(switch, other, inbound=False)
    second.name = f"Local/{place}-{next(_numbers):08x};2"
    second.context, second.exten, second.state = context, exten, "Ring"
    half.peer = second
    return half


def tie(first: Channel, half: Half, owner: Channel) -> None:
    """``first`` was made for the dial of ``owner``; both halves inherit from that."""
    second = half.peer
    assert isinstance(second.person, Half)
    second.person.peer = first
    first.name = second.name[:-1] + "1"
    second.presented, second.presented_name = first.presented, owner.presented_name
    second.inherit(owner)
