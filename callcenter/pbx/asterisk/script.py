"""The life of one caller's channel under our script: commands while it lives, then its end.

Base of :class:`AsteriskChannel`, which says what the commands are. ``HANGUP`` comes out of band
(:mod:`agi_session`); then the last facts are read over the same connection, which Asterisk allows
on a dead channel, and ``CC_CLOSED`` tells the dialplan that we know them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

import structlog

from callcenter.kernel.clock import Clock
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk.agi_session import AgiSession
from callcenter.pbx.asterisk.agi_wire import Reply
from callcenter.pbx.asterisk.facts import EXPRESSION, DialFacts
from callcenter.pbx.causes import Cause
from callcenter.pbx.dial_watch import DialWatch
from callcenter.pbx.port import (
    Arrival,
    DialProgress,
    DialResult,
    Ended,
    Hangup,
    LegId,
    SentElsewhere,
    Source,
)

SHORT = 10.0
"""Seconds for commands that Asterisk answers at once."""

_HANGUP_FOLLOWS = 1.0  # seconds from a failed command, or a wanted end, to the HANGUP it explains
_LEAVES = 5.0
_PLACE = ("context", "extension", "priority")
_log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Switch(Protocol):
    """What a channel needs of its node: whatever goes over the control connection."""

    def watch(
        self, leg: LegId, parties: Sequence[str], on_progress: Callable[[DialProgress], None]
    ) -> DialWatch:
        """Begin to report what ``parties``, dialled from ``leg``, do."""

    def unwatch(self, leg: LegId) -> None:
        """Stop reporting."""

    async def interrupt(self, leg: LegId) -> None:
        """Break off the play or wait for keys that runs on ``leg``."""

    async def recording_settled(self, leg: LegId) -> None:
        """Until a recording that was stopped there has let go of the channel."""

    def has_joined(self, leg: LegId) -> bool:
        """Whether its phone has joined those it talked with and left: its end is on the way."""

    async def talks(self, leg: LegId) -> bool:
        """Whether somebody is joined with ``leg`` at this moment."""

    def see_to_hangup(self, leg: LegId, cause: Cause) -> None:
        """Hang up ``leg`` should it still be there in a moment."""


class Script:
    """Commands of one channel, in step, until :attr:`ended`.

    Every command after the end raises the same :class:`Hangup` or :class:`NodeLost`.
    """

    def __init__(
        self, session: AgiSession, arrival: Arrival, *, switch: Switch, clock: Clock
    ) -> None:
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[Ended] = loop.create_future()
        self._session = session
        self._arrival = arrival
        self._switch = switch
        self._clock = clock
        self._node = arrival.leg.partition("/")[0]
        self._recording = False
        self._watcher = loop.create_task(self._until_end())

    def ends(self) -> None:
        """Asterisk wants it hung up. It does not always tell the script of a caller who left in
        the moment in which that began; without us such a channel would stay for ever."""
        asyncio.get_running_loop().call_later(_HANGUP_FOLLOWS, self._session.hang_up)

    async def _do(self, *words: str) -> Reply:
        """Run a command that is answered at once."""
        return await self._run(words, SHORT)

    async def _exec(self, application: str, arguments: str = "") -> Reply:
        """Run a dialplan application for as long as it takes."""
        reply = await self._run(("EXEC", application, arguments), None)
        if reply.result == "-2":
            raise PbxProblem(f"This Asterisk has no application {application}; load its module.")
        return reply

    async def _variables(self, **values: str) -> None:
        await self._exec("MSet", ",".join(f"{name}={value}" for name, value in values.items()))

    async def _interruptible(self, *words: str) -> Reply:
        """Run a play or a wait for keys; cancelling breaks it off."""
        try:
            return await self._run(words, None)
        except asyncio.CancelledError:
            if not self.ended.done():
                await within(2.0, self._switch.interrupt(self._arrival.leg))
                await within(2.0, self._session.idle())
            raise

    async def _run(self, words: Sequence[str], patience: float | None) -> Reply:
        await self._check()
        reply = await self._session.command(*words, patience=patience)
        if reply.dead:  # the caller is gone, or only this command failed: HANGUP follows or not
            await asyncio.wait([self._session.hungup], timeout=_HANGUP_FOLLOWS)
            await self._check()
        return reply

    async def _leave_if_joined(self) -> None:
        """A dial may come back a moment before the hang-up of a phone that left its two talks."""
        await self._leave_if(self._switch.has_joined(self._arrival.leg))

    async def _leave_if_untold(self, result: DialResult) -> None:
        """And that it has left them may be told later still: then whom it asked talks on."""
        if self._arrival.source is Source.EXTENSION and result.leg and result.talk is not None:
            await self._leave_if(await self._switch.talks(result.leg))

    async def _leave_if(self, joined: bool) -> None:
        if joined:
            await asyncio.wait([self._session.hungup], timeout=_LEAVES)
            await self._check()

    async def _check(self) -> None:
        """Raise what became of the channel, if it is no longer ours."""
        if self.ended.done() or self._session.hungup.done():
            raise Hangup(await asyncio.shield(self.ended))

    async def _close(self, cause: Cause) -> None:
        """End it from our side: the dialplan hangs up with the cause when we let go."""
        await self._stop_recording()
        await self._variables(CC_CAUSE=str(int(cause)), CC_DONE="1", CC_CLOSED="1")
        self._let_go(cause)

    def _let_go(self, cause: Cause) -> None:
        if not self.ended.done():
            self.ended.set_result(Ended(cause=cause))
        self._session.close()
        self._switch.see_to_hangup(self._arrival.leg, cause)

    async def _stop_recording(self) -> None:
        if self._recording:
            self._recording = False
            await self._session.command("EXEC", "StopMixMonitor", patience=SHORT)

    async def _until_end(self) -> None:
        session = self._session
        await asyncio.wait([session.hungup, session.lost], return_when=asyncio.FIRST_COMPLETED)
        try:
            ended = await self._last_facts()
        except PbxProblem as problem:
            if not self.ended.done():
                self.ended.set_exception(problem)
                self.ended.exception()  # nobody may ask
        else:
            if not self.ended.done():
                self.ended.set_result(ended)
        session.close()

    def _last_words(self, *, moved: bool) -> bool:
        """What a channel knows of its end. ``moved``: another channel's body is in its place.
        ``True``: that is how it was meant, and it has ended."""
        return False

    async def _last_facts(self) -> Ended:
        """Read how it ended and tell the dialplan that we know; it would note it for later.

        ``HANGUP`` also comes when somebody sent the channel elsewhere (a redirect, a transfer):
        then it stands at another place of the dialplan and lives on. Or Asterisk put it into the
        place of another channel (a phone joined its two talks too early): then what is left here
        is the other's, and ends; and in the script of that other one, it is the end of that.

        Raises:
            NodeLost: the channel is not known to have ended.
        """
        session = self._session
        answer = await session.command("GET FULL VARIABLE", EXPRESSION, patience=SHORT)
        facts = DialFacts.parse(answer.data)
        begun = tuple(session.environment.get(name) for name in _PLACE)
        moved = facts.channel not in ("", session.environment.get("channel"))
        meant = self._last_words(moved=moved)
        if facts.place != begun and not moved:
            raise SentElsewhere("Somebody sent the channel elsewhere; it is no longer ours.")
        if not moved:
            await self._stop_recording()
        await session.command("SET VARIABLE", "CC_CLOSED", "1", patience=SHORT)
        if moved and not meant and facts.owner != session.environment.get("uniqueid"):
            raise SentElsewhere("A phone put the channel into the place of its second line.")
        dial = facts.result(self._node, self._clock.now()) if facts.dialling else None
        return Ended(cause=facts.cause or Cause.NORMAL, dial=dial)


async def within(seconds: float, work: Awaitable[_T]) -> None:
    """Wait for ``work``, but not longer, and whatever comes of it; the next command tells."""
    try:
        with suppress(Hangup):
            async with asyncio.timeout(seconds):
                await work
    except (TimeoutError, PbxProblem) as error:
        why = str(error) or "it still runs"
        _log.warning("the PBX did not finish a command that was called off", why=why)
