"""Walks a flow in a terminal: prints what the caller would hear, asks for keys.

The real walker on the fake PBX; only the caller's fingers and the host are ours. Somebody types
(or a script does) what a telephone's keys and the other rooms would have answered.
"""

import asyncio
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from callcenter.ivr.host import (
    Answer,
    Comment,
    DialOutcome,
    MemberCheck,
    MemberOutcome,
    QueueOutcome,
    QueueVisit,
    Target,
    VoicemailOutcome,
    VoicemailVisit,
    WebAnswer,
    WebRequest,
)
from callcenter.ivr.model import Flow
from callcenter.ivr.request import picked
from callcenter.ivr.speech import CATALOGUE, PIECES
from callcenter.ivr.walker import WalkEnd, Walker
from callcenter.kernel.clock import LoopClock
from callcenter.pbx.fake import FakeCaller, FakePbx
from callcenter.pbx.fake.channel import PROMPT_SECONDS, FakeChannel
from callcenter.pbx.port import Digits, Hangup, Prompt

T = TypeVar("T", bound=StrEnum)
_KEYS = "0123456789*#"


class Typist(Protocol):
    """Who presses keys."""

    async def line(self, question: str, wait: float | None) -> str | None:
        """What is typed within ``wait`` seconds (None: however long); "" nothing, None hang up."""


class Script:
    """Keys given beforehand, one entry for each question; after the last the caller hangs up."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._left = list(entries)

    async def line(self, question: str, wait: float | None) -> str | None:
        """The next entry."""
        del question, wait
        return self._left.pop(0) if self._left else None


async def try_flow(
    flow: Flow,
    typist: Typist,
    show: Callable[[str], None],
    *,
    language: str = "en",
    facts: Mapping[str, str] | None = None,
    hours: str = "open",
    find: Callable[[str], Flow | None] = lambda _: None,
    real_time: bool = False,
) -> WalkEnd | None:
    """Walk until the flow ends, breaks, or the caller hangs up (None)."""
    pbx = FakePbx(LoopClock())
    facts = {
        "caller": "+8613800000001",
        "dialled": "4008001234",
        "source": "trunk",
        **(facts or {}),
    }
    caller = pbx.place_call(facts["caller"], facts["dialled"])
    channel = _TypedChannel(pbx, caller, typist, show, real_time=real_time)
    host = _TypedHost(typist, show, caller, facts=facts, hours=hours, find=find)
    try:
        end = await Walker(flow, channel, host, language).walk()
    except Hangup:
        show("The caller hangs up.")
        return None
    show("The call ends." if end is WalkEnd.DONE else "The call goes to the number's fallback.")
    return end


class _TypedChannel(FakeChannel):
    """Keys come from the typist, and what is heard is shown."""

    def __init__(
        self,
        pbx: FakePbx,
        caller: FakeCaller,
        typist: Typist,
        show: Callable[[str], None],
        *,
        real_time: bool,
    ) -> None:
        super().__init__(pbx, caller, caller.arrival)
        self._typist = typist
        self._show = show
        self._real_time = real_time
        self._texts = _texts()

    async def play(self, prompts: Sequence[Prompt], *, stop_on: str = "") -> str:
        """Show the text; a key typed before or meanwhile ends it."""
        for prompt in prompts:
            self._show(f'  "{self._texts.get(prompt, prompt)}"')
            if self._real_time and not self._caller.keys:
                if stop_on:
                    await self._type("", PROMPT_SECONDS)
                else:
                    await self._here(PROMPT_SECONDS)
            await self._here()
            if stop_on and self._caller.keys:
                return self._caller.keys.popleft()
        return ""

    async def read_digits(
        self,
        prompts: Sequence[Prompt],
        *,
        most: int,
        first: timedelta,
        between: timedelta,
        end: str = "#",
    ) -> Digits:
        """Ask for one line of keys; what is more than wanted is left for the next question."""
        keys = await self.play(prompts, stop_on=_KEYS)
        if not keys and not self._caller.keys:
            what = "key" if most == 1 else f"up to {most} keys"
            await self._type(f"{what}, Enter for none", first.total_seconds())
        while len(keys) < most:
            if not self._caller.keys and (not keys or not self._real_time):
                break
            if not self._caller.keys:
                await self._type("", between.total_seconds())
                if not self._caller.keys:
                    break
            key = self._caller.keys.popleft()
            if key in end:
                return Digits(keys=keys)
            keys += key
        return Digits(keys=keys, timed_out=len(keys) < most)

    async def music(self, music_class: str) -> None:
        """Say so."""
        self._show(f"  (music: {music_class})")
        await super().music(music_class)

    async def _type(self, question: str, seconds: float) -> None:
        line = await self._typist.line(question, seconds if self._real_time else None)
        if line is None:
            self._caller.hangs_up()
            await self._here()
            return
        self._caller.presses("".join(key for key in line if key in _KEYS))


class _TypedHost:
    """Asks the typist what the other rooms would have answered."""

    def __init__(
        self,
        typist: Typist,
        show: Callable[[str], None],
        caller: FakeCaller,
        *,
        facts: Mapping[str, str],
        hours: str,
        find: Callable[[str], Flow | None],
    ) -> None:
        self._typist, self._show, self._caller = typist, show, caller
        self._facts, self._hours, self._find = facts, hours, find

    def facts(self) -> Mapping[str, str]:
        """As given."""
        return self._facts

    def hours(self, calendar: str) -> str:
        """As given."""
        del calendar
        return self._hours

    def flow(self, name: str) -> Flow | None:
        """As found."""
        return self._find(name)

    def entered(self, flow: Flow, node: str, values: Mapping[str, str]) -> None:
        """Show where the caller is."""
        known = ", ".join(f"{k}={v}" for k, v in values.items() if not k.startswith("_"))
        self._show(f"[{flow.name}/{node}] {flow.nodes[node].kind}{f'  {known}' if known else ''}")

    def chose(self, node: str, keys: str, outcome: str) -> None:
        """Show what came of the keys."""
        del node
        self._show(f"  {keys or 'nothing'}: {outcome}")

    def surveyed(self, about: Answer, keys: str) -> None:
        """Show the answer."""
        self._show(f"  answer to {about.question}: {keys or 'none'}")

    def answered(self, node: str) -> Mapping[str, str]:
        """None before."""
        del node
        return {}

    async def comment(self, comment: Comment) -> bool:
        """Ask how it went."""
        what = f"speaks an answer to {comment.about.question}"
        return await self._ask(what, VoicemailOutcome) is VoicemailOutcome.KEPT

    def broke(self, flow: Flow, node: str, why: str) -> None:
        """Show what broke."""
        self._show(f"  BROKEN at {flow.name}/{node}: {why}")

    async def queue(self, visit: QueueVisit) -> QueueOutcome:
        """Ask how it went."""
        skills = ", ".join(f"{name} {level}" for name, level in visit.skills.items())
        more = f", priority {visit.priority}{f', skills {skills}' if skills else ''}"
        return await self._ask(f"waits in queue {visit.queue}{more}", QueueOutcome)

    async def dial(self, target: Target) -> DialOutcome:
        """Ask how it went."""
        return await self._ask(f"{target.kind} {target.name} rings", DialOutcome)

    async def voicemail(self, visit: VoicemailVisit) -> VoicemailOutcome:
        """Ask how it went."""
        return await self._ask(f"speaks a message for {visit.box}", VoicemailOutcome)

    async def member(self, number: str, pin: str) -> MemberCheck:
        """Ask how it went; any PIN will do."""
        del pin
        outcome = await self._ask(f"member {number} is checked", MemberOutcome)
        return MemberCheck(outcome=outcome, values={"member": number})

    async def change_pin(self, number: str, old: str, new: str) -> bool:
        """Any other PIN will do."""
        self._show(f"  member {number} has a new PIN")
        return new != old

    async def last_agent(self) -> str:
        """Ask for a seat."""
        return await self._line("seat that spoke with the caller last, Enter for none")

    async def request(self, request: WebRequest) -> WebAnswer:
        """Ask for the answer; nothing is sent."""
        line = await self._line(f"JSON answer of {request.method} {request.url}, Enter for none")
        try:
            return picked(json.loads(line), request.into)
        except ValueError:
            return WebAnswer(ok=False, why="no answer")

    async def _ask(self, what: str, outcomes: type[T]) -> T:
        words = list(outcomes)
        line = await self._line(f"{what}: {', '.join(words)} (Enter: {words[0]})")
        chosen = next((word for word in words if line and word.startswith(line)), words[0])
        self._show(f"  {what}: {chosen}")
        return chosen

    async def _line(self, question: str) -> str:
        line = await self._typist.line(question, None)
        if line is None:
            self._caller.hangs_up()
            raise Hangup(await asyncio.shield(self._caller.gone))
        return line.strip()


def _texts() -> dict[str, str]:
    """What prompts say, by ``language/name``."""
    catalogue = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    found = {
        f"{language}/{name}": text
        for name, texts in catalogue.items()
        for language, text in texts.items()
    }
    for language, pieces in tomllib.loads(PIECES.read_text(encoding="utf-8")).items():
        found |= {f"{language}/{name}": text for name, text in pieces.items()}
    return found
