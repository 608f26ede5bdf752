"""Any flow, any keys at any moment: the walk ends or the caller does; nothing else comes out."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

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
from callcenter.ivr.walker import Back, WalkEnd, Walker
from callcenter.kernel.clock import LoopClock
from callcenter.kernel.errors import NotFound
from callcenter.kernel.turned import TurnedLoop
from callcenter.pbx.fake import FakePbx
from callcenter.pbx.fake.channel import FakeChannel
from callcenter.pbx.port import Hangup

NAMES = ["a", "b", "c", "d", "e"]
TARGET = st.sampled_from(NAMES)
MAYBE = st.none() | TARGET
PROMPTS = st.lists(st.sampled_from(["welcome", "menu-main"]), min_size=1, max_size=2)
KEY = st.sampled_from("0123456789*#")


def _kind(kind: str, **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": st.just(kind), **fields}).map(
        lambda node: {name: value for name, value in node.items() if value is not None}
    )


def _asking(kind: str, **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return _kind(
        kind,
        prompts=PROMPTS,
        attempts=st.integers(1, 3),
        wait=st.sampled_from([0.5, 3, 60]),
        otherwise=TARGET,
        **fields,
    )


_DIAL = {
    "next": TARGET,
    "otherwise": TARGET,
    "busy": MAYBE,
    "no_answer": MAYBE,
    "unreachable": MAYBE,
}
QUESTIONS = st.just(
    [
        {"name": "q", "prompts": ["welcome"]},
        {"name": "n", "prompts": ["welcome"], "least": 3, "most": 12, "invalid": ["menu-main"]},
        {"name": "c", "prompts": ["welcome"], "comment": True},
    ]
)
NODES = st.one_of(
    _kind("play", prompts=PROMPTS, barge_in=st.booleans(), next=TARGET),
    _asking("menu", choices=st.dictionaries(KEY, TARGET, min_size=1), on_invalid=MAYBE),
    _asking("menu", operator=TARGET, repeat=st.just("#"), back=st.just("*"), on_timeout=MAYBE),
    _asking("digits", into=st.just("x"), most=st.integers(1, 4), end=st.just("#"), next=TARGET),
    _kind("say", what=st.just("number"), value=st.sampled_from(["{x}", "7"]), next=TARGET),
    _kind(
        "branch",
        on=st.sampled_from(["hours", "region", "member", "source", "caller", "language"]),
        cases=st.dictionaries(st.sampled_from(["open", "yes", "zh", "+86*"]), TARGET, min_size=1),
        otherwise=TARGET,
    ),
    _kind("queue", queue=st.just("q"), next=TARGET, full=MAYBE, too_long=MAYBE),
    _kind("seat", seat=st.just("1"), **_DIAL),
    _kind("extension", extension=st.sampled_from(["{x}", "7001"]), **_DIAL),
    _kind("last-agent", **_DIAL),
    _kind("voicemail", box=st.just("b"), next=TARGET, empty=MAYBE),
    _kind(
        "request",
        url=st.just("https://example.org/{x}"),
        into=st.just({"y": "a"}),
        next=TARGET,
        otherwise=TARGET,
    ),
    _kind("survey", questions=QUESTIONS, next=TARGET),
    _kind("language", language=st.sampled_from(["en", "zh", "ja"]), next=TARGET),
    _kind("priority", priority=st.integers(-100, 100), next=TARGET),
    _kind("skill", skills=st.just({"english": 3}), next=TARGET),
    _kind("member", attempts=st.integers(1, 3), next=TARGET, locked=MAYBE, otherwise=TARGET),
    _kind("jump", flow=st.sampled_from(["any", "nowhere"])),
    _kind("hangup"),
)
FLOWS = st.lists(NODES, min_size=5, max_size=5).map(
    lambda nodes: Flow.model_validate(
        {"name": "any", "start": "a", "nodes": dict(zip(NAMES, nodes, strict=True))}
    )
)


@dataclass
class AnyHost:
    """Answers as drawn; a fault is raised where the draw says so."""

    flow_: Flow
    draws: list[int]
    notes: list[str] = field(default_factory=list)

    def _draw(self, most: int) -> int:
        """A number below ``most``; now and then a fault instead."""
        drawn = self.draws.pop(0) if self.draws else 0
        if drawn % 13 == 12:
            raise NotFound("There is no such thing.")
        if drawn % 17 == 16:
            raise RuntimeError("a fault of ours")
        return drawn % most

    def _of(self, outcomes: type[Any]) -> Any:
        every = list(outcomes)
        return every[self._draw(len(every))]

    def facts(self) -> Mapping[str, str]:
        return {"caller": "+8613800000001", "source": "trunk"}

    def hours(self, calendar: str) -> str:
        return ("open", "closed")[self._draw(2)]

    def flow(self, name: str) -> Flow | None:
        return self.flow_ if name == "any" else None

    def entered(self, flow: Flow, node: str, values: Mapping[str, str]) -> None:
        Walker(flow, None, self, "en", values)  # type: ignore[arg-type]  # they can be read back

    def chose(self, node: str, keys: str, outcome: str) -> None: ...

    def surveyed(self, about: Answer, keys: str) -> None: ...

    def answered(self, node: str) -> Mapping[str, str]:
        return {}

    async def comment(self, comment: Comment) -> bool:
        return bool(self._draw(2))

    def broke(self, flow: Flow, node: str, why: str) -> None:
        self.notes.append(why)

    async def queue(self, visit: QueueVisit) -> QueueOutcome:
        await asyncio.sleep(self._draw(60))
        return self._of(QueueOutcome)  # type: ignore[no-any-return]

    async def dial(self, target: Target) -> DialOutcome:
        await asyncio.sleep(self._draw(60))
        return self._of(DialOutcome)  # type: ignore[no-any-return]

    async def voicemail(self, visit: VoicemailVisit) -> VoicemailOutcome:
        return self._of(VoicemailOutcome)  # type: ignore[no-any-return]

    async def request(self, request: WebRequest) -> WebAnswer:
        await asyncio.sleep(self._draw(20))
        return WebAnswer(ok=bool(self._draw(2)), values={"y": "1"})

    async def member(self, number: str, pin: str) -> MemberCheck:
        return MemberCheck(outcome=self._of(MemberOutcome), values={"level": "gold"}, priority=3)

    async def last_agent(self) -> str:
        return ("", "1001")[self._draw(2)]


@dataclass(frozen=True)
class Fingers:
    """What the caller does: keys after pauses, and perhaps a hang-up."""

    presses: list[tuple[float, str]]
    hangs_up: bool


FINGERS = st.builds(
    Fingers,
    st.lists(
        st.tuples(st.floats(0, 40, allow_nan=False), st.text("0123456789*#ABCD", max_size=5)),
        max_size=8,
    ),
    st.booleans(),
)


async def _walk(flow: Flow, fingers: Fingers, draws: list[int], back: Back) -> None:
    pbx = FakePbx(LoopClock())
    caller = pbx.place_call("+8613800000001", "4008001234")
    channel = FakeChannel(pbx, caller, caller.arrival)

    async def press() -> None:
        for pause, keys in fingers.presses:
            await asyncio.sleep(pause)
            caller.presses(keys)
        if fingers.hangs_up:
            caller.hangs_up()

    pressing = asyncio.create_task(press())
    host = AnyHost(flow, draws)
    try:
        async with asyncio.timeout(7 * 86400):
            end = await Walker(flow, channel, host, "en").walk("b", back)
    except Hangup:
        assert not caller.is_up
        return
    finally:
        pressing.cancel()
    if end is WalkEnd.BROKEN:
        assert host.notes
        assert caller.heard[-1] == "apology"
    else:
        assert not host.notes
    await asyncio.sleep(1)  # what was called off ends now
    left = asyncio.all_tasks() - {asyncio.current_task(), pressing}
    assert not left


@settings(max_examples=100, deadline=None)
@given(FLOWS, FINGERS, st.lists(st.integers(0, 1000), max_size=40), st.sampled_from(list(Back)))
def test_any_walk_ends(flow: Flow, fingers: Fingers, draws: list[int], back: Back) -> None:
    with asyncio.Runner(loop_factory=TurnedLoop) as runner:
        runner.run(_walk(flow, fingers, draws, back))
