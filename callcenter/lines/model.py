"""Lines: where a number's calls are answered outside any queue, and in which order. Pure."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from callcenter.kernel.errors import Refused
from callcenter.numbers.destination import Destination

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,63}")
_OUTSIDE = re.compile(r"\+?[0-9]{3,20}")
_INSIDE = re.compile(r"[0-9A-Za-z_-]{1,32}")


class Order(StrEnum):
    """In which order lines are tried (N3)."""

    ORDERED = "ordered"
    ROUND_ROBIN = "round-robin"
    ALL = "all"  # all at once, the first to answer has the call


class LineKind(StrEnum):
    """What a line is (N2)."""

    OUTSIDE = "outside"  # landline or mobile, through a trunk
    EXTENSION = "extension"
    SEAT = "seat"  # wherever its agent is logged in, if free


@dataclass(frozen=True, kw_only=True)
class Line:
    """One answering line. ``calls`` is how many it takes at once; ``hours`` names a plan of the
    tenant ("": always); ``trunk`` "" is the trunk that leads out."""

    name: str
    kind: LineKind
    number: str
    trunk: str = ""
    calls: int = 1
    hours: str = ""
    ring: timedelta = timedelta(seconds=20)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise Refused(f"{self.name!r} is no name for a line; use letters, digits, - _ and .")
        wanted = _OUTSIDE if self.kind is LineKind.OUTSIDE else _INSIDE
        if not wanted.fullmatch(self.number):
            raise Refused(
                f"Line {self.name}: {self.number!r} cannot be dialled; write digits, for an outside"
                " number perhaps with + before."
            )
        if self.calls < 1:
            raise Refused(f"Line {self.name} must take at least 1 call at once.")
        if not 1 <= self.ring.total_seconds() <= 300:
            raise Refused(f"Line {self.name} must ring for 1 to 300 seconds.")


@dataclass(frozen=True, kw_only=True)
class LineGroup:
    """Lines tried one after the other. Callers hear ``colour_ring`` (a prompt) or ringing.

    When nobody answered they go to ``fallback``, or hear an apology.
    """

    name: str
    tenant: str
    order: Order = Order.ORDERED
    lines: tuple[Line, ...] = ()
    colour_ring: str = ""
    fallback: Destination | None = None
    record: bool = True

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise Refused(f"{self.name!r} is no name for a group of lines.")
        names = [line.name for line in self.lines]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise Refused(f"Group {self.name} has two lines named {twice[0]}.")


@dataclass(frozen=True, kw_only=True)
class Lines:
    """All groups by name, replaced whole when they change."""

    groups: dict[str, LineGroup] = field(default_factory=dict)
