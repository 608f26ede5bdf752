"""A channel: variables, functions, state, and place in the dialplan."""

import base64
import itertools
import re
from collections import deque
from typing import TYPE_CHECKING

from tests.support import switching
from tests.support.asterisk.dialplan import evaluate, split

if TYPE_CHECKING:
    from tests.support.asterisk.people import Person
    from tests.support.asterisk.switch import FakeAsterisk

_numbers = itertools.count(1)
_CUT = re.compile(r"(.+):(\d+):(\d+)")


class Gone(Exception):
    """The channel was hung up, or goes on at another place: whatever runs on it ends."""


class Channel(switching.Channel):
    """``person`` is at its other end."""

    def __init__(
        self, switch: "FakeAsterisk", person: "Person", *, inbound: bool, uniqueid: str = ""
    ) -> None:
        super().__init__(inbound=inbound)
        number = next(_numbers)
        self.switch, self.person = switch, person
        self.name = f"PJSIP/{person.endpoint}-{number:08x}"
        self.uniqueid = uniqueid or f"{int(switch.now())}.{number}"
        self.variables: dict[str, str] = {}
        self.shared: dict[str, str] = {}
        self.context, self.exten, self.priority = "", "s", 1
        self.state = "Ring" if inbound else "Down"
        self.dnid = ""
        self.begun = switch.now()
        self.cause = 0
        self.other: Channel | None = None
        self.keys: deque[str] = deque()
        self.hung_up_ = self.sent = False

    @property
    def up(self) -> bool:
        return not self.hung_up_

    @property
    def is_ringing(self) -> bool:
        return self.state == "Ringing"

    @property
    def is_answered(self) -> bool:
        return self.state == "Up"

    def require(self) -> None:
        """Whether it is still there for what runs on it.

        Raises:
            Gone: hung up, or sent elsewhere.
        """
        if self.hung_up_ or self.sent:
            raise Gone

    # -- what is done to it -------------------------------------------------------------------

    def press(self, key: str) -> None:
        """A key comes in."""
        self.keys.append(key)
        self.poke()

    def send(self, context: str, exten: str) -> None:
        """Go on there; whom it talks with is hung up."""
        self.context, self.exten, self.priority, self.sent = context, exten, 1, True
        self.poke()

    def answer(self) -> None:
        if self.state != "Up":
            self.state = "Up"
            self.person.answered(self)
            self.switch.states()
            self.poke()

    def hang_up(self, cause: int = 16) -> bool:
        """End it; the h extension and the event follow. ``False`` when it has ended."""
        if self.hung_up_:
            return False
        self.hung_up_, self.cause = True, cause or 16
        self.person.ended(self, self.cause)
        self.poke()
        if self.other is not None:
            self.other.poke()
        return True

    # -- variables ----------------------------------------------------------------------------

    def set(self, name: str, value: str) -> None:
        """A variable or a function."""
        function, bracket, rest = name.partition("(")
        arguments = rest.rpartition(")")[0]
        if not bracket:
            self.variables[name] = value
        elif function == "SHARED":
            variable, _, other = arguments.partition(",")
            owner = self.switch.by_name(other) if other else self
            if owner is not None:
                owner.shared[variable] = value
        elif function == "DB":
            family, _, key = arguments.partition("/")
            self.switch.database.setdefault(family, {})[key] = value
        elif function == "CHANNEL":
            self.variables[f"CHANNEL({arguments})"] = value

    def get(self, name: str) -> str:
        """A variable, whether it is inherited or not."""
        for prefix in ("", "_", "__"):
            if prefix + name in self.variables:
                return self.variables[prefix + name]
        return ""

    def inherit(self, owner: "Channel") -> None:
        """Of the channel for which it is made: what has two underscores."""
        for name, value in owner.variables.items():
            if name.startswith("__"):
                self.variables[name] = value

    def look(self, inner: str) -> str:
        """What stands in ``${...}``."""
        if cut := _CUT.fullmatch(inner):
            start, length = int(cut[2]), int(cut[3])
            return self.look(cut[1])[start : start + length]
        name, bracket, rest = inner.partition("(")
        if bracket:
            return self._function(name, rest.rpartition(")")[0])
        own = {
            "CHANNEL": self.name,
            "CONTEXT": self.context,
            "EPOCH": str(int(self.switch.now())),
            "EXTEN": self.exten,
            "HANGUPCAUSE": self.variables.get("HANGUPCAUSE", str(self.cause)),
            "PRIORITY": str(self.priority),
            "UNIQUEID": self.uniqueid,
        }
        return own[inner] if inner in own else self.get(inner)

    def _function(self, name: str, arguments: str) -> str:
        first, _, second = arguments.partition(",")
        match name:
            case "BASE64_ENCODE":
                return base64.b64encode(arguments.encode()).decode()
            case "MESSAGE":
                return self.variables[f"MESSAGE({arguments})"]
            case "CALLERID":
                return self.dnid
            case "CHANNEL":
                return {
                    "channeltype": "PJSIP",
                    "endpoint": self.person.endpoint,
                    "state": self.state,
                }.get(arguments, self.variables.get(f"CHANNEL({arguments})", ""))
            case "FILTER":
                allowed = re.compile(f"[^{first}]".replace(r"\x2D", r"\-"))
                return allowed.sub("", second)
            case "IF":
                test, _, results = arguments.partition("?")
                yes, *no = split(results, ":")
                return yes if evaluate(test) not in ("", "0") else "".join(no)
            case "SHARED":
                owner = self.switch.by_name(second) if second else self
                return owner.shared.get(first, "") if owner else ""
            case "STRFTIME":
                return str(int(self.switch.now() * 1000))
        raise AssertionError(f"the fake has no function {name}")

    def told_variables(self) -> list[tuple[str, str]]:
        """What ``channelvars`` of manager.conf asks for, in each event about it."""
        return [("ChanVariable", f"{name}={self.get(name)}") for name in ("CC_CALL", "CC_OWNER")]
