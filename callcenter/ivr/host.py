"""What the walker asks of whoever runs the call: the conductor, or `flow try` in a terminal.

The walker speaks to the caller's channel itself (prompts, keys). Everything that needs another
room is asked here. Rules for whoever implements it:

* ``Hangup`` and ``NodeLost`` of the channel pass through; the walker never catches them, nor
  :class:`SentOn`.
* An outcome that a flow may branch on is a value, never an exception. Any other exception means
  that the flow is broken: the caller hears an apology and the call goes to the number's fallback.
* The caller never hears silence: whatever waits here has music or ringing running.
* Methods that are not ``async`` answer out of memory, at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from callcenter.ivr.model import Flow
from callcenter.kernel.errors import CallCenterError
from callcenter.numbers import Destination


class SentOn(Exception):
    """A queue's own rule sends the caller elsewhere (Q4): the flow ends here, ``to`` goes on."""

    def __init__(self, to: Destination) -> None:
        super().__init__(str(to))
        self.to = to


class NotAvailable(CallCenterError):
    """This host does not serve the node's kind (yet); validation refuses such kinds by name."""

    code = "not_available"
    http_status = 501


class QueueOutcome(StrEnum):
    """How a visit to a queue ended while the caller is still there."""

    SERVED = "served"  # talked with a seat, which hung up first
    FULL = "full"
    NO_SEAT = "no_seat"  # nobody is logged in
    TOO_LONG = "too_long"
    KEY = "key"  # the caller pressed the key that leaves the queue


class DialOutcome(StrEnum):
    """How ringing somebody ended while the caller is still there."""

    TALKED = "talked"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"  # not registered, no route, unknown, not allowed


class VoicemailOutcome(StrEnum):
    """How leaving a message ended while the caller is still there."""

    KEPT = "kept"
    EMPTY = "empty"  # nothing was said


class MemberOutcome(StrEnum):
    """How a check of a member's number and PIN ended."""

    OK = "ok"
    WRONG = "wrong"  # no such member, or another PIN: a stranger is not told which
    LOCKED = "locked"
    EXPIRED = "expired"  # not valid yet, or no more
    USED_UP = "used_up"  # no allowance left


class TargetKind(StrEnum):
    """Whom a flow may ring."""

    SEAT = "seat"  # name: the seat's number; wherever its agent is logged in
    EXTENSION = "extension"  # name: an extension of the call's tenant
    OUTSIDE = "outside"  # name: a number in E.164
    LINES = "lines"  # name: a hunt group; "": the lines bound to the dialled number


@dataclass(frozen=True, kw_only=True)
class Target:
    """Whom to ring and how long; ``ring`` ``None``: as set up for it."""

    kind: TargetKind
    name: str
    ring: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class QueueVisit:
    """What the flow knows of a caller who enters a queue.

    ``skills`` are required levels by name; ``priority`` is added to the caller's own.
    """

    queue: str
    priority: int = 0
    skills: Mapping[str, int] = field(default_factory=dict)
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class VoicemailVisit:
    """Whose box, and how long a message may be.

    ``greeted``: the walker has played a greeting already; else the box's own is due.
    """

    box: str
    longest: timedelta
    greeted: bool = False
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an answer is to: ``survey`` is the name that results are kept under."""

    survey: str
    node: str
    question: str


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A spoken answer to take; the question has been played."""

    about: Answer
    longest: timedelta
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class WebRequest:
    """One web request. GET sends ``send`` in the query, POST as JSON; ``into``: see request.py."""

    url: str
    method: str
    send: Mapping[str, str]
    into: Mapping[str, str]
    wait: timedelta


@dataclass(frozen=True, kw_only=True)
class WebAnswer:
    """``ok`` exactly when every wanted value came; ``why`` says what was wrong otherwise."""

    ok: bool
    values: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class MemberCheck:
    """``values`` (member, level, ...) become the flow's variables when ``outcome`` is OK.

    ``priority`` is then added to the caller's priority in queues. ``queue`` is the member's own.
    """

    outcome: MemberOutcome
    values: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    queue: str = ""


class Host(Protocol):
    """Who does for the walker what is not a menu's business, and notes what happens."""

    # -- facts, out of memory -----------------------------------------------------------------

    def facts(self) -> Mapping[str, str]:
        """What is known of the call, "" for unknown.

        Keys: caller, dialled, source (trunk, extension), tenant, country, province, city, region
        (the finest that is known), now (ISO 8601 in the tenant's time zone).
        """

    def hours(self, calendar: str) -> str:
        """``open``, ``closed`` or ``holiday`` in this calendar now; "": the tenant's own.

        Raises:
            NotFound: there is no such calendar.
        """

    def flow(self, name: str) -> Flow | None:
        """The published version of a flow of the same tenant, to jump into."""

    # -- notes, written at once ---------------------------------------------------------------

    def entered(self, flow: Flow, node: str, values: Mapping[str, str]) -> None:
        """The caller reached a node. ``values`` is what the walker needs to go on there later.

        Keep the newest with the call: a call that comes back is walked on with them.
        """

    def chose(self, node: str, keys: str, outcome: str) -> None:
        """Keys were pressed (or not): outcome is chosen, invalid, timeout or a node's own word.

        Secret digits (PINs) arrive here as ``*``.
        """

    def surveyed(self, about: Answer, keys: str) -> None:
        """The caller answered a question of a survey; ``""``: did not."""

    def answered(self, node: str) -> Mapping[str, str]:
        """Answers by question that were given at this node before the call came back to us."""

    def broke(self, flow: Flow, node: str, why: str) -> None:
        """The flow cannot go on here; its author should be told. The caller hears an apology."""

    # -- what takes time ----------------------------------------------------------------------

    async def queue(self, visit: QueueVisit) -> QueueOutcome:
        """Have the caller served by a queue; returns when the seat hung up or it came to nothing.

        Raises:
            NotFound: there is no such queue.
        """

    async def dial(self, target: Target) -> DialOutcome:
        """Ring somebody and let them talk; returns when they hung up or it came to nothing."""

    async def voicemail(self, visit: VoicemailVisit) -> VoicemailOutcome:
        """Beep, take a message and keep it."""

    async def comment(self, comment: Comment) -> bool:
        """Beep, record what is said, keep it as an answer; ``False``: nothing was said.

        A caller who hangs up meanwhile has said it all the same.
        """

    async def request(self, request: WebRequest) -> WebAnswer:
        """Ask a web service. The walker plays prompts and music meanwhile: touch no channel."""

    async def member(self, number: str, pin: str) -> MemberCheck:
        """Check a member's number and PIN; wrong PINs are counted there and lock."""

    async def change_pin(self, number: str, old: str, new: str) -> bool:
        """Give a member whose PIN was right just now another; ``False``: it is no fit PIN.

        4 to 12 digits, and not the one that it was.
        """

    async def last_agent(self) -> str:
        """Number of the free seat that last spoke with this caller; "" when there is none."""
