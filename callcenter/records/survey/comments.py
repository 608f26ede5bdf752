"""Spoken answers: recorded on the caller's channel, kept encrypted below one folder."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from callcenter.kernel.clock import Clock
from callcenter.kernel.folders import make_private
from callcenter.kernel.ids import new_id
from callcenter.pbx.port import Channel, Hangup, Prompt
from callcenter.records.sounds import SpokenSounds, forget
from callcenter.records.vault import SUFFIX

_SILENCE = timedelta(seconds=5)
_SWEEP_SECONDS = 900.0


class Comments:
    """The comments of one engine."""

    def __init__(self, sounds: SpokenSounds, clock: Clock) -> None:
        self.sounds = sounds
        self._clock = clock

    async def take(
        self,
        channel: Channel,
        tenant: str,
        *,
        language: str,
        longest: timedelta,
        kept: Callable[[str], None],
    ) -> bool:
        """Beep and record; ``kept`` gets the path, "" when nothing was said.

        It gets it also when the caller hangs up while speaking, before :class:`Hangup` goes on.
        """
        beep = Prompt(f"{language}/beep")
        name = new_id("k")
        path = f"{self._clock.now():%Y/%m/%d}/{name}{SUFFIX}"
        raw = self.sounds.taking(name)
        await asyncio.to_thread(make_private, raw.parent)
        try:
            await channel.record_message(raw, most=longest, silence=_SILENCE, beep=beep)
        except Hangup:  # has spoken; who is to come back to us is asked again
            await self._keep(raw, tenant, path, kept)
            raise
        return await self._keep(raw, tenant, path, kept)

    async def _keep(self, raw: Path, tenant: str, path: str, kept: Callable[[str], None]) -> bool:
        seconds = await asyncio.to_thread(self.sounds.keep, raw, tenant, path)
        kept(path if seconds else "")
        await asyncio.to_thread(forget, raw)
        return seconds > 0

    async def sweep(self) -> None:
        """For ever: encrypt what had to wait."""
        while True:
            await asyncio.to_thread(self.sounds.seal_what_waits)
            await self._clock.sleep(_SWEEP_SECONDS)
