"""What a caller hears and presses on FreeSWITCH: prompts, keys, music, a spoken message.

Base of :class:`FreeswitchChannel`; what plays is ended by ``uuid_break`` and tells its end itself.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path

import structlog

from callcenter.kernel.clock import Clock
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import checked
from callcenter.pbx.freeswitch.connection import Connection
from callcenter.pbx.freeswitch.dialstring import BREAKS_WORD, RING_TONE
from callcenter.pbx.freeswitch.esl_wire import EslEvent
from callcenter.pbx.freeswitch.script import Script, Switch, first_of
from callcenter.pbx.keys import ALL_KEYS, Limits, collect, only_keys
from callcenter.pbx.port import Arrival, Digits, Hangup, Prompt, Recorded, colour_ring
from callcenter.pbx.sounds import Sounds

_RING, _STREAM = "ring-", "local_stream://"
_MUSIC = "cc_music"  # what is, or was last, played over and over
_COVER_SECONDS = "2"  # at most; FreeSWITCH counts begun ones
_BEEP = "record_indication"  # what is played as a recording begins: it is running meanwhile
_LOUD = 200  # of 32767: what counts as a voice
_KEEP_LATE = "pause"  # the jitter buffer that nobody has: else a packet that is late is thrown away
_log = structlog.get_logger(__name__)


class Speaking(Script):
    """``hears`` is whether the caller hears us, answered or by early media."""

    def __init__(
        self,
        connection: Connection,
        arrival: Arrival,
        *,
        switch: Switch,
        clock: Clock,
        sounds: Sounds,
        hears: bool,
    ) -> None:
        self._sounds = sounds
        self._class = ""
        self._cover = ""  # what was laid over the music as it began
        self._music: asyncio.Future[EslEvent] | None = None
        self._hears = hears
        self._turn = asyncio.Lock()  # of whoever begins or stops music
        super().__init__(connection, arrival, switch=switch, clock=clock)
        if hears and arrival.call:
            self._beside(self._goes_on())

    async def _goes_on(self) -> None:
        """The music that was on while no engine was there, until this one has decided."""
        with suppress(PbxProblem, Hangup):
            async with self._turn:  # before the script comes to it: it is not handed over yet
                sound = (await self._api("uuid_getvar", self._uuid, _MUSIC)).strip()
                if not sound.startswith(_STREAM):
                    return
                # A stream begins with a quarter of a second of silence; laid over, it does not.
                self._cover = sound
                await self._displace("start", sound, _COVER_SECONDS)
                music = self._music = await self._begin("playback", sound)
            await self._over_and_over(sound, music)

    def use_prompts(self, find: Callable[[Prompt], Prompt]) -> None:
        """See the port."""
        self._sounds.find = find

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
        path = self._sounds.file(prompt)
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
            if why := _fault(await done):
                _log.error("a prompt could not be played", prompt=prompt, path=path, why=why)
            return ""
        except asyncio.CancelledError:
            await self._break_off(done)
            raise
        finally:
            key.cancel()

    async def _key_of(self, keys: str) -> str:
        while True:
            key = await self._keys.get()
            if key and key in only_keys(keys):
                return key

    def _forget_keys(self) -> None:
        while not self._keys.empty():
            self._keys.get_nowait()

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
        self,
        path: Path,
        *,
        most: timedelta,
        silence: timedelta,
        stop_on: str = "#",
        beep: Prompt | None = None,
    ) -> Recorded:
        """See the port."""
        checked.plain_path(path, refused=BREAKS_WORD)
        self._forget_keys()
        await self.stop_music()
        seconds = math.ceil(most.total_seconds())
        quiet = max(1, math.ceil(silence.total_seconds()))
        await self._run("set", f"{_BEEP}={self._sounds.file(beep) if beep else ''}")
        await self._run("jitterbuffer", _KEEP_LATE)
        await self._run("sleep", "20")  # what waits in the socket since the answer is dropped here
        begun = self._clock.monotonic()
        done = await self._begin("record", f"{path} {seconds} {_LOUD} {quiet}")
        key = asyncio.ensure_future(self._key_of(stop_on))
        try:
            await first_of(done, key, self.ended, within=most.total_seconds())
            if done.done() and done.result().get("Answer-State") == "hangup":
                await self._settled()  # its end is told before that of the call
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
        if not self._hears:  # an unanswered caller hears nothing without early media
            await self._run("pre_answer")
            self._hears = True
        await self._variables(**{_MUSIC: sound})
        self._music = await self._begin("playback", sound)
        self._class = music_class
        self._beside(self._over_and_over(sound, self._music))

    async def _over_and_over(self, sound: str, music: "asyncio.Future[EslEvent]") -> None:
        """FreeSWITCH's own endless playback does not tell the keys that are pressed."""
        with suppress(PbxProblem, Hangup):
            while True:
                await first_of(music, self.ended)
                async with self._turn:
                    if self._music is not music or not music.done():
                        return
                    if why := _fault(music.result()):
                        _log.error("music could not be played", sound=sound, why=why)
                        return
                    music = self._music = await self._begin("playback", sound)

    async def stop_music(self) -> None:
        """See the port."""
        async with self._turn:
            music, self._music, self._class = self._music, None, ""
            cover, self._cover = self._cover, ""
            if cover:
                await self._displace("stop", cover)
            if music is not None and not music.done():
                await self._break_off(music)
        await self._check()

    async def _displace(self, *words: str) -> None:
        await self._api("uuid_displace", self._uuid, *words)

    def _sound_of(self, music_class: str) -> str:
        """What a class plays over and over; see :func:`callcenter.pbx.port.colour_ring`."""
        checked.music_name(music_class)
        if not music_class.startswith(_RING):
            return f"{_STREAM}{music_class}"
        return _ring_file(music_class, (self._sounds.built_in, self._sounds.tenants)) or RING_TONE


def _fault(played: EslEvent) -> str:
    """Why a sound was not played, if it was not; nobody there to hear it is no fault."""
    if played.get("Answer-State") == "hangup":
        return ""
    told = played.get("Application-Response")
    return told if "ERROR" in told or "NOT" in told else ""


@cache
def _ring_file(music_class: str, folders: tuple[Path, ...]) -> str:
    """The prompt behind a colour ring: a blank in its name may be a ``-`` or a ``/``."""
    for folder in folders:
        for file in folder.glob("*/**/*.wav"):
            prompt = Prompt(str(file.relative_to(folder).with_suffix("")))
            if colour_ring(prompt) == music_class:
                return str(file)
    return ""
