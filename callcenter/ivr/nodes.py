"""The kinds of node a flow is made of. Pure; one class per kind, its fields are the document's.

Texts that may hold ``{variable}`` are filled in by the walker.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from callcenter.ivr.node_base import (
    Attempts,
    BaseNode,
    Exit,
    Key,
    Language,
    Name,
    NodeName,
    Prompts,
    Seconds,
    Variable,
)
from callcenter.ivr.survey_nodes import SurveyNode as SurveyNode  # noqa: PLC0414 - one of them


class PlayNode(BaseNode):
    """Play prompts, then go on. With ``barge_in`` a key ends it and counts at the next menu."""

    passing = ("next",)
    kind: Literal["play"]
    prompts: Prompts = Field(min_length=1)
    barge_in: bool = True
    next: NodeName


class MenuNode(BaseNode):
    """Play prompts and branch on one key.

    ``operator`` is the node behind key 0, ``repeat`` the key that plays it again, ``back`` the key
    that returns to the menu before. After ``attempts`` wrong or missing keys the call goes to
    ``on_invalid`` or ``on_timeout`` by the last one, or else to ``otherwise``.
    """

    waiting = ("operator", "on_invalid", "on_timeout", "otherwise")
    spoken = ("prompts", "invalid", "timeout")
    kind: Literal["menu"]
    prompts: Prompts = Field(min_length=1)
    choices: dict[Key, NodeName] = Field(default_factory=dict)
    operator: NodeName = ""
    repeat: Key = ""
    back: Key = ""
    barge_in: bool = True
    wait: Seconds = 5.0
    attempts: Attempts = 3
    invalid: Prompts = Field(default_factory=lambda: ["invalid-choice"])
    timeout: Prompts = Field(default_factory=lambda: ["no-input"])
    on_invalid: NodeName = ""
    on_timeout: NodeName = ""
    otherwise: NodeName

    @model_validator(mode="after")
    def _one_meaning_a_key(self) -> "MenuNode":
        keys = [*self.choices, *("0" if self.operator else ""), *self.repeat, *self.back]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"key {', '.join(twice)} has two meanings")
        if not self.choices and not self.operator:
            raise ValueError("a menu needs choices")
        return self

    def exits(self) -> Iterator[Exit]:
        """Choices first."""
        for key, target in self.choices.items():
            yield Exit(("choices", key), target, True)
        yield from super().exits()

    def target(self, key: str) -> str:
        """Where a key leads, "" nowhere."""
        return self.choices.get(key, self.operator if key == "0" else "")


class DigitsNode(BaseNode):
    """Collect ``least`` to ``most`` digits into a variable; ``end`` says that there are no more.

    ``secret`` digits are neither written down nor spoken, and do not outlive the engine.
    """

    waiting = ("next", "otherwise")
    spoken = ("prompts", "invalid", "timeout")
    kind: Literal["digits"]
    prompts: Prompts = Field(min_length=1)
    into: Variable
    least: int = Field(1, ge=1, le=32)
    most: int = Field(20, ge=1, le=32)
    end: Literal["#", "*", ""] = "#"
    wait: Seconds = 8.0
    between: Seconds = 4.0
    attempts: Attempts = 3
    invalid: Prompts = Field(default_factory=lambda: ["invalid-choice"])
    timeout: Prompts = Field(default_factory=lambda: ["no-input"])
    secret: bool = False
    next: NodeName
    otherwise: NodeName

    @model_validator(mode="after")
    def _least_is_less(self) -> "DigitsNode":
        if self.least > self.most:
            raise ValueError("least is more than most")
        return self


class SayNode(BaseNode):
    """Say a value, as ``{variable}`` or as it stands. Money: ``12.50 CNY``; dates: ISO 8601.

    A value that cannot be said so goes to ``otherwise``, or else on without a word.
    """

    passing = ("next", "otherwise")
    spoken = ("before", "after")
    kind: Literal["say"]
    what: Literal[
        "number", "digits", "ordinal", "money", "date", "time", "time-24", "moment", "minutes"
    ]
    value: Annotated[str, Field(min_length=1, max_length=64)]
    before: Prompts = Field(default_factory=list)
    after: Prompts = Field(default_factory=list)
    next: NodeName
    otherwise: NodeName = ""


class BranchNode(BaseNode):
    """Go where a fact says. Cases are compared in the order of the document.

    ``on: hours`` (of ``calendar``, else the tenant's own) has the cases open, closed, holiday;
    ``region`` matches city, province or country; ``member`` yes or no; ``variable`` one set
    before; ``source`` trunk or extension; ``caller`` and ``dialled`` a number, ``138*`` its start.
    """

    kind: Literal["branch"]
    on: Literal["hours", "region", "member", "variable", "source", "caller", "dialled", "language"]
    calendar: str = Field("", max_length=64)
    variable: Variable = ""
    cases: dict[Name, NodeName] = Field(min_length=1)
    otherwise: NodeName
    passing = ("otherwise",)

    @model_validator(mode="after")
    def _has_what_it_asks(self) -> "BranchNode":
        if (self.on == "variable") != bool(self.variable):
            raise ValueError("'variable' and 'on: variable' belong together")
        if self.calendar and self.on != "hours":
            raise ValueError("'calendar' belongs to 'on: hours'")
        return self

    def exits(self) -> Iterator[Exit]:
        """Cases first."""
        for case, target in self.cases.items():
            yield Exit(("cases", case), target, False)
        yield from super().exits()


class QueueNode(BaseNode):
    """Wait for a seat with music; ``next`` is where the call goes when the seat hangs up.

    The other branches default to ``otherwise``, and that to ``next``.
    """

    waiting = ("next", "too_long", "key")
    passing = ("full", "no_seat", "otherwise")
    kind: Literal["queue"]
    queue: Name
    own: bool = False  # a member with a queue of their own waits there instead
    prompts: Prompts = Field(default_factory=list)
    next: NodeName
    full: NodeName = ""
    no_seat: NodeName = ""
    too_long: NodeName = ""
    key: NodeName = ""
    otherwise: NodeName = ""


class _DialNode(BaseNode):
    """Ring somebody; ``next`` after they talked, else by what happened, or ``otherwise``."""

    waiting = ("next",)
    passing = ("busy", "no_answer", "unreachable", "otherwise")
    prompts: Prompts = Field(default_factory=list)
    ring: float | None = Field(None, gt=0, le=300)
    next: NodeName
    busy: NodeName = ""
    no_answer: NodeName = ""
    unreachable: NodeName = ""
    otherwise: NodeName


class SeatNode(_DialNode):
    """Ring one seat, wherever its agent is logged in."""

    kind: Literal["seat"]
    seat: Name


class ExtensionNode(_DialNode):
    """Ring one extension, or the one in ``{variable}``: dial-by-extension."""

    kind: Literal["extension"]
    extension: Name


class OutsideNode(_DialNode):
    """Ring an outside number, in E.164 with ``+``. It stands in the flow: no caller chooses it."""

    kind: Literal["outside"]
    number: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{4,14}$")]


class LinesNode(_DialNode):
    """Ring the lines of a hunt group, or of the dialled number when ``lines`` is left out."""

    kind: Literal["lines"]
    lines: str = Field("", max_length=64)


class LastAgentNode(_DialNode):
    """Ask whether the caller wants who spoke with them last, if that seat is free (I7)."""

    waiting = ("next",)
    kind: Literal["last-agent"]
    prompts: Prompts = Field(default_factory=lambda: ["last-agent"])
    yes: Key = "1"
    wait: Seconds = 5.0


class VoicemailNode(BaseNode):
    """Take a message into a box; ``empty`` is where a silent caller goes, else ``next``.

    Without ``prompts`` the caller hears the greeting of the box.
    """

    waiting = ("next", "empty")
    kind: Literal["voicemail"]
    box: Name
    prompts: Prompts = Field(default_factory=list)
    longest: float = Field(120, gt=0, le=600)
    next: NodeName
    empty: NodeName = ""


class RequestNode(BaseNode):
    """Ask a web service; the caller hears ``prompts``, then music, meanwhile.

    ``into`` fills variables from the JSON answer: ``balance: account.balance``. A failure of any
    kind goes to ``otherwise``.
    """

    passing = ("next", "otherwise")
    kind: Literal["request"]
    url: Annotated[str, Field(pattern=r"^https?://", max_length=1000)]
    method: Literal["GET", "POST"] = "GET"
    send: dict[Variable, Annotated[str, Field(max_length=200)]] = Field(default_factory=dict)
    into: dict[Variable, Annotated[str, Field(max_length=200)]] = Field(default_factory=dict)
    wait: float = Field(5.0, gt=0, le=30)
    prompts: Prompts = Field(default_factory=list)
    music: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$", max_length=64)] = "default"
    next: NodeName
    otherwise: NodeName


class LanguageNode(BaseNode):
    """Speak this language from here on."""

    passing = ("next",)
    kind: Literal["language"]
    language: Language
    next: NodeName


class PriorityNode(BaseNode):
    """Wait in queues with this priority from here on; higher goes first."""

    passing = ("next",)
    kind: Literal["priority"]
    priority: int = Field(ge=-100, le=100)
    next: NodeName


class SkillNode(BaseNode):
    """Ask queues for seats with these skills, by least level, from here on."""

    passing = ("next",)
    kind: Literal["skill"]
    skills: dict[Variable, Annotated[int, Field(ge=1, le=100)]] = Field(min_length=1)
    next: NodeName


class MemberNode(BaseNode):
    """Ask for a member's number and PIN. ``next`` when right; values of the card are variables."""

    waiting = ("next", "wrong", "locked", "expired", "used_up", "otherwise")
    spoken = ("number", "pin", "refused")
    kind: Literal["member"]
    number: Prompts = Field(default_factory=lambda: ["member-number"])
    pin: Prompts = Field(default_factory=lambda: ["member-pin"])
    refused: Prompts = Field(default_factory=lambda: ["member-wrong"])
    attempts: Attempts = 3
    wait: Seconds = 8.0
    next: NodeName
    wrong: NodeName = ""
    locked: NodeName = ""
    expired: NodeName = ""
    used_up: NodeName = ""
    otherwise: NodeName


class MemberPinNode(BaseNode):
    """Another PIN: the old one is checked, the new one keyed in twice; no number when known."""

    waiting = ("next", "locked", "otherwise")
    spoken = ("number", "pin", "refused", "new", "again", "unfit", "done")
    kind: Literal["member-pin"]
    number: Prompts = Field(default_factory=lambda: ["member-number"])
    pin: Prompts = Field(default_factory=lambda: ["member-pin"])
    refused: Prompts = Field(default_factory=lambda: ["member-wrong"])
    new: Prompts = Field(default_factory=lambda: ["pin-new"])
    again: Prompts = Field(default_factory=lambda: ["pin-again"])
    unfit: Prompts = Field(default_factory=lambda: ["pin-unfit"])
    done: Prompts = Field(default_factory=lambda: ["pin-changed"])
    attempts: Attempts = 3
    wait: Seconds = 8.0
    next: NodeName
    locked: NodeName = ""
    otherwise: NodeName


class HangUpNode(BaseNode):
    """Say goodbye, if there is anything to say, and end the call."""

    kind: Literal["hangup"]
    prompts: Prompts = Field(default_factory=list)


class JumpNode(BaseNode):
    """Go on in another flow, in the version in force then; there is no way back."""

    kind: Literal["jump"]
    flow: Name
    node: NodeName = ""


DialNode = SeatNode | ExtensionNode | OutsideNode | LinesNode | LastAgentNode
Node = Annotated[
    PlayNode
    | MenuNode
    | DigitsNode
    | SayNode
    | BranchNode
    | QueueNode
    | SeatNode
    | ExtensionNode
    | OutsideNode
    | LinesNode
    | LastAgentNode
    | VoicemailNode
    | RequestNode
    | SurveyNode
    | LanguageNode
    | PriorityNode
    | SkillNode
    | MemberNode
    | MemberPinNode
    | HangUpNode
    | JumpNode,
    Field(discriminator="kind"),
]
