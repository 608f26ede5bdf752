"""Where a call may go, as a value and as text (``queue:sales``). Pure.

Routing chooses one, the conductor acts on it; numbers and rules store the text.
"""

from dataclasses import dataclass
from enum import StrEnum

from callcenter.kernel.errors import Refused
from callcenter.pbx.causes import Cause


class Kind(StrEnum):
    """What kind of place a call goes to."""

    FLOW = "flow"
    QUEUE = "queue"
    LINES = "lines"  # the lines bound to a number
    EXTENSION = "extension"
    SEAT = "seat"  # wherever its agent is logged in
    OUTSIDE = "outside"  # an outside telephone number
    VOICEMAIL = "voicemail"
    ANNOUNCEMENT = "announcement"  # a prompt, then the end
    FEATURE = "feature"
    REFUSE = "refuse"


_MOST_NAME = 64
_REFUSALS = {"busy": Cause.BUSY, "rejected": Cause.REJECTED, "unallocated": Cause.UNALLOCATED}
SETTABLE = tuple(kind for kind in Kind if kind not in (Kind.FEATURE, Kind.SEAT))
"""Kinds that administrators may set; features and seats belong to the telephones of agents."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where to: ``name`` is a flow, a queue, ...; ``cause`` is set when refused."""

    kind: Kind
    name: str = ""
    cause: Cause = Cause.NORMAL

    def __str__(self) -> str:
        return f"{self.kind}:{self.name or int(self.cause)}"

    @classmethod
    def parse(cls, text: str) -> "Destination":
        """Read ``kind:name``, or ``refuse:`` with a Q.850 cause, ``busy`` or ``rejected``.

        Raises:
            Refused: it is none; says how to write one.
        """
        kind, _, name = text.strip().partition(":")
        if kind not in tuple(Kind) or not 0 < len(name) <= _MOST_NAME or not name.isprintable():
            kinds = ", ".join(SETTABLE)
            raise Refused(
                f"{text!r} is no destination; write one like flow:main or queue:sales ({kinds})."
            )
        if kind != Kind.REFUSE:
            return cls(kind=Kind(kind), name=name)
        return cls(kind=Kind.REFUSE, cause=_cause(name))


def _cause(name: str) -> Cause:
    known = {str(int(cause)): cause for cause in Cause if cause not in (Cause.UNKNOWN,)}
    cause = _REFUSALS.get(name) or known.get(name)
    if cause is None:
        words = ", ".join(_REFUSALS)
        raise Refused(f"refuse:{name} is no refusal; write one of {words} or a Q.850 cause.")
    return cause
