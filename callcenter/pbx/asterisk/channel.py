"""The caller's own channel on Asterisk: each command of the port as AGI commands.

A reader outside (:mod:`agi_server`) takes ``HANGUP`` out of band. Once it came, the last facts are
read over the same connection (Asterisk allows that on a dead channel), ``CC_CLOSED`` tells the
dialplan that we know, and every later command raises the same :class:`Hangup`.
"""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from callcenter.kernel.clock import Clock
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk.agi_session import AgiSession
from callcenter.pbx.asterisk.agi_wire import Reply
from callcenter.pbx.asterisk.dials import DialWatch
from callcenter.pbx.asterisk.facts import EXPRESSION, DialFacts
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import (
    Arrival,
    Dial,
    DialProgress,
    DialResult,
    Digits,
    Ended,
    Hangup,
    LegId,
    NodeLost,
    Prompt,
    record_sides,
)

ALL_KEYS = "0123456789*#"
INTERRUPT = "D"
"""A key no telephone has; we press it on the caller's behalf to break off a wait for keys."""

_SHORT = 10.0  # seconds for commands that Asterisk answers at once
_EXTENSION = re.compile(r"[0-9A-Za-z_-]{1,32}")
_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")
_PROMPT = re.compile(r"[a-z]{2,3}(-[A-Za-z]+)?(/[0-9A-Za-z_-]+)+")
_BREAKS_PATH = re.compile(r"[\x00-\x1f,\"'()\\^|&$\[\]{}%;]")
_log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Switch(Protocol):
    """What a channel needs of its node: whatever goes over the control connection."""

    def watch(self, leg: LegId, on_progress: Callable[[DialProgress], None]) -> DialWatch:
        """Begin to report what the legs dialled from ``leg`` do."""

    def unwatch(self, leg: LegId) -> None:
        """Stop reporting."""

    async def interrupt(self, leg: LegId) -> None:
        """Break off the play or wait for keys that runs on ``leg``."""

    def see_to_hangup(self, leg: LegId, cause: Cause) -> None:
        """Hang up ``leg`` should it still be there in a moment."""


class AsteriskChannel:
    """See :class:`callcenter.pbx.port.Channel`."""

    def __init__(
        self, session: AgiSession, arrival: Arrival, *, switch: Switch, clock: Clock, sounds: Path
    ) -> None:
        self._session = session
        self._arrival = arrival
        self._switch = switch
        self._clock = clock
        self._sounds = sounds
        self._node = arrival.leg.partition("/")[0]
        self._music = False
        self._recording = False
        self._end: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._watcher = asyncio.get_running_loop().create_task(self._until_end())

    @property
    def arrival(self) -> Arrival:
        """See the port."""
        return self._arrival

    # -- before and around the talk -----------------------------------------------------------

    async def adopt(self, call: str) -> None:
        """See the port. Two underscores: legs dialled from this channel inherit the identity."""
        if not _NAME.fullmatch(call):
            raise PbxProblem(f"{call!r} cannot be the identity of a call.")
        await self._do("SET VARIABLE", "__CC_CALL", call)

    async def ring(self) -> None:
        """See the port."""
        await self._exec("Ringing")

    async def answer(self) -> None:
        """See the port. Takes up to half a second when the caller sends no sound."""
        await self._do("ANSWER")

    async def reject(self, cause: Cause) -> None:
        """See the port."""
        await self._check()
        await self._close(cause)

    async def release(self, cause: Cause) -> None:
        """See the port."""
        if self._end.done():
            return
        with suppress(Hangup, NodeLost):
            await self._close(cause)

    async def gone(self) -> Ended:
        """See the port."""
        return await asyncio.shield(self._end)

    # -- what the caller hears and presses ----------------------------------------------------

    async def play(self, prompts: Sequence[Prompt], *, stop_on: str = "") -> str:
        """See the port. A prompt that is missing is logged and skipped."""
        keys = "".join(key for key in stop_on if key in ALL_KEYS)
        if self._music:
            await self.stop_music()
        for prompt in prompts:
            key = await self._play_one(prompt, keys)
            if key in keys:
                return key
        await self._check()
        return ""

    async def _play_one(self, prompt: Prompt, keys: str) -> str:
        if not _PROMPT.fullmatch(prompt):
            _log.error("no such prompt", prompt=prompt)
            return " "
        path = str(self._sounds / prompt)
        reply = await self._interruptible("STREAM FILE", path, keys + INTERRUPT)
        if not reply.key and reply.endpos <= 0:
            _log.error("a prompt could not be played", prompt=prompt, path=path)
        return reply.key or " "

    async def read_digits(
        self,
        prompts: Sequence[Prompt],
        *,
        most: int,
        first: timedelta,
        between: timedelta,
        end: str = "#",
    ) -> Digits:
        """See the port."""
        keys = ""
        key = await self.play(prompts, stop_on=ALL_KEYS)
        while len(keys) < most:
            key = key or await self._wait_key(between if keys else first)
            if not key or key in end:
                return Digits(keys=keys, timed_out=not key)
            keys, key = keys + key, ""
        return Digits(keys=keys)

    async def _wait_key(self, wait: timedelta) -> str:
        """Wait for a key; keys that only test phones have do not count."""
        deadline = self._clock.monotonic() + wait.total_seconds()
        while True:
            left = max(1, math.ceil((deadline - self._clock.monotonic()) * 1000))
            key = (await self._interruptible("WAIT FOR DIGIT", str(left))).key
            if not key or key in ALL_KEYS:
                return key

    async def music(self, music_class: str) -> None:
        """See the port. The class is kept on the channel: the dialplan goes on with it."""
        if not _NAME.fullmatch(music_class):
            raise PbxProblem(f"{music_class!r} cannot be the name of a music class.")
        await self._do("SET VARIABLE", "CHANNEL(musicclass)", music_class)
        await self._do("SET MUSIC", "ON", music_class)
        self._music = True

    async def stop_music(self) -> None:
        """See the port."""
        await self._do("SET MUSIC", "OFF")
        self._music = False

    # -- the dial -----------------------------------------------------------------------------

    async def dial(self, dial: Dial, on_progress: Callable[[DialProgress], None]) -> DialResult:
        """See the port. Cancelling hangs up the leg and waits for the PBX to be done with it."""
        target = _dial_string(dial)
        fresh = ("DIALSTATUS", "CC_DIAL_END", "SHARED(CC_LEG)", "SHARED(CC_ANSWERED)")
        await self._variables(CC_DIALLING="1", **dict.fromkeys(fresh, ""))
        self._music = False
        watch = self._switch.watch(self._arrival.leg, on_progress)
        try:
            await self._exec("Dial", target)
            facts = DialFacts.parse((await self._do("GET FULL VARIABLE", EXPRESSION)).data)
            await self._variables(CC_DIALLING="")
            return watch.settle(facts.result(self._node, self._clock.now()))
        except asyncio.CancelledError:
            watch.call_off()
            await _within(2.0, self._session.idle())
            raise
        except Hangup as hangup:
            if hangup.ended.dial is not None:
                watch.settle(hangup.ended.dial)
            raise
        finally:
            self._switch.unwatch(self._arrival.leg)

    async def record(self, path: Path) -> None:
        """See the port. ``r`` is what Asterisk receives from the caller, ``t`` what it sends."""
        caller, seat = record_sides(path)
        if not path.is_absolute() or _BREAKS_PATH.search(str(path)):
            raise PbxProblem(
                f"Nothing can be recorded to {path}: choose a folder of plain letters."
            )
        await self._exec("MixMonitor", f",br({caller})t({seat})")
        self._recording = True

    async def stop_recording(self) -> None:
        """See the port."""
        await self._check()
        await self._stop_recording()

    # -- inside -------------------------------------------------------------------------------

    async def _do(self, *words: str) -> Reply:
        """Run a command that is answered at once."""
        return await self._run(words, _SHORT)

    async def _exec(self, application: str, arguments: str = "") -> Reply:
        """Run a dialplan application for as long as it takes."""
        reply = await self._run(("EXEC", application, arguments), None)
        if reply.result == "-2":
            raise PbxProblem(f"This Asterisk has no application {application}; load its module.")
        return reply

    async def _interruptible(self, *words: str) -> Reply:
        try:
            return await self._run(words, None)
        except asyncio.CancelledError:
            if not self._end.done():
                await _within(2.0, self._switch.interrupt(self._arrival.leg))
                await _within(2.0, self._session.idle())
            raise

    async def _run(self, words: Sequence[str], patience: float | None) -> Reply:
        await self._check()
        reply = await self._session.command(*words, patience=patience)
        if reply.dead:  # the caller is gone, or only this command failed: HANGUP follows or not
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await asyncio.shield(self._session.hungup)
            await self._check()
        return reply

    async def _variables(self, **values: str) -> None:
        await self._exec("MSet", ",".join(f"{name}={value}" for name, value in values.items()))

    async def _check(self) -> None:
        """Raise what became of the channel, if it is no longer ours."""
        if self._end.done() or self._session.hungup.done():
            raise Hangup(await asyncio.shield(self._end))

    async def _until_end(self) -> None:
        session = self._session
        await asyncio.wait([session.hungup, session.lost], return_when=asyncio.FIRST_COMPLETED)
        if self._end.done():
            return
        if session.hungup.done():
            ended = await self._last_facts()
            if not self._end.done():
                self._end.set_result(ended)
            session.close()
        else:
            self._end.set_exception(NodeLost("The connection to the call's script has ended."))
            self._end.exception()

    async def _last_facts(self) -> Ended:
        """Read how it ended and tell the dialplan that we know; it would note it for later."""
        now = self._clock.now()
        try:
            await self._stop_recording()
            answer = await self._session.command("GET FULL VARIABLE", EXPRESSION, patience=_SHORT)
            await self._session.command("SET VARIABLE", "CC_CLOSED", "1", patience=_SHORT)
        except PbxProblem:
            return Ended(cause=Cause.UNKNOWN)
        facts = DialFacts.parse(answer.data)
        dial = facts.result(self._node, now) if facts.dialling else None
        return Ended(cause=facts.cause, dial=dial)

    async def _close(self, cause: Cause) -> None:
        """End it from our side: the dialplan hangs up with the cause when we let go."""
        await self._stop_recording()
        await self._variables(CC_CAUSE=str(int(cause)), CC_DONE="1", CC_CLOSED="1")
        if not self._end.done():
            self._end.set_result(Ended(cause=cause))
        self._session.close()
        self._switch.see_to_hangup(self._arrival.leg, cause)

    async def _stop_recording(self) -> None:
        if self._recording:
            self._recording = False
            await self._session.command("EXEC", "StopMixMonitor", patience=_SHORT)


def _dial_string(dial: Dial) -> str:
    """``g``: go on when the seat hangs up; ``m``: music; ``b``, ``U``: the leg notes its name and
    when it was answered."""
    if not _EXTENSION.fullmatch(dial.extension):
        raise PbxProblem(f"{dial.extension!r} is no extension; it was not dialled.")
    if not _NAME.fullmatch(dial.music):
        raise PbxProblem(f"{dial.music!r} cannot be the name of a music class.")
    seconds = max(1, math.ceil(dial.ring.total_seconds()))
    return f"PJSIP/{dial.extension},{seconds},gm({dial.music})b(cc-leg^s^1)U(cc-answered)"


async def _within(seconds: float, work: Awaitable[_T]) -> None:
    """Wait for ``work``, but not longer, and whatever comes of it."""
    try:
        async with asyncio.timeout(seconds):
            await work
    except (TimeoutError, PbxProblem) as error:
        _log.warning("the PBX did not finish a command that was called off", error=str(error))
