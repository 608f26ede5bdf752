"""One connection of the event socket as the engine's loop sees it: ask, be told, be over."""

import asyncio
from collections.abc import Callable
from typing import Any

from greenswitch.esl import NotConnectedError

from callcenter.pbx.freeswitch.esl_wire import Block, EslEvent
from callcenter.pbx.freeswitch.hub import GeventThread
from callcenter.pbx.port import NodeLost

PATIENCE = 5.0
"""Seconds for a reply; commands are only taken, what they do is told by events."""


class Connection:
    """May be made in either thread. :attr:`over` ends with why it is over."""

    def __init__(self, thread: GeventThread, loop: asyncio.AbstractEventLoop) -> None:
        self._thread = thread
        self._session: Any = None
        self._listener: Callable[[EslEvent], None] | None = None
        self._early: list[EslEvent] = []
        self.over: asyncio.Future[str] = loop.create_future()

    # -- in the gevent thread -----------------------------------------------------------------

    def heard(self, event: EslEvent) -> None:
        """The session's ``on_event``."""
        self._thread.tell(self._heard, event)

    def ended(self, why: str) -> None:
        """The session's ``on_end``."""
        self._thread.tell(self._over, why)

    def use(self, session: Any) -> None:
        """The session that carries it."""
        self._session = session

    # -- in the loop --------------------------------------------------------------------------

    def listen(self, listener: Callable[[EslEvent], None]) -> None:
        """Be told events, in order; those that came before are told now."""
        self._listener = listener
        early, self._early = self._early, []
        for event in early:
            listener(event)

    async def ask(self, command: str) -> Block:
        """Send a command; its reply.

        Replies carry no name, they only have an order. So a connection on which one is missing
        cannot be used any more: it ends.

        Raises:
            NodeLost: the connection is over, or nothing came back in time.
        """
        if self.over.done():
            raise NodeLost(f"The connection to FreeSWITCH is over: {self.over.result()}.")
        reply: asyncio.Future[Block] = asyncio.get_running_loop().create_future()
        self._thread.spawn(lambda: self._ask(command, reply))
        try:
            async with asyncio.timeout(PATIENCE):
                return await reply
        except TimeoutError:
            why = f"FreeSWITCH does not reply within {PATIENCE:g} s"
            self._over(why)
            self.close()
            raise NodeLost(f"{why}.") from None

    def close(self) -> None:
        """End it; :attr:`over` follows."""
        if self._session is not None:
            self._thread.spawn(self._session.close)
        else:
            self._over("it never began")

    async def closed(self) -> None:
        """End it and wait until it is."""
        self.close()
        await asyncio.wait([self.over], timeout=PATIENCE)

    def _ask(self, command: str, reply: "asyncio.Future[Block]") -> None:
        try:
            self._thread.tell(_settle, reply, self._session.send(command))
        except (NotConnectedError, OSError) as error:
            why = f"The connection to FreeSWITCH is over: {error}."
            self._thread.tell(_fail, reply, NodeLost(why))

    def _heard(self, event: EslEvent) -> None:
        if self._listener is not None:
            self._listener(event)
        else:
            self._early.append(event)

    def _over(self, why: str) -> None:
        if not self.over.done():
            self.over.set_result(why)


def reply_text(block: Block) -> str:
    """What was replied: the text of a command's reply, the body of an ``api`` one."""
    return block.body if block.kind == "api/response" else block.headers.get("Reply-Text", "")


def _settle(reply: "asyncio.Future[Block]", block: Block) -> None:
    if not reply.done():
        reply.set_result(block)


def _fail(reply: "asyncio.Future[Block]", error: Exception) -> None:
    if not reply.done():
        reply.set_exception(error)
