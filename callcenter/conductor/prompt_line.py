"""The prompt line: an administrator dials in, gives number and PIN, and records prompts.

Listen, record, listen again, keep: the next word spoken to any caller of that tenant is the new
one. Speaks to the caller's channel, to the store of prompts and to the seats' PINs.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog

from callcenter.conductor.pin_lock import PinLock
from callcenter.ivr.prompt_store import PromptStore
from callcenter.ivr.prompts import Origin, PromptBook
from callcenter.kernel import sound
from callcenter.kernel.clock import Clock
from callcenter.kernel.folders import make_private
from callcenter.kernel.ids import new_id
from callcenter.kernel.pins import pin_matches
from callcenter.kernel.sound import Voice
from callcenter.pbx.port import Channel, Prompt
from callcenter.snapshot import CurrentSnapshot

_log = structlog.get_logger(__name__)
_TRIES = 3
_FIRST = timedelta(seconds=10)
_BETWEEN = timedelta(seconds=5)
_LONGEST = timedelta(minutes=3)
_SILENCE = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class Studio:
    """What every call to the prompt line shares; ``changed`` brings what was kept into force."""

    store: PromptStore
    folder: Path
    lock: PinLock
    clock: Clock
    snapshot: CurrentSnapshot
    changed: Callable[[], Awaitable[None]]

    @property
    def book(self) -> PromptBook:
        """The prompts in force."""
        return self.snapshot.now.prompts

    async def tenant_of(self, number: str, pin: str) -> str:
        """Tenant of the seat with this number and PIN; "" when one of them is wrong."""
        seat = self.snapshot.now.plan.seats.get(number)
        if seat is None:
            return ""
        right = await asyncio.to_thread(pin_matches, seat.pin_hash, pin)
        return seat.tenant if right else ""


@dataclass
class _Take:
    """What was recorded and not yet kept."""

    prompt: Prompt
    file: Path
    voice: Voice | None = field(default=None)


class PromptLine:
    """One call to the line."""

    def __init__(self, studio: Studio, channel: Channel, language: str) -> None:
        self._studio = studio
        self._channel = channel
        self._language = language
        self._who = ""

    async def run(self) -> None:
        """From the PIN to the goodbye."""
        tenant = await self._identify()
        while tenant and (name := await self._choose(tenant)):
            await self._work_on(tenant, name)
        await self._say("goodbye")

    async def work_on(self, tenant: str, name: str, *, by: str) -> None:
        """One prompt of somebody who is known already: listen, record, keep."""
        self._who = by
        await self._work_on(tenant, name)

    async def _identify(self) -> str:
        lock = self._studio.lock
        for _ in range(_TRIES):
            number = await self._ask("agent-number")
            pin = await self._ask("agent-pin")
            if lock.locked(number):
                _log.warning("prompt line is locked", number=number)
                await self._say("pin-locked")
                return ""
            if tenant := await self._studio.tenant_of(number, pin):
                lock.right(number)
                self._who = number
                return tenant
            lock.wrong(number)
            _log.warning("prompt line refused", number=number)
            await self._say("login-failed")
        return ""

    async def _choose(self, tenant: str) -> str:
        """Name of the prompt to work on; "" when the caller has had enough."""
        for _ in range(_TRIES):
            keys = await self._ask("prompt-line-number")
            if name := self._studio.book.name_of(tenant, keys):
                return name
            if keys:
                await self._say("prompt-unknown")
        return ""

    async def _work_on(self, tenant: str, name: str) -> None:
        """The menu of one prompt; star leads to another one, silence ends."""
        folder = self._studio.folder / self._language / "tenant" / tenant / "takes"
        await asyncio.to_thread(make_private, folder)
        mark = new_id("t")
        take = _Take(
            prompt=Prompt(f"{self._language}/tenant/{tenant}/takes/{mark}"),
            file=folder / f"{mark}.wav",
        )
        try:
            silent = 0
            while silent < _TRIES:
                key = await self._key("prompt-line-menu")
                silent = 0 if key else silent + 1
                match key:
                    case "1":
                        await self._listen(tenant, name, take)
                    case "2":
                        await self._record(take)
                    case "3":
                        await self._keep(tenant, name, take)
                    case "*":
                        return
        finally:
            await asyncio.to_thread(take.file.unlink, missing_ok=True)

    async def _listen(self, tenant: str, name: str, take: _Take) -> None:
        """The take, or what callers hear now."""
        now = self._studio.book.find(tenant, Prompt(f"{self._language}/{name}"))
        await self._channel.play([take.prompt if take.voice else now], stop_on="0123456789*#")

    async def _record(self, take: _Take) -> None:
        await self._say("prompt-record")
        raw = take.file.with_name(f"{take.file.stem}-raw.wav")
        try:
            await self._channel.record_message(
                raw,
                most=_LONGEST,
                silence=_SILENCE,
                stop_on="0123456789*#",
                beep=self._prompt("beep"),
            )
            take.voice = await asyncio.to_thread(_cleaned, raw, take.file)
        finally:
            await asyncio.to_thread(raw.unlink, missing_ok=True)
        if take.voice is None:
            await self._say("prompt-nothing")
        else:
            await self._channel.play([take.prompt], stop_on="0123456789*#")

    async def _keep(self, tenant: str, name: str, take: _Take) -> None:
        voice = take.voice
        if voice is None:
            await self._say("prompt-nothing")
            return
        version = await asyncio.to_thread(
            lambda: self._studio.store.keep(
                tenant,
                name,
                self._language,
                voice,
                origin=Origin.PHONE,
                by=f"seat {self._who}",
                at=self._studio.clock.now(),
            )
        )
        await self._studio.changed()
        take.voice = None
        _log.info("prompt recorded", tenant=tenant, name=name, version=version.version)
        await self._say("prompt-kept")

    async def _ask(self, prompt: str) -> str:
        digits = await self._channel.read_digits(
            [self._prompt(prompt)], most=12, first=_FIRST, between=_BETWEEN
        )
        return digits.keys

    async def _key(self, prompt: str) -> str:
        digits = await self._channel.read_digits(
            [self._prompt(prompt)], most=1, first=_FIRST, between=_BETWEEN, end=""
        )
        return digits.keys

    async def _say(self, *prompts: str) -> None:
        await self._channel.play([self._prompt(prompt) for prompt in prompts])

    def _prompt(self, name: str) -> Prompt:
        return Prompt(f"{self._language}/{name}")


def _cleaned(raw: Path, file: Path) -> Voice | None:
    try:
        voice = sound.cleaned(sound.read(raw))
    except (FileNotFoundError, ValueError):
        return None
    if voice is not None:
        voice.save(file)
    return voice
