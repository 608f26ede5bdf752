"""Spoken answers: recorded on the caller's channel, kept as files below one folder."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from callcenter.kernel.clock import Clock
from callcenter.kernel.folders import make_private
from callcenter.kernel.ids import new_id
from callcenter.pbx.port import Channel, Hangup, Prompt
from callcenter.records.spoken import keep_spoken

_SILENCE = timedelta(seconds=5)


class Comments:
    """The folder of comments."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock

    async def take(
        self, channel: Channel, *, language: str, longest: timedelta, kept: Callable[[str], None]
    ) -> bool:
        """Beep and record; ``kept`` gets the path, "" when nothing was said.

        It gets it also when the caller hangs up while speaking, before :class:`Hangup` goes on.
        """
        try:
            await channel.play([Prompt(f"{language}/beep")])
        except Hangup:
            kept("")
            raise
        name = new_id("k")
        path = f"{self._clock.now():%Y/%m/%d}/{name}.wav"
        raw = self.folder / "taking" / f"{name}.wav"
        await asyncio.to_thread(make_private, raw.parent)
        try:
            await channel.record_message(raw, most=longest, silence=_SILENCE)
        except Hangup:  # has spoken; who is to come back to us is asked again
            await self._keep(raw, path, kept)
            raise
        return await self._keep(raw, path, kept)

    async def _keep(self, raw: Path, path: str, kept: Callable[[str], None]) -> bool:
        seconds = await asyncio.to_thread(keep_spoken, raw, self.folder / path)
        kept(path if seconds else "")
        return seconds > 0
