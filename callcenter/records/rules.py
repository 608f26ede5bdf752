"""Which talks are recorded: the rules, and the one decision made of them (R1). Pure.

A rule names a tenant, a number, a queue, a seat or a direction, or several of them; what it leaves
out is any. Of the rules that fit, one that says *never* beats all others; else the most specific
one decides: a seat's before a queue's, that before a number's, a direction's, a tenant's, and last
one for all. A percentage is drawn from the call's id, so anybody can draw it again.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Which way a call goes."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INSIDE = "inside"  # from one telephone of ours to another


@dataclass(frozen=True, kw_only=True)
class RecordingRule:
    """``percentage`` of the calls are recorded. ``keep_days`` ``None``: as the settings say.

    ``announce``: whoever is outside is told before. ``pause_on_hold``: music is not recorded.
    """

    name: str
    tenant: str = ""
    number: str = ""
    queue: str = ""
    seat: str = ""
    direction: Direction | None = None
    percentage: float = 100.0
    never: bool = False
    announce: bool = False
    keep_days: int | None = None
    pause_on_hold: bool = False

    @property
    def scope(self) -> tuple[str, str, str, str, str]:
        """What it is for, the most telling first; two rules never have the same."""
        return (self.seat, self.queue, self.number, self.direction or "", self.tenant)

    @property
    def weight(self) -> tuple[bool, ...]:
        """How specific it is; greater beats smaller."""
        return tuple(bool(part) for part in self.scope)

    def __str__(self) -> str:
        names = ("seat", "queue", "number", "direction", "tenant")
        given = [f"{name} {value}" for name, value in zip(names, self.scope, strict=True) if value]
        return ", ".join(given) or "everything"


@dataclass(frozen=True, kw_only=True)
class TalkFacts:
    """What is known of a talk before it begins. ``number``: of ours, dialled or shown."""

    call: str
    tenant: str
    direction: Direction
    number: str = ""
    queue: str = ""
    seat: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordingDecision:
    """``rule`` is ``""`` when none fitted; ``why`` is for people."""

    wanted: bool
    why: str
    rule: str = ""
    never: bool = False
    announce: bool = False
    keep_days: int | None = None
    pause_on_hold: bool = False


def decide_recording(
    rules: Iterable[RecordingRule], facts: TalkFacts, *, usual: bool = True
) -> RecordingDecision:
    """Whether the talk is recorded; ``usual``: what the queue or line says where no rule fits."""
    fitting = [rule for rule in rules if fits(rule, facts)]
    if not fitting:
        what = "as the queue or line is set up" if not usual else "as usual"
        return RecordingDecision(wanted=usual, why=f"no rule for it, {what}")
    rule = max(fitting, key=lambda one: (one.never, one.weight, one.name))
    about = f"rule {rule.name} ({rule})"
    if rule.never:
        return RecordingDecision(
            wanted=False, why=f"{about} says never", rule=rule.name, never=True
        )
    drawn = draw(facts.call)
    wanted = rule.percentage >= 100 or drawn < rule.percentage
    share = "" if rule.percentage >= 100 else f": {rule.percentage:g} %, drawn {drawn:.2f}"
    return RecordingDecision(
        wanted=wanted,
        why=f"{about}{share}",
        rule=rule.name,
        announce=rule.announce,
        keep_days=rule.keep_days,
        pause_on_hold=rule.pause_on_hold,
    )


def fits(rule: RecordingRule, facts: TalkFacts) -> bool:
    """Whether the rule is about this talk."""
    return (
        rule.tenant in ("", facts.tenant)
        and rule.number in ("", facts.number)
        and rule.queue in ("", facts.queue)
        and rule.seat in ("", facts.seat)
        and rule.direction in (None, facts.direction)
    )


def draw(call: str) -> float:
    """From 0 up to 100, the same for a call whenever it is drawn: SHA-256 of its id."""
    return int.from_bytes(hashlib.sha256(call.encode()).digest()[:6]) / (1 << 48) * 100
