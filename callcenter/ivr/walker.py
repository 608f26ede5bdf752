"""Walks one caller through one flow: straight-line code, one method per kind of node.

Speaks to the caller's channel through :class:`Ears`; what needs another room is the host's.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from urllib.parse import quote

from callcenter.ivr import nodes as n
from callcenter.ivr.branching import branch
from callcenter.ivr.ears import Ears
from callcenter.ivr.host import (
    DialOutcome,
    Host,
    QueueOutcome,
    QueueVisit,
    SentOn,
    Target,
    TargetKind,
    VoicemailOutcome,
    VoicemailVisit,
    WebAnswer,
    WebRequest,
)
from callcenter.ivr.membership import Membership
from callcenter.ivr.mind import Mind
from callcenter.ivr.model import Flow
from callcenter.ivr.say import CannotSay, prompts_for
from callcenter.ivr.surveying import Surveying
from callcenter.kernel.errors import CallCenterError
from callcenter.pbx.port import Channel, Hangup, NodeLost

_IDLE_STEPS = 100  # steps beyond one per node without a key or a talk: it goes in circles
_MOST_STEPS = 2000  # of one walk, whatever the caller presses and whoever answers at once
_EXTENSION = re.compile(r"[0-9]{1,16}")


class FlowBroken(CallCenterError):
    """The flow cannot go on; its author is told, the caller hears an apology."""

    code = "flow_broken"


class WalkEnd(StrEnum):
    """How a walk ended."""

    DONE = "done"
    BROKEN = "broken"  # the caller has heard an apology and is to go to the number's fallback


class Back(StrEnum):
    """What a caller who came back to us was doing at the node."""

    NO = "no"  # nothing that must not be done twice
    WAITING = "waiting"  # in the node's queue: no word of it is said twice
    SERVED = "served"  # has talked there


class Walker:
    """One caller in one flow. ``values`` is what :meth:`Host.entered` was given last."""

    def __init__(
        self,
        flow: Flow,
        channel: Channel,
        host: Host,
        language: str,
        values: Mapping[str, str] | None = None,
    ) -> None:
        self._flow = flow
        self._host = host
        self._ears = Ears(channel, flow.language or language)
        self._mind = Mind(values or {})
        self._ears.language = self._mind.language or self._ears.language
        self._cards = Membership(self._ears, host, self._mind, self._chose)
        self._surveys = Surveying(self._ears, host, self._mind, self._chose)
        self._menus: list[str] = []  # the way here, for the key that goes back
        self._idle = 0
        self._steps = 0
        self._at = flow.start

    async def walk(self, node: str = "", back: Back = Back.NO) -> WalkEnd:
        """Go from ``node`` (default: the start) to the end of the flow.

        Raises only :class:`Hangup`, :class:`NodeLost` and :class:`SentOn`.
        """
        self._at = node if node in self._flow.nodes else self._flow.start
        try:
            following = await self._come_back(back)
            while following is not None:
                self._at = following
                following = await self._enter()
        except (Hangup, NodeLost, SentOn):
            raise
        except Exception as error:
            await self._break(error)
            return WalkEnd.BROKEN
        return WalkEnd.DONE

    async def _come_back(self, back: Back) -> str | None:
        node = self._flow.nodes[self._at]
        if back is Back.WAITING and isinstance(node, n.QueueNode):
            return await self._join(node)
        if back is not Back.NO and isinstance(node, n.QueueNode | n.DialNode):
            return node.next
        return self._at

    async def _enter(self) -> str | None:
        self._idle += 1
        self._steps += 1
        most = len(self._flow.nodes) + _IDLE_STEPS
        if self._idle > most or self._steps > most + _MOST_STEPS:
            raise FlowBroken(f"Flow {self._flow.name} goes in circles at node {self._at!r}.")
        self._mind.language = self._ears.language
        self._host.entered(self._flow, self._at, self._mind.kept())
        return await self._step(self._flow.nodes[self._at])

    async def _break(self, error: Exception) -> None:
        self._host.broke(self._flow, self._at, f"{type(error).__name__}: {error}")
        try:
            await self._ears.play(["apology"])
        except (Hangup, NodeLost):
            raise
        except Exception as worse:  # not even that can be played
            self._host.broke(self._flow, self._at, f"{type(worse).__name__}: {worse}")

    async def _step(self, node: n.Node) -> str | None:  # noqa: PLR0911, PLR0912 - a row a kind
        match node:
            case n.PlayNode():
                await self._ears.play(node.prompts, barge_in=node.barge_in)
                return node.next
            case n.MenuNode():
                return await self._menu(node)
            case n.DigitsNode():
                return await self._digits(node)
            case n.SayNode():
                return await self._say(node)
            case n.BranchNode():
                self._mind.language = self._ears.language
                return branch(node, self._host, self._mind)
            case n.QueueNode():
                await self._ears.play(node.prompts)
                return await self._join(node)
            case n.LastAgentNode():
                return await self._last_agent(node)
            case n.SeatNode() | n.ExtensionNode() | n.OutsideNode() | n.LinesNode():
                await self._ears.play(node.prompts)
                return await self._dial(node, self._target(node))
            case n.VoicemailNode():
                return await self._voicemail(node)
            case n.RequestNode():
                return await self._request(node)
            case n.SurveyNode():
                return await self._surveys.ask(node, self._at, node.survey or self._flow.name)
            case n.MemberNode():
                return await self._cards.check(node)
            case n.MemberPinNode():
                return await self._cards.change_pin(node)
            case n.JumpNode():
                return self._jump(node)
            case n.HangUpNode():
                await self._ears.play(node.prompts)
                return None
            case n.LanguageNode() | n.PriorityNode() | n.SkillNode():
                return self._set(node)

    # -- asking -------------------------------------------------------------------------------

    async def _menu(self, node: n.MenuNode) -> str:
        self._came_to_menu()
        before: list[str] = []
        key, attempt = "", 0
        while attempt < node.attempts:
            spoken = [*before, *node.prompts]
            key = await self._ears.key(spoken, node.wait, barge_in=node.barge_in)
            if target := self._menu_target(node, key):
                self._chose(key, "chosen")
                return target
            if key and key in (node.repeat, node.back):
                self._chose(key, "repeat")
                before = []
                continue
            self._chose(key, "invalid" if key else "timeout")
            before = node.invalid if key else node.timeout
            attempt += 1
        await self._ears.play(before)
        return (node.on_invalid if key else node.on_timeout) or node.otherwise

    def _menu_target(self, node: n.MenuNode, key: str) -> str:
        if key and key == node.back and len(self._menus) > 1:
            self._menus.pop()
            return self._menus[-1]
        return node.target(key)

    def _came_to_menu(self) -> None:
        if self._at in self._menus:
            del self._menus[self._menus.index(self._at) :]
        self._menus.append(self._at)

    async def _digits(self, node: n.DigitsNode) -> str:
        before: list[str] = []
        for _ in range(node.attempts):
            keys = await self._ears.digits(
                [*before, *node.prompts],
                most=node.most,
                first=node.wait,
                between=node.between,
                end=node.end,
            )
            good = len(keys) >= node.least and keys.isdecimal()
            shown = "*" * len(keys) if node.secret else keys
            self._chose(shown, "chosen" if good else "invalid" if keys else "timeout")
            if good:
                self._mind.learn(node.into, keys, secret=node.secret)
                return node.next
            before = node.invalid if keys else node.timeout
        await self._ears.play(before)
        return node.otherwise

    async def _last_agent(self, node: n.LastAgentNode) -> str:
        seat = await self._host.last_agent()
        if not seat:
            return node.otherwise
        key = await self._ears.key(node.prompts, node.wait)
        self._chose(key, "chosen" if key == node.yes else "declined")
        if key != node.yes:
            return node.otherwise
        return await self._dial(node, self._to(node, TargetKind.SEAT, seat))

    # -- somebody else ------------------------------------------------------------------------

    async def _join(self, node: n.QueueNode) -> str:
        outcome = await self._host.queue(
            QueueVisit(
                queue=(self._mind.queue if node.own else "") or node.queue,
                priority=self._mind.priority,
                skills=dict(self._mind.skills),
                language=self._ears.language,
            )
        )
        if outcome is QueueOutcome.SERVED:
            self._idle = 0
            return node.next
        by_outcome = {
            QueueOutcome.FULL: node.full,
            QueueOutcome.NO_SEAT: node.no_seat,
            QueueOutcome.TOO_LONG: node.too_long,
            QueueOutcome.KEY: node.key,
        }
        return by_outcome[outcome] or node.otherwise or node.next

    async def _dial(self, node: n.DialNode, target: Target | None) -> str:
        outcome = await self._host.dial(target) if target else DialOutcome.UNREACHABLE
        if outcome is DialOutcome.TALKED:
            self._idle = 0
            return node.next
        by_outcome = {
            DialOutcome.BUSY: node.busy,
            DialOutcome.NO_ANSWER: node.no_answer,
            DialOutcome.UNREACHABLE: node.unreachable,
        }
        return by_outcome[outcome] or node.otherwise

    def _target(
        self, node: n.SeatNode | n.ExtensionNode | n.OutsideNode | n.LinesNode
    ) -> Target | None:
        match node:
            case n.SeatNode():
                return self._to(node, TargetKind.SEAT, node.seat)
            case n.OutsideNode():
                return self._to(node, TargetKind.OUTSIDE, node.number)
            case n.LinesNode():
                return self._to(node, TargetKind.LINES, node.lines)
            case n.ExtensionNode():
                # What a caller typed or a web service said reaches a dial string only as digits.
                name = self._filled(node.extension)
                wanted = _EXTENSION.fullmatch(name)
                return self._to(node, TargetKind.EXTENSION, name) if wanted else None

    def _to(self, node: n.DialNode, kind: TargetKind, name: str) -> Target:
        ring = timedelta(seconds=node.ring) if node.ring else None
        return Target(kind=kind, name=name, ring=ring)

    async def _voicemail(self, node: n.VoicemailNode) -> str:
        await self._ears.play(node.prompts)
        outcome = await self._host.voicemail(
            VoicemailVisit(
                box=node.box,
                longest=timedelta(seconds=node.longest),
                greeted=bool(node.prompts),
                language=self._ears.language,
            )
        )
        if outcome is VoicemailOutcome.EMPTY:
            return node.empty or node.next
        self._idle = 0
        return node.next

    async def _request(self, node: n.RequestNode) -> str:
        request = WebRequest(
            url=self._filled(node.url, lambda text: quote(text, safe="")),
            method=node.method,
            send={name: self._filled(text) for name, text in node.send.items()},
            into=node.into,
            wait=timedelta(seconds=node.wait),
        )
        try:
            answer = await self._ears.meanwhile(
                self._host.request(request), node.prompts, node.music, node.wait + 1
            )
        except TimeoutError:
            answer = WebAnswer(ok=False, why=f"no answer within {node.wait:g} s")
        self._host.chose(self._at, "", "ok" if answer.ok else answer.why)
        if not answer.ok:
            return node.otherwise
        self._mind.values |= answer.values
        return node.next

    # -- out of memory ------------------------------------------------------------------------

    async def _say(self, node: n.SayNode) -> str:
        try:
            pieces = prompts_for(node.what, self._filled(node.value), self._ears.language)
        except CannotSay as error:
            self._host.chose(self._at, "", str(error))
            return node.otherwise or node.next
        await self._ears.play([*node.before, *pieces, *node.after], barge_in=True)
        return node.next

    def _set(self, node: n.LanguageNode | n.PriorityNode | n.SkillNode) -> str:
        match node:
            case n.LanguageNode():
                self._ears.language = node.language
            case n.PriorityNode():
                self._mind.priority = node.priority
            case n.SkillNode():
                self._mind.skills |= node.skills
        return node.next

    def _jump(self, node: n.JumpNode) -> str:
        flow = self._host.flow(node.flow)
        if flow is None:
            raise FlowBroken(f"There is no published flow {node.flow!r} to jump to.")
        if node.node and node.node not in flow.nodes:
            raise FlowBroken(f"Flow {node.flow!r} has no node {node.node!r} to jump to.")
        self._flow, self._menus = flow, []
        self._ears.language = flow.language or self._ears.language
        return node.node or flow.start

    # -- what is kept -------------------------------------------------------------------------

    def _chose(self, keys: str, outcome: str) -> None:
        if keys:
            self._idle = 0
        self._host.chose(self._at, keys, outcome)

    def _filled(self, text: str, coded: Callable[[str], str] = str) -> str:
        return self._mind.filled(text, self._host.facts(), coded)
