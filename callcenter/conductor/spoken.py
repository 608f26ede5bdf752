"""What a queue says: to waiting callers where they stand (Q3), to agents whose call it is (Q10).

Pure: prompts by name, put together for the queue's visit to play. Pieces in braces stand for what
is known of the call; those that need a recording of the tenant's are left out until there is one:
``{queue}`` is the tenant's prompt ``queue/<name>``, ``{tenant}`` its ``tenant-name``, ``{region}``
its ``region/<country>-<province>`` (small letters) or ``region/<country>``. ``{waited}`` is how
long the caller has waited, ``{caller}`` their number, both read out.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import structlog

from callcenter.acd import AnnouncementDue, QueuePlan
from callcenter.ivr.prompts import PromptBook
from callcenter.ivr.say import CannotSay, Sayable, SayKind, prompts_for
from callcenter.pbx.port import Prompt
from callcenter.routing.model import Region

_log = structlog.get_logger(__name__)


def announcement(plan: QueuePlan, due: AnnouncementDue, turn: int, language: str) -> list[Prompt]:
    """Position, expected wait, and a comfort message; ``turn`` counts from 0."""
    spoken: list[Prompt] = []
    for tongue in plan.announce_in or (language,):
        if plan.say_position:
            spoken += _read(SayKind.POSITION, due.position, tongue)
        if plan.say_wait and due.estimate is not None:
            told = due.estimate
            spoken += _read(SayKind.WAIT, f"{int(told.low)}-{ceil(told.high)}", tongue)
        if plan.comfort:
            spoken.append(Prompt(f"{tongue}/{plan.comfort[turn % len(plan.comfort)]}"))
    return spoken


def callback_question(number: str, language: str) -> list[Prompt]:
    """Whether to call back at this number."""
    digits = _read(SayKind.DIGITS, number, language)
    asked, confirm = Prompt(f"{language}/callback-number"), Prompt(f"{language}/callback-confirm")
    return [asked, *digits, confirm]


@dataclass(frozen=True, kw_only=True)
class About:
    """What an agent may be told of a call; ``waited`` in seconds."""

    tenant: str
    queue: str
    caller: str
    waited: float
    region: Region | None


def whisper(plan: QueuePlan, about: About, language: str, book: PromptBook) -> tuple[Prompt, ...]:
    """What the agent hears before being joined."""

    def own(*names: str) -> list[Prompt]:
        prompts = [Prompt(f"{language}/{name}") for name in names if name]
        return [prompt for prompt in prompts if book.find(about.tenant, prompt) != prompt][:1]

    pieces: dict[str, Callable[[], list[Prompt]]] = {
        "{queue}": lambda: own(f"queue/{_plain(about.queue)}"),
        "{tenant}": lambda: own("tenant-name"),
        "{region}": lambda: own(*_region(about.region)),
        "{waited}": lambda: _read(SayKind.MINUTES, round(about.waited / 60), language),
        "{caller}": lambda: _read(SayKind.DIGITS, about.caller, language),
    }
    spoken: list[Prompt] = []
    for word in plan.whisper:
        made = pieces.get(word)
        spoken += made() if made else [Prompt(f"{language}/{word}")]
    return tuple(spoken)


def _read(kind: SayKind, value: Sayable, language: str) -> list[Prompt]:
    try:
        return [Prompt(f"{language}/{piece}") for piece in prompts_for(kind, value, language)]
    except CannotSay as error:
        _log.info("left unsaid", kind=kind.value, why=str(error))
        return []


def _region(region: Region | None) -> tuple[str, ...]:
    if region is None:
        return ()
    country = _plain(region.country)
    province = f"region/{country}-{_plain(region.province)}" if region.province else ""
    return (province, f"region/{country}")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "-", name.casefold()).strip("-")[:40]
