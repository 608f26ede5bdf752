"""The caller's own channel on Asterisk: each command of the port as AGI commands."""

import asyncio
import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import structlog

from callcenter.kernel.clock import Clock
from callcenter.pbx import checked
from callcenter.pbx.asterisk.agi_session import AgiSession
from callcenter.pbx.asterisk.dialstring import apart_variables, dial_string
from callcenter.pbx.asterisk.facts import EXPRESSION, DialFacts
from callcenter.pbx.asterisk.script import SHORT, Script, Switch, within
from callcenter.pbx.asterisk.tapes import mixmonitor_options
from callcenter.pbx.causes import Cause
from callcenter.pbx.keys import ALL_KEYS, Limits, collect, only_keys
from callcenter.pbx.port import (
    Arrival,
    Dial,
    DialProgress,
    DialResult,
    DialStatus,
    Digits,
    Ended,
    Hangup,
    LegId,
    NodeLost,
    Prompt,
    Recorded,
)
from callcenter.pbx.sounds import Sounds

NO_KEY = "D"
"""Ends a wait that is called off: no telephone has this key."""
_RATE = 8000
_NOTHING_DIALLED = dict.fromkeys(
    ("DIALSTATUS", "CC_DIAL_END", "SHARED(CC_LEG)", "SHARED(CC_ANSWERED)"), ""
)
_log = structlog.get_logger(__name__)


class AsteriskChannel(Script):
    """See :class:`callcenter.pbx.port.Channel`."""

    def __init__(
        self,
        session: AgiSession,
        arrival: Arrival,
        *,
        switch: Switch,
        clock: Clock,
        sounds: Sounds,
    ) -> None:
        super().__init__(session, arrival, switch=switch, clock=clock)
        self._sounds = sounds
        self._music = ""
        self._picking = self._picked_up = False
        self._call = arrival.call
        self._answered = False  # as far as this script knows

    @property
    def arrival(self) -> Arrival:
        """See the port."""
        return self._arrival

    # -- before and around the talk -----------------------------------------------------------

    async def adopt(self, call: str) -> None:
        """See the port. Two underscores: legs dialled from this channel inherit the identity."""
        self._call = checked.call_name(call)
        await self._variables(__CC_CALL=call, **{self._identity: call})
        if self._arrival.transferred_to:
            await self._variables(CC_SENT_TO="", CC_SENT_BY="")

    async def ring(self) -> None:
        """See the port."""
        await self._exec("Ringing")

    async def answer(self) -> None:
        """See the port. Takes up to half a second when the caller sends no sound."""
        await self._do("ANSWER")
        self._answered = True

    async def reject(self, cause: Cause) -> None:
        """See the port."""
        await self._check()
        await self._close(cause)

    async def release(self, cause: Cause) -> None:
        """See the port."""
        if self.ended.done():
            return
        try:
            async with asyncio.timeout(SHORT):
                await self._close(cause)
        except (Hangup, NodeLost):
            return
        except TimeoutError:  # a command that was given up still runs
            self._let_go(cause)

    async def gone(self) -> Ended:
        """See the port."""
        return await asyncio.shield(self.ended)

    # -- what the caller hears and presses ----------------------------------------------------

    def use_prompts(self, find: Callable[[Prompt], Prompt]) -> None:
        """See the port."""
        self._sounds.find = find

    async def play(self, prompts: Sequence[Prompt], *, stop_on: str = "") -> str:
        """See the port. A prompt that is missing is logged and skipped."""
        keys = only_keys(stop_on)
        if self._music and prompts:
            await self.stop_music()
        for prompt in prompts:
            key = await self._play_one(prompt, keys)
            if key:
                return key
        await self._check()
        return ""

    async def _play_one(self, prompt: Prompt, keys: str) -> str:
        path = self._sounds.path(prompt)
        if not path:
            return ""
        reply = await self._interruptible("STREAM FILE", path, keys)
        if not reply.key and reply.endpos <= 0:
            _log.error("a prompt could not be played", prompt=prompt, path=path)
        return reply.key

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
        stopped_by = self.play(prompts, stop_on=ALL_KEYS)
        limits = Limits(most=most, first=first, between=between, end=end)
        return await collect(stopped_by, self._wait_key, limits)

    async def _wait_key(self, wait: timedelta) -> str:
        """Wait for a key; keys that only test phones have do not count."""
        deadline = self._clock.monotonic() + wait.total_seconds()
        while True:
            left = max(1, math.ceil((deadline - self._clock.monotonic()) * 1000))
            key = (await self._interruptible("WAIT FOR DIGIT", str(left))).key
            if not key or key in ALL_KEYS:
                return key

    async def record_message(
        self,
        path: Path,
        *,
        most: timedelta,
        silence: timedelta,
        stop_on: str = "#",
        beep: Prompt | None = None,
    ) -> Recorded:
        """See the port."""
        checked.plain_path(path)
        await self.play([beep] if beep else [])
        if self._music:
            await self.stop_music()
        keys = only_keys(stop_on) + NO_KEY
        milliseconds = str(math.ceil(most.total_seconds() * 1000))
        quiet = f"s={max(1, math.ceil(silence.total_seconds()))}"
        words = ("RECORD FILE", str(path.with_suffix("")), "wav", keys, milliseconds, quiet)
        reply = await self._interruptible(*words)
        key = reply.key if reply.key in ALL_KEYS else ""
        return Recorded(seconds=reply.endpos / _RATE, key=key)

    async def music(self, music_class: str) -> None:
        """See the port. The class is kept on the channel: the dialplan goes on with it."""
        checked.music_name(music_class)
        if not self._answered:  # an unanswered caller hears nothing without early media
            await self._exec("Progress")
        await self._do("SET VARIABLE", "CHANNEL(musicclass)", music_class)
        await self._do("SET MUSIC", "ON", music_class)
        self._music = music_class

    async def stop_music(self) -> None:
        """See the port."""
        await self._do("SET MUSIC", "OFF")
        self._music = ""

    # -- the dial -----------------------------------------------------------------------------

    async def dial(self, dial: Dial, on_progress: Callable[[DialProgress], None]) -> DialResult:
        """See the port. Cancelling hangs up the leg and waits for the PBX to be done with it."""
        target, apart = dial_string(dial), apart_variables(dial, self._sounds.path)
        watch = self._switch.watch(self._arrival.leg, dial.numbers, on_progress)
        try:
            await self._variables(**_NOTHING_DIALLED, **apart, CC_DIALLING="1")
            await self._exec("Dial", target)
            await self._leave_if_joined()
            facts = DialFacts.parse((await self._do("GET FULL VARIABLE", EXPRESSION)).data)
            result = watch.settle(facts.result(self._node, self._clock.now()))
            await self._leave_if_untold(result)
            await self._after_dial(result.status is DialStatus.ANSWER)
            return result
        except asyncio.CancelledError:
            watch.call_off()
            await within(2.0, self._after_dial(False))
            raise
        except Hangup as hangup:
            if apart:
                watch.call_off()  # it may be hearing a whisper, deaf to the caller's leaving
            if hangup.ended.dial is not None:
                watch.settle(hangup.ended.dial)
            raise
        finally:
            self._switch.unwatch(self._arrival.leg)

    async def _after_dial(self, talked: bool) -> None:
        """The result is ours: a next engine shall not get it again. Music that was on goes on."""
        await self._variables(CC_DIALLING="")
        if talked:
            self._music, self._answered = "", True
        elif self._music:
            await self.music(self._music)

    async def pick_up(self, leg: LegId) -> bool:
        """See the port. Asterisk puts this phone in the place of the one that rings (masquerade):
        the leg keeps its variables, gets ours besides, and goes by our name and id; what is left
        of our channel goes by the leg's, and ends."""
        name = checked.local_name(leg, self._node)
        self._picking = True
        await self._variables(CC_SOURCE="", CC_CLOSED="1", **{self._identity: ""})
        try:
            await self._exec("PickupChan", name)
        except Hangup:
            if not self._picked_up:
                raise
            return True
        self._picking = False
        source, own = self._arrival.source.value, {self._identity: self._call}
        await self._variables(CC_SOURCE=source, CC_CLOSED="", **own)
        return False

    @property
    def _identity(self) -> str:
        """The variable that says whose this channel is wherever it may be put."""
        return f"CC_CALL_{checked.local_name(self._arrival.leg, self._node)}"

    def _last_words(self, *, moved: bool) -> bool:
        """Ours is the leg's from now on, if we picked it up."""
        self._picked_up = self._picking and moved
        return self._picking

    async def record(self, path: Path) -> None:
        """See the port."""
        await self._switch.recording_settled(self._arrival.leg)
        await self._exec("MixMonitor", f",{mixmonitor_options(path)}")
        self._recording = True

    async def stop_recording(self) -> None:
        """See the port."""
        await self._check()
        await self._stop_recording()
