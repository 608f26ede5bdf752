"""A caller's channel under our script, as the port wants it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from callcenter.pbx import checked
from callcenter.pbx.causes import Cause
from callcenter.pbx.fake.phones import PROMPT_SECONDS, FakeCaller, FakePhone
from callcenter.pbx.fake.tapes import voice
from callcenter.pbx.keys import ALL_KEYS, Limits, collect
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
    LegRefused,
    NodeLost,
    Prompt,
    Recorded,
)

if TYPE_CHECKING:
    from callcenter.pbx.fake.node import FakePbx

__all__ = ["PROMPT_SECONDS", "FakeChannel", "voice"]

T = TypeVar("T")


class FakeChannel:
    """A caller's channel under our script; one script at a time."""

    def __init__(self, pbx: "FakePbx", caller: FakeCaller, arrival: Arrival) -> None:
        self._pbx = pbx
        self._caller = caller
        self._arrival = arrival
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._find: Callable[[Prompt], Prompt] = lambda prompt: prompt

    @property
    def arrival(self) -> Arrival:
        """Who calls, whom, and what was before."""
        return self._arrival

    def cut(self, why: NodeLost | Hangup | None = None) -> None:
        """Break the script's connection; the caller stays."""
        if not self._lost.done():
            self._why: NodeLost | Hangup = why or NodeLost("the connection to the fake PBX was cut")
            self._lost.set_result(None)

    async def adopt(self, call: str) -> None:
        """See the port."""
        await self._here()
        self._caller.call = call
        self._caller.sent = ("", "")

    async def ring(self) -> None:
        """See the port."""
        await self._here()

    async def answer(self) -> None:
        """See the port."""
        await self._here()
        self._caller.answered = True

    async def reject(self, cause: Cause) -> None:
        """See the port."""
        await self._here()
        if not self._caller.answered:
            self._caller.refused = cause
        self._caller.end(cause)

    def use_prompts(self, find: Callable[[Prompt], Prompt]) -> None:
        """See the port."""
        self._find = find

    async def play(self, prompts: Sequence[Prompt], *, stop_on: str = "") -> str:
        """See the port."""
        if prompts:
            self._caller.music = None
        for prompt in prompts:
            self._caller.heard.append(self._find(prompt).partition("/")[2])
            key = await self._key(PROMPT_SECONDS, stop_on) if stop_on else ""
            if key:
                return key
            if not stop_on:
                await self._here(PROMPT_SECONDS)
        return ""

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
        return await self._key(wait.total_seconds(), ALL_KEYS)

    async def record_message(
        self,
        path: Path,
        *,
        most: timedelta,
        silence: timedelta,
        stop_on: str = "#",
        beep: Prompt | None = None,
    ) -> Recorded:
        """See the port. What the caller says is told by :meth:`FakeCaller.says`."""
        await self.play([beep] if beep else [])
        spoken = self._caller.spoken.popleft() if self._caller.spoken else 0.0
        begun = self._pbx.clock.monotonic()
        patience = min(most.total_seconds(), spoken + silence.total_seconds())
        key = ""
        try:
            key = await self._key(patience, stop_on)
        finally:
            seconds = self._pbx.clock.monotonic() - begun
            path.write_bytes(  # noqa: ASYNC240  small, and the fake is for tests
                voice(min(spoken, seconds), max(0.0, seconds - spoken))
            )
        return Recorded(seconds=seconds, key=key)

    async def music(self, music_class: str) -> None:
        """See the port."""
        await self._here()
        self._caller.music = music_class

    async def stop_music(self) -> None:
        """See the port."""
        await self._here()
        self._caller.music = None

    async def dial(self, dial: Dial, on_progress: Callable[[DialProgress], None]) -> DialResult:
        """See the port."""
        await self._here()
        checked.parties(dial)
        checked.apart(dial, str)
        self._caller.presented = dial.presents or self._arrival.caller
        self._caller.music = dial.music or None
        found = [self._pbx.party(party) for party in dial.everyone]
        refusals = [_refusal(phone) for phone in found]
        free = [phone for phone, refusal in zip(found, refusals, strict=True) if refusal is None]
        if not free:
            busy = DialStatus.BUSY in refusals
            return DialResult(status=DialStatus.BUSY if busy else DialStatus.UNREACHABLE)
        ring = self._pbx.ring(free, dial, self._caller, on_progress)
        for phone, refusal in zip(found, refusals, strict=True):
            if refusal is not None:
                at, party = self._pbx.clock.now(), phone.extension
                on_progress(LegRefused(leg=None, at=at, party=party, status=refusal))
        self._caller.ring = ring
        try:
            result = await self._until_gone(asyncio.shield(ring.result))
        except asyncio.CancelledError:
            ring.end(DialStatus.CANCELLED)
            raise
        self._caller.ring = None
        return result

    async def pick_up(self, leg: LegId) -> bool:
        """See the port."""
        await self._here()
        if not self._pbx.pick_up(leg, self._caller):
            return False
        self.cut(Hangup(Ended(cause=Cause.NORMAL)))
        return True

    async def record(self, path: Path) -> None:
        """See the port."""
        await self._here()
        self._caller.record(path)

    async def stop_recording(self) -> None:
        """See the port."""
        await self._here()
        self._caller.stop_recording()

    async def gone(self) -> Ended:
        """See the port."""
        if self._lost.done() and isinstance(self._why, Hangup):
            return self._why.ended
        return await asyncio.shield(self._caller.gone)

    async def release(self, cause: Cause) -> None:
        """See the port."""
        if not (self._lost.done() and isinstance(self._why, Hangup)):
            self._caller.end(cause)

    async def _key(self, seconds: float, accepted: str) -> str:
        deadline = self._pbx.clock.monotonic() + seconds
        while True:
            while self._caller.keys:
                key = self._caller.keys.popleft()
                if key in accepted:
                    return key
            self._caller.pressed.clear()
            left = deadline - self._pbx.clock.monotonic()
            if left <= 0:
                return ""
            waiting = asyncio.wait_for(self._caller.pressed.wait(), left)
            try:
                await self._until_gone(waiting)
            except TimeoutError:
                return ""

    async def _here(self, seconds: float = 0) -> None:
        await self._until_gone(asyncio.sleep(seconds))

    async def _until_gone(self, awaitable: Awaitable[T]) -> T:
        work = asyncio.ensure_future(awaitable)
        try:
            futures: set[asyncio.Future[Any]] = {work, self._caller.gone, self._lost}
            await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
            if self._lost.done():
                raise self._why
            if self._caller.gone.done():
                raise Hangup(self._caller.gone.result())
            return work.result()
        finally:
            work.cancel()


def _refusal(phone: FakePhone) -> DialStatus | None:
    """What a phone says that does not even ring."""
    if not phone.registered:
        return DialStatus.UNREACHABLE
    return DialStatus.BUSY if len(phone.rings_now) >= phone.most_calls else None
