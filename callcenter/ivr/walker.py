"""Walks one caller through one flow. Speaks to the caller's channel; queues are the host's."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from callcenter.ivr.model import Flow, HangUpNode, MenuNode, PlayNode, QueueNode
from callcenter.pbx.port import Channel, Prompt

_KEYS = "0123456789*#"
_MOST_STEPS = 1000  # a flow that walks in circles without a caller's key ends politely


class LoopsForEver(Exception):
    """The flow went round and round; its author is told, the caller hears an apology."""


class Host(Protocol):
    """Who does for the walker what is not a menu's business, and notes what happens."""

    def entered(self, flow: Flow, node: str) -> None:
        """The caller reached a node."""

    def chose(self, node: str, keys: str, outcome: str) -> None:
        """The caller pressed a key at a menu, or did not."""

    async def queue(self, name: str) -> None:
        """Have the caller served by a queue; returns when the seat hung up first."""


class Walker:
    """One caller in one flow, speaking one language."""

    def __init__(self, flow: Flow, channel: Channel, host: Host, language: str) -> None:
        self._flow = flow
        self._channel = channel
        self._host = host
        self._language = language
        self._ahead = ""  # a key pressed before the menu that it is for

    async def walk(self, node: str = "") -> None:
        """Go from ``node`` (default: the start) to the end of the flow."""
        name = node if node in self._flow.nodes else self._flow.start
        for _ in range(_MOST_STEPS):
            self._host.entered(self._flow, name)
            following = await self._step(name)
            if following is None:
                return
            name = following
        raise LoopsForEver(f"flow {self._flow.name} did not end within {_MOST_STEPS} steps")

    async def _step(self, name: str) -> str | None:
        node = self._flow.nodes[name]
        match node:
            case PlayNode():
                await self._play(node)
                return node.next
            case MenuNode():
                return await self._menu(name, node)
            case QueueNode():
                await self._channel.play(self._spoken(node.prompts))
                await self._host.queue(node.queue)
                return node.next
            case HangUpNode():
                await self._channel.play(self._spoken(node.prompts))
                return None

    async def _menu(self, name: str, node: MenuNode) -> str:
        wait = timedelta(seconds=node.wait)
        before: Sequence[str] = ()
        for _ in range(node.attempts):
            key = await self._key([*before, *node.prompts], wait)
            if target := node.choices.get(key):
                self._host.chose(name, key, "chosen")
                return target
            self._host.chose(name, key, "invalid" if key else "timeout")
            before = node.invalid if key else node.timeout
        if before:
            await self._channel.play(self._spoken(before))
        return node.otherwise

    async def _play(self, node: PlayNode) -> None:
        if not self._ahead:
            stop_on = _KEYS if node.barge_in else ""
            self._ahead = await self._channel.play(self._spoken(node.prompts), stop_on=stop_on)

    async def _key(self, prompts: Sequence[str], wait: timedelta) -> str:
        if self._ahead:
            key, self._ahead = self._ahead, ""
            return key
        digits = await self._channel.read_digits(
            self._spoken(prompts), most=1, first=wait, between=wait, end=""
        )
        return digits.keys

    def _spoken(self, prompts: Sequence[str]) -> list[Prompt]:
        return [Prompt(f"{self._language}/{prompt}") for prompt in prompts]
