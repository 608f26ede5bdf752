"""The caller's ears and keys, as the walker uses them: prompts, type-ahead, music while we wait.

A key pressed during a prompt ends it and counts at the next question; further keys stay where the
PBX keeps them until they are asked for.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from callcenter.pbx.port import Channel, Hangup, Prompt

T = TypeVar("T")
KEYS = "0123456789*#"


class Ears:
    """One caller's channel in one language. ``language`` may be set at any time."""

    def __init__(self, channel: Channel, language: str) -> None:
        self.language = language
        self._channel = channel
        self._ahead = ""  # keys pressed before the question that they are for

    async def play(self, prompts: Sequence[str], *, barge_in: bool = False) -> None:
        """Play; with ``barge_in`` a key ends it and is kept, and one pressed before skips it."""
        if not prompts or (barge_in and self._ahead):
            return
        self._ahead += await self._channel.play(
            self._spoken(prompts), stop_on=KEYS if barge_in else ""
        )

    async def key(self, prompts: Sequence[str], wait: float, *, barge_in: bool = True) -> str:
        """One key, "" for none within ``wait`` seconds after the prompts."""
        return await self.digits(
            prompts, most=1, first=wait, between=wait, end="", barge_in=barge_in
        )

    async def digits(
        self,
        prompts: Sequence[str],
        *,
        most: int,
        first: float,
        between: float,
        end: str = "#",
        barge_in: bool = True,
    ) -> str:
        """Up to ``most`` keys, those pressed ahead first; ``end`` ends and is not among them."""
        if not barge_in:
            await self.play(prompts)
            prompts = ()
        keys, whole = self._from_ahead(most, end)
        if whole:
            return keys
        more = await self._channel.read_digits(
            [] if keys else self._spoken(prompts),
            most=most - len(keys),
            first=timedelta(seconds=between if keys else first),
            between=timedelta(seconds=between),
            end=end,
        )
        return keys + more.keys

    async def meanwhile(
        self, work: Coroutine[Any, Any, T], prompts: Sequence[str], music: str, most: float
    ) -> T:
        """Do ``work`` while the caller hears prompts, then music.

        Raises:
            TimeoutError: it was not done within ``most`` seconds.
        """
        task = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(self._channel.gone())
        try:
            async with asyncio.timeout(most) as limit:
                if prompts:
                    limit.reschedule(None)  # the prompts are not the service's time
                    await self.play(prompts)
                    limit.reschedule(asyncio.get_running_loop().time() + most)
                if not task.done():
                    await self._channel.music(music)
                    await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                raise Hangup(gone.result())
            await self._channel.stop_music()
            return task.result()
        finally:
            task.cancel()
            gone.cancel()

    def _from_ahead(self, most: int, end: str) -> tuple[str, bool]:
        """Keys from those pressed ahead, and whether they are all that is wanted."""
        for position, key in enumerate(self._ahead):
            if key in end or position == most:
                keys = self._ahead[:position]
                self._ahead = self._ahead[position + (key in end) :]
                return keys, True
        keys, self._ahead = self._ahead, ""
        return keys, len(keys) == most

    def _spoken(self, prompts: Sequence[str]) -> list[Prompt]:
        return [Prompt(f"{self.language}/{prompt}") for prompt in prompts]
