"""What a node of any PBX has: calls and events that wait for a reader, acts on talks, work beside.

The half of :class:`callcenter.pbx.port.Pbx` that is the same on Asterisk and FreeSWITCH.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Generic, TypeVar

import structlog

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import checked
from callcenter.pbx.control import TalkActs
from callcenter.pbx.port import (
    Channel,
    Dial,
    DialResult,
    EavesdropMode,
    LegId,
    LinkDown,
    LinkUp,
    PbxEvent,
)

EVENTS_KEPT = 20_000
"""Events waiting for a reader; beyond that they are dropped and the reader is told to ask anew."""

Talks = TypeVar("Talks", bound=TalkActs)
_log = structlog.get_logger(__name__)


class Node(Generic[Talks]):
    """``node`` is its name, the first part of each :class:`LegId`."""

    _talks: Talks

    def __init__(self, node: str) -> None:
        self._node = node
        self._channels: asyncio.Queue[Channel] = asyncio.Queue()
        self._events: asyncio.Queue[PbxEvent] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def node(self) -> str:
        """See the port."""
        return self._node

    async def calls(self) -> AsyncIterator[Channel]:
        """See the port."""
        while True:
            yield await self._channels.get()

    async def events(self) -> AsyncIterator[PbxEvent]:
        """See the port."""
        while True:
            yield await self._events.get()

    # -- acts on talks ------------------------------------------------------------------------

    async def transfer(self, leg: LegId, to: str) -> bool:
        """See the port."""
        return await self._talks.transfer(leg, to)

    async def eavesdrop(self, leg: LegId, listener: Dial, mode: EavesdropMode) -> DialResult:
        """See the port."""
        return await self._talks.eavesdrop(leg, listener, mode)

    async def set_eavesdrop_mode(self, listener: LegId, mode: EavesdropMode) -> bool:
        """See the port."""
        return await self._talks.set_eavesdrop_mode(listener, mode)

    async def join_room(self, leg: LegId, room: str) -> LegId | None:
        """See the port."""
        return await self._talks.join_room(leg, room)

    async def invite(self, room: str, guest: Dial) -> DialResult:
        """See the port."""
        return await self._talks.invite(room, guest)

    async def message(self, sender: str, extension: str, text: str) -> bool:
        """See the port."""
        return await self._talks.message(sender, extension, text)

    async def originate(self, first: Dial, *, call: str, dialled: str) -> DialResult:
        """See the port."""
        return await self._talks.originate(first, call=call, dialled=dialled)

    # -- for the adapters ---------------------------------------------------------------------

    def _tell(self, event: PbxEvent) -> None:
        if self._events.qsize() >= EVENTS_KEPT:
            while not self._events.empty():  # the same queue: a reader may be waiting on it
                self._events.get_nowait()
            self._events.put_nowait(LinkDown(node=self.node, why="nobody read the events"))
            self._events.put_nowait(LinkUp(node=self.node))
        self._events.put_nowait(event)

    def _local(self, leg: LegId) -> str:
        """The PBX's own name of a channel of ours."""
        return checked.local_name(leg, self.node)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # cancelled before it began

    async def _end_tasks(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _quietly(work: Coroutine[Any, Any, Any]) -> None:
    try:
        await work
    except PbxProblem as problem:
        _log.warning("the PBX did not do what it was told beside", why=str(problem))
