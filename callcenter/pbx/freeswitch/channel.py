"""The caller's own channel on FreeSWITCH: each command of the port as applications.

A dial is a trampoline: we say what is to be bridged and let go; the dialplan bridges and brings
the channel back. So no talk hangs on our connection (docs/reference/immortal-calls.md).
"""

import asyncio
import math
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path

import structlog

from callcenter.kernel.clock import Clock
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.causes import Cause
from callcenter.pbx.dial_watch import DialWatch
from callcenter.pbx.freeswitch import events
from callcenter.pbx.freeswitch.connection import Connection
from callcenter.pbx.freeswitch.dialstring import (
    NO_NOTE,
    RING_TONE,
    bridge_string,
    local_name,
    numbers,
)
from callcenter.pbx.freeswitch.esl_wire import EslEvent
from callcenter.pbx.freeswitch.facts import DialFacts
from callcenter.pbx.freeswitch.script import Script, Switch, first_of
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
    colour_ring,
    record_sides,
)

ALL_KEYS = "0123456789*#"
TENANT = "tenant"
_RING = "ring-"
_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")
_PROMPT = re.compile(r"[a-z]{2,3}(-[A-Za-z]+)?(/[0-9A-Za-z_-]+)+")
_BREAKS_PATH = re.compile(r"[\x00-\x1f,\"'()\\^|&$\[\]{}%;! ]")
_LOUD = 200  # of 32767: what counts as a voice
_CALL_OFF_SECONDS = 2.0
_PICK_UP_SECONDS = 2.0
_FORBIDDEN = "403 Forbidden"
_log = structlog.get_logger(__name__)


class FreeswitchChannel(Script):
    """See :class:`callcenter.pbx.port.Channel`."""

    def __init__(
        self,
        connection: Connection,
        arrival: Arrival,
        *,
        switch: Switch,
        clock: Clock,
        sounds: Path,
        tenant_sounds: Path | None = None,
        answered: bool = False,
    ) -> None:
        self._sounds = sounds
        self._tenant_sounds = tenant_sounds or sounds
        self._find: Callable[[Prompt], Prompt] = lambda prompt: prompt
        self._class = ""
        self._music: asyncio.Future[EslEvent] | None = None
        self._answered = answered
        self._call = arrival.call
        self._facts = DialFacts()
        self._watch: DialWatch | None = None
        super().__init__(connection, arrival, switch=switch, clock=clock)

    @property
    def arrival(self) -> Arrival:
        """See the port."""
        return self._arrival

    # -- before and around the talk -----------------------------------------------------------

    async def adopt(self, call: str) -> None:
        """See the port."""
        if not _NAME.fullmatch(call):
            raise PbxProblem(f"{call!r} cannot be the identity of a call.")
        self._call = call
        self._switch.adopted(self._arrival.leg, call)
        await self._variables(
            cc_call=call, presence_data=call, cc_sent_to="", cc_sent_by="", cc_turns=""
        )

    async def ring(self) -> None:
        """See the port."""
        await self._run("ring_ready")

    async def answer(self) -> None:
        """See the port."""
        await self._run("answer")
        self._answered = True

    async def reject(self, cause: Cause) -> None:
        """See the port."""
        await self._check()
        await self._variables(api_hangup_hook=NO_NOTE)
        if cause is Cause.REJECTED:
            await self._begin("respond", _FORBIDDEN)
        else:
            await self._api("uuid_kill", self._uuid, str(int(cause)))
        self._finish(Ended(cause=cause))

    async def release(self, cause: Cause) -> None:
        """See the port."""
        if self.ended.done():
            return
        try:
            await self._variables(api_hangup_hook=NO_NOTE)
            await self._api("uuid_kill", self._uuid, str(int(cause)))
        except (Hangup, NodeLost):
            return
        self._finish(Ended(cause=cause))

    async def gone(self) -> Ended:
        """See the port."""
        return await asyncio.shield(self.ended)

    def hung_up(self, event: EslEvent) -> None:
        """The channel has gone; the note that FreeSWITCH made of it is not needed."""
        facts = DialFacts.of_variables(event.variable)
        dial = facts.result(self._node, self._clock.now()) if facts.dialling else None
        if dial is not None and dial.status is not DialStatus.ANSWER:
            dial = DialResult(status=DialStatus.CANCELLED, leg=dial.leg)
        if dial is not None and self._watch is not None:
            dial = self._watch.settle(dial)
        self._finish(Ended(cause=events.cause_of(event), dial=dial))
        self._switch.forget_note(self._call)

    # -- what the caller hears and presses ----------------------------------------------------

    def use_prompts(self, find: Callable[[Prompt], Prompt]) -> None:
        """See the port."""
        self._find = find

    async def play(self, prompts: Sequence[Prompt], *, stop_on: str = "") -> str:
        """See the port. A prompt that is missing is logged and skipped."""
        self._forget_keys()
        if prompts:
            await self.stop_music()
        for prompt in prompts:
            if key := await self._play_one(prompt, stop_on):
                return key
        await self._check()
        return ""

    async def _play_one(self, prompt: Prompt, keys: str) -> str:
        path = self._path(prompt)
        if not path:
            return ""
        done = await self._begin("playback", path)
        key = asyncio.ensure_future(self._key_of(keys))
        try:
            await first_of(done, key, self.ended)
            await self._check()
            if key.done():
                await self._break_off(done)
                return key.result()
            if "ERROR" in (told := (await done).get("Application-Response")) or "NOT" in told:
                _log.error("a prompt could not be played", prompt=prompt, path=path, why=told)
            return ""
        except asyncio.CancelledError:
            await self._break_off(done)
            raise
        finally:
            key.cancel()

    async def _key_of(self, keys: str) -> str:
        while True:
            key = await self._keys.get()
            if key and key in keys and key in ALL_KEYS:
                return key

    def _forget_keys(self) -> None:
        while not self._keys.empty():
            self._keys.get_nowait()

    def _path(self, prompt: Prompt) -> str:
        """Where FreeSWITCH finds its sound; ``""`` when it cannot be one."""
        prompt = self._find(prompt)
        if not _PROMPT.fullmatch(prompt):
            _log.error("no such prompt", prompt=prompt)
            return ""
        own = prompt.split("/")[1] == TENANT
        return f"{(self._tenant_sounds if own else self._sounds) / prompt}.wav"

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
        pressed = asyncio.ensure_future(self._key_of(ALL_KEYS))
        try:
            await first_of(pressed, self.ended, within=wait.total_seconds())
            if pressed.done():
                return pressed.result()
            await self._check()
            return ""
        finally:
            pressed.cancel()

    async def record_message(
        self, path: Path, *, most: timedelta, silence: timedelta, stop_on: str = "#"
    ) -> Recorded:
        """See the port."""
        self._require_plain(path)
        self._forget_keys()
        await self.stop_music()
        seconds = math.ceil(most.total_seconds())
        quiet = max(1, math.ceil(silence.total_seconds()))
        begun = self._clock.monotonic()
        done = await self._begin("record", f"{path} {seconds} {_LOUD} {quiet}")
        key = asyncio.ensure_future(self._key_of(stop_on))
        try:
            await first_of(done, key, self.ended, within=most.total_seconds())
            await self._check()
            if not done.done():
                await self._break_off(done)
            length = self._clock.monotonic() - begun
            told = done.result().variable("record_ms") if done.done() else ""
            return Recorded(
                seconds=int(told) / 1000 if told.isdecimal() else length,
                key=key.result() if key.done() else "",
            )
        except asyncio.CancelledError:
            await self._break_off(done)
            raise
        finally:
            key.cancel()

    async def music(self, music_class: str) -> None:
        """See the port. The class is kept on the channel: the dialplan goes on with it."""
        sound = self._sound_of(music_class)
        await self.stop_music()
        if not self._answered:  # an unanswered caller hears nothing without early media
            await self._run("pre_answer")
        await self._variables(cc_music=sound)
        self._music = await self._begin("endless_playback", sound)
        self._class = music_class

    async def stop_music(self) -> None:
        """See the port."""
        music, self._music, self._class = self._music, None, ""
        if music is not None and not music.done():
            await self._break_off(music)
        await self._check()

    def _sound_of(self, music_class: str) -> str:
        """What a class plays over and over; see :func:`callcenter.pbx.port.colour_ring`."""
        if not _NAME.fullmatch(music_class):
            raise PbxProblem(f"{music_class!r} cannot be the name of a music class.")
        if not music_class.startswith(_RING):
            return f"local_stream://{music_class}"
        return _ring_file(music_class, (self._sounds, self._tenant_sounds)) or RING_TONE

    # -- the dial -----------------------------------------------------------------------------

    async def dial(self, dial: Dial, on_progress: Callable[[DialProgress], None]) -> DialResult:
        """See the port. Cancelling hangs up the leg and waits for the channel to be back."""
        music_class = self._class
        heard = self._sound_of(dial.music) if dial.music else RING_TONE
        target = bridge_string(
            dial, owner=self._uuid, call=self._call, heard=heard, path=self._path
        )
        watch = self._switch.watch(self._arrival.leg, numbers(dial), on_progress)
        self._watch = watch
        try:
            await self.stop_music()
            await self._let_dial(target, heard, early=bool(dial.music))
            await first_of(self._back, self.ended)
            await self._check()
            self._back.result()
            result = watch.settle(self._facts.result(self._node, self._clock.now()))
            await self._after_dial(result.status is DialStatus.ANSWER, music_class)
            return result
        except asyncio.CancelledError:
            watch.call_off()
            await first_of(self._back, self.ended, within=_CALL_OFF_SECONDS)
            if self._back.done() and not self.ended.done():
                await self._after_dial(False, music_class)
            raise
        finally:
            self._away = self._watch = None
            self._switch.unwatch(self._arrival.leg)

    @property
    def _back(self) -> "asyncio.Future[Connection]":
        assert self._away is not None  # noqa: S101 - during a dial only
        return self._away

    async def _let_dial(self, target: str, heard: str, *, early: bool) -> None:
        """Say what is to be bridged, and let go."""
        await self._check()
        await self._variables(
            cc_next="dial",
            cc_dial=target,
            cc_dialling="1",
            cc_answered="",
            cc_dial_end="",
            originate_disposition="",
            ringback=heard if early or self._answered else "",
            transfer_ringback=heard,
            instant_ringback="true" if early or self._answered else "false",
        )
        self._away = asyncio.get_running_loop().create_future()
        with suppress(NodeLost):  # it was cut while it replied: as good
            await self._connection.ask("exit")

    async def _after_dial(self, talked: bool, music_class: str) -> None:
        """The result is ours: a next engine shall not get it again. Music that was on goes on."""
        await self._variables(cc_dialling="")
        if talked:
            self._answered = True
        elif music_class:
            await self.music(music_class)

    async def pick_up(self, leg: LegId) -> bool:
        """See the port. This channel is the leg of the caller's talk from then on."""
        ringing = local_name(leg, self._node)
        if not await self._switch.may_pick_up(leg, self._arrival):
            return False
        await self._variables(
            api_hangup_hook=NO_NOTE,
            intercept_unanswered_only="true",
            cc_party=self._arrival.endpoint,
        )
        done = await self._begin("intercept", ringing)
        await first_of(done, self.ended, within=_PICK_UP_SECONDS)
        if done.done() and not self.ended.done():
            return False
        self._finish(Ended(cause=Cause.NORMAL))
        return True

    async def record(self, path: Path) -> None:
        """See the port. Two recordings: what comes from the caller, what goes to it."""
        self._require_plain(path)
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        for side, only in zip(record_sides(path), ("READ", "WRITE"), strict=True):
            await self._variables(**{f"RECORD_{only}_ONLY": "true", "RECORD_BRIDGE_REQ": "true"})
            await self._run("record_session", str(side))
            await self._variables(**{f"RECORD_{only}_ONLY": ""})

    @staticmethod
    def _require_plain(path: Path) -> None:
        if not path.is_absolute() or _BREAKS_PATH.search(str(path)):
            raise PbxProblem(
                f"Nothing can be recorded to {path}: choose a folder of plain letters."
            )

    async def stop_recording(self) -> None:
        """See the port."""
        await self._check()
        await self._run("stop_record_session", "all")


@cache
def _ring_file(music_class: str, folders: tuple[Path, ...]) -> str:
    """The prompt behind a colour ring: a blank in its name may be a ``-`` or a ``/``."""
    for folder in folders:
        for file in folder.glob("*/**/*.wav"):
            prompt = Prompt(str(file.relative_to(folder).with_suffix("")))
            if colour_ring(prompt) == music_class:
                return str(file)
    return ""
