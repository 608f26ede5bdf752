"""The inbox of each call: acts from outside are done one after the other, in the call's own turn.

An act looks at the call and acts in one turn, so two acts never decide on the same state. It
cannot race a hang-up or a transfer either: when the call ends the act that is being done is broken
off and answered so, and what the PBX refuses meanwhile (the channel is gone) is told as the end of
the call. Most calls never get an act, and have no inbox.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from callcenter.calls import CallEnded, EndedBy, Ledger, OpenCall
from callcenter.calls.ledger import CallNote
from callcenter.kernel.actor import require_own
from callcenter.kernel.errors import NotFound
from callcenter.supervision.refusals import CallOver

T = TypeVar("T")
_LAST_WORD = 0.5  # seconds in which an act may still say what it did when the call is over


class Verdict:
    """A hang-up that was asked for; ``sure`` once the PBX has told whether it was in time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sure: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def tell(self, *, done: bool) -> None:
        """It reached the caller's channel, or came too late."""
        if not self.sure.done():
            self.sure.set_result(done)


class Inbox:
    """Of one call that is acted on."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.verdict: Verdict | None = None


class Inboxes:
    """Those of all open calls."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._inboxes: dict[str, Inbox] = {}
        self._happened = asyncio.Event()

    def call(self, call: str) -> OpenCall:
        """A running call.

        Raises:
            CallOver: there is none of that name, none any more, or none for whoever asks.
        """
        found = self._ledger.open.get(call)
        if found is None:
            raise over(call)
        try:
            require_own(found.tenant, "")
        except NotFound:
            raise over(call) from None
        return found

    async def do(self, call: str, work: Callable[[OpenCall], Awaitable[T]]) -> T:
        """Do ``work`` in the call's turn; it must be short, others wait.

        Raises:
            CallOver: the call has ended, before or meanwhile.
        """
        self.call(call)
        inbox = self._inboxes.setdefault(call, Inbox())
        async with inbox.turn:
            task = asyncio.ensure_future(work(self.call(call)))
            either: set[asyncio.Future[Any]] = {task, inbox.over}
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if not task.done():
                    await asyncio.wait({task}, timeout=_LAST_WORD)
            finally:
                if not task.done():
                    task.cancel()
                    await asyncio.wait({task})
            if task.cancelled():
                raise over(call)
            return task.result()

    async def until(self, so: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so; looked at whenever anything happens to a call or a seat."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not so():
                    await self._happened.wait()
        return so()

    # -- hang-ups -----------------------------------------------------------------------------

    def hanging_up(self, call: str, name: str) -> Verdict:
        """A hang-up is about to be asked for; in the call's turn only."""
        inbox = self._inboxes[call]
        inbox.verdict = Verdict(name)
        return inbox.verdict

    def by_now(self, call: str, by: EndedBy) -> EndedBy:
        """Who ends a talk whose caller goes at this moment."""
        inbox = self._inboxes.get(call)
        forced = inbox is not None and inbox.verdict is not None and by is EndedBy.CALLER
        return EndedBy.SUPERVISOR if forced else by

    async def who_ended(self, call: str) -> tuple[EndedBy, str]:
        """Whether a caller who is gone hung up, or who did it for them."""
        inbox = self._inboxes.get(call)
        if inbox is not None and inbox.verdict is not None and await inbox.verdict.sure:
            return EndedBy.SUPERVISOR, inbox.verdict.name
        return EndedBy.CALLER, ""

    def note(self, note: CallNote) -> None:
        """Something happened to a call; its end ends its inbox."""
        if isinstance(note.event, CallEnded) and (inbox := self._inboxes.pop(note.call, None)):
            inbox.over.set_result(None)
        self.pulse()

    def pulse(self, _change: object = None) -> None:
        """Something changed: have those who wait look."""
        self._happened.set()
        self._happened = asyncio.Event()


def over(call: str) -> CallOver:
    """The call is not there (any more)."""
    return CallOver(f"There is no running call {call}; it has ended.")
