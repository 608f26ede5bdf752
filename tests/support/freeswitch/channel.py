"""A channel: its variables, its state, the dialplan it walks, and what is told of it."""

import asyncio
import itertools
import uuid as uuids
from collections import deque
from typing import TYPE_CHECKING

from tests.support import switching
from tests.support.freeswitch.causes import Q850

if TYPE_CHECKING:
    from tests.support.freeswitch.people import Person
    from tests.support.freeswitch.switch import FakeFreeswitch

_numbers = itertools.count(1)
_BURIAL = 0.02  # seconds in which what ran on it comes to its end


class Gone(Exception):
    """The channel has been hung up."""


class Sent(Exception):
    """The channel goes on at another place of the dialplan."""


class Channel(switching.Channel):
    """``person`` is at its other end."""

    def __init__(
        self,
        switch: "FakeFreeswitch",
        person: "Person",
        *,
        inbound: bool,
        uuid: str = "",
        **variables: str,
    ) -> None:
        super().__init__(inbound=inbound)
        self.switch, self.person = switch, person
        self.uuid = uuid or str(uuids.uuid4())
        self.name = f"sofia/cc/{person.number}@127.0.0.{next(_numbers)}"
        self.variables = {"direction": "inbound" if inbound else "outbound", **variables}
        self.context, self.destination = "", ""
        self.answer_state, self.call_state = "ringing", "RINGING" if inbound else "DOWN"
        self.created = switch.now()
        self.cause = ""
        self.other: Channel | None = None  # the one it is bridged with
        self.to_join: Channel | None = None  # by uuid_bridge, when what runs has ended
        self.is_leg = False  # joined so with one that goes on after the talk
        self.mailbox: deque[dict[str, str]] = deque()
        self.task: asyncio.Task[None] | None = None
        self._sent = False

    @property
    def up(self) -> bool:
        return not self.cause

    @property
    def is_ringing(self) -> bool:
        return self.answer_state == "ringing"

    @property
    def is_answered(self) -> bool:
        return self.answer_state == "answered"

    # -- what applications do -----------------------------------------------------------------

    def require(self) -> None:
        """Whether it is still there for what runs on it.

        Raises:
            Gone: hung up.
            Sent: it goes on elsewhere.
        """
        if self.cause:
            raise Gone
        if self._sent:
            self._sent = False
            raise Sent

    def forget_break(self) -> None:
        """Nothing that begins now is broken off by what was said before."""
        self._broken = False

    def set(self, name: str, value: str) -> None:
        """A variable; an empty one is none."""
        if value:
            self.variables[name] = value
        else:
            self.variables.pop(name, None)

    def get(self, name: str) -> str:
        """A variable."""
        return self.variables.get(name, "")

    # -- what is done to it -------------------------------------------------------------------

    def send(self, context: str, destination: str) -> None:
        """Go on there."""
        self.context, self.destination, self._sent = context, destination, True
        if self.other is not None:
            self.other.hang_up("NORMAL_CLEARING")
        self.poke()

    def answer(self) -> None:
        if self.answer_state != "answered":
            self.answer_state = "answered"
            self.switch.fire("CHANNEL_ANSWER", self)
            self.call_state = "ACTIVE"
            self.set("endpoint_disposition", "ANSWER")
            self.person.answered(self)
            self.poke()

    def hang_up(self, cause: str = "NORMAL_CLEARING") -> bool:
        """End it; ``False`` when it has ended. What follows, as the note, comes a moment later."""
        if self.cause:
            return False
        self.cause, self.answer_state = cause, "hangup"
        self.switch.fire("CHANNEL_HANGUP", self)
        self.poke()
        if self.other is not None:
            self.other.poke()
        asyncio.get_running_loop().call_later(_BURIAL, self.switch.buried, self)
        return True

    # -- what is told of it -------------------------------------------------------------------

    def headers(self) -> dict[str, str]:
        """Of each event about it. Empty values are not told."""
        number = self.presented
        told = {
            "Channel-State": "CS_HANGUP" if self.cause else "CS_EXECUTE",
            "Channel-Call-State": self.call_state,
            "Channel-Name": self.name,
            "Unique-ID": self.uuid,
            "Call-Direction": self.variables["direction"],
            "Answer-State": self.answer_state,
            "Hangup-Cause": self.cause,
            "Caller-Caller-ID-Name": self.presented_name or number,
            "Caller-Caller-ID-Number": number,
            "Caller-Orig-Caller-ID-Name": self.presented_name or number,
            "Caller-Destination-Number": self.destination,
            "Caller-Privacy-Hide-Number": "false",
            "Other-Leg-Unique-ID": self.other.uuid if self.other else self.get("cc_owner"),
        }
        told |= {f"variable_{name}": value for name, value in self.variables.items()}
        return {name: value for name, value in told.items() if value}

    def row(self) -> dict[str, str]:
        """Of ``show channels``."""
        return {
            "uuid": self.uuid,
            "direction": self.variables["direction"],
            "created_epoch": str(int(self.created)),
            "name": self.name,
            "state": "CS_EXECUTE",
            "cid_num": self.presented,
            "dest": self.destination,
            "callstate": self.call_state,
            "presence_data": self.get("presence_data"),
            "accountcode": self.get("accountcode"),
        }

    def q850(self) -> str:
        """The number of its cause."""
        return str(Q850.get(self.cause, 16))
