"""Tenants' prompts as administrators handle them: speak, upload, list, take back.

:class:`PromptDesk` works on database and files (blocking) and serves the command line where no
engine runs; :class:`EnginePrompts` is the same for a running engine, heard in the next call.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine as Database

from callcenter.engine import Engine
from callcenter.ivr import upload
from callcenter.ivr.prompt_store import PromptStore
from callcenter.ivr.prompts import BadPrompt, Origin, PromptVersion, check_place
from callcenter.ivr.speech import Espeak, Speaker
from callcenter.kernel.actor import require_own, sees
from callcenter.kernel.errors import NotFound
from callcenter.numbers import load_numbers
from callcenter.services.faults import told

_MOST_TEXT = 2000


@dataclass(frozen=True, kw_only=True)
class Sounds:
    """Where built-in prompts are, how a program (sox, espeak-ng) is run, and who speaks.

    ``voice`` takes the place of espeak-ng when it is given.
    """

    built_in: Path
    program: Callable[[str], Sequence[str]]
    voice: Speaker | None = None

    @property
    def speaker(self) -> Speaker:
        """The speech engine."""
        return self.voice or Espeak(self.program("espeak-ng"))


def spoken(sounds: Sounds, language: str, text: str) -> bytes:
    """A text as the speech engine says it, as WAV of its own rate (blocking)."""
    text = " ".join(text.split())
    if not text or len(text) > _MOST_TEXT or not text.isprintable():
        raise BadPrompt(f"Give a text of 1 to {_MOST_TEXT} readable characters.")
    return sounds.speaker.speak(text, language)


class PromptDesk:
    """Blocking. Where only one tenant is set up, its name and language may be left empty."""

    def __init__(self, database: Database, folder: Path, sounds: Sounds) -> None:
        self._database = database
        self._store = PromptStore(database, folder)
        self._sounds = sounds

    @told
    def versions(self, tenant: str = "", name: str = "") -> list[PromptVersion]:
        """All versions, or those of a tenant or prompt; newest last."""
        return [found for found in self._store.versions(tenant, name) if sees(found.tenant)]

    @told
    def number(self, tenant: str, name: str) -> int:
        """Short number of a prompt on the prompt line; it gets one when it has none."""
        tenant, _ = self._place(tenant, name, "")
        return self._store.number(tenant, name)

    @told
    def upload(self, tenant: str, name: str, language: str, audio: bytes, by: str) -> PromptVersion:
        """Keep a sound file of any kind sox reads."""
        tenant, language = self._place(tenant, name, language)
        voice = upload.convert(audio, sox=self._sounds.program("sox"))
        return self._store.keep(
            tenant, name, language, voice, origin=Origin.FILE, by=by, at=datetime.now(UTC)
        )

    @told
    def speak(self, tenant: str, name: str, language: str, text: str, by: str) -> PromptVersion:
        """Keep a text as spoken."""
        tenant, language = self._place(tenant, name, language)
        said = spoken(self._sounds, language, text)
        voice = upload.from_speech(said, sox=self._sounds.program("sox"))
        return self._store.keep(
            tenant,
            name,
            language,
            voice,
            origin=Origin.TEXT,
            by=by,
            at=datetime.now(UTC),
            text=text,
        )

    @told
    def use(self, tenant: str, name: str, language: str, version: int) -> PromptVersion:
        """Put an older version in force."""
        tenant, language = self._place(tenant, name, language)
        return self._store.use(tenant, name, language, version)

    @told
    def remove(self, tenant: str, name: str, language: str) -> int:
        """Forget a prompt (``language`` empty: in all); says how many versions."""
        owner, _ = self._place(tenant, name, language)
        return self._store.remove(owner, name, language)

    @told
    def audio(self, tenant: str, name: str, language: str, version: int) -> Path:
        """The file a caller hears: the tenant's version (0: in force), else the built-in one."""
        tenant, language = self._place(tenant, name, language)
        try:
            return self._store.file(self._store.version(tenant, name, language, version))
        except NotFound:
            file = self._sounds.built_in / language / f"{name}.wav"
            if version or not file.is_file():
                raise
            return file

    def _place(self, tenant: str, name: str, language: str) -> tuple[str, str]:
        """Whose prompt and in which language; the only tenant and its language need no naming."""
        with self._database.connect() as connection:
            tenants = load_numbers(connection).tenants
        known = {name: found for name, found in tenants.items() if sees(name)}
        owner = tenant or (next(iter(known)) if len(known) == 1 else "")
        names = ", ".join(sorted(known)) or "none yet"
        if not owner:
            raise NotFound(f"Say whose prompt this is, one of: {names}.")
        if owner not in known:
            raise NotFound(f"There is no tenant {owner!r}; there are: {names}.")
        require_own(owner, "")
        language = language or known[owner].language
        check_place(owner, name, language)
        return owner, language


class EnginePrompts:
    """See :class:`callcenter.web.prompts.Prompts`."""

    def __init__(self, engine: Engine, desk: PromptDesk) -> None:
        self._engine = engine
        self._desk = desk

    async def versions(self, tenant: str, name: str) -> list[PromptVersion]:
        """All versions, or those of a tenant or prompt."""
        return await asyncio.to_thread(self._desk.versions, tenant, name)

    async def number(self, tenant: str, name: str) -> int:
        """Short number of a prompt."""
        found = await asyncio.to_thread(self._desk.number, tenant, name)
        await self._engine.reload_prompts()
        return found

    async def upload(
        self, tenant: str, name: str, language: str, audio: bytes, by: str
    ) -> PromptVersion:
        """Keep a sound file."""
        done = await asyncio.to_thread(self._desk.upload, tenant, name, language, audio, by)
        await self._engine.reload_prompts()
        return done

    async def speak(
        self, tenant: str, name: str, language: str, text: str, by: str
    ) -> PromptVersion:
        """Keep a text as spoken."""
        done = await asyncio.to_thread(self._desk.speak, tenant, name, language, text, by)
        await self._engine.reload_prompts()
        return done

    async def use(self, tenant: str, name: str, language: str, version: int) -> PromptVersion:
        """Put an older version in force."""
        done = await asyncio.to_thread(self._desk.use, tenant, name, language, version)
        await self._engine.reload_prompts()
        return done

    async def remove(self, tenant: str, name: str, language: str) -> int:
        """Forget a prompt."""
        done = await asyncio.to_thread(self._desk.remove, tenant, name, language)
        await self._engine.reload_prompts()
        return done

    async def audio(self, tenant: str, name: str, language: str, version: int) -> bytes:
        """The sound as WAV."""
        file = await asyncio.to_thread(self._desk.audio, tenant, name, language, version)
        return await asyncio.to_thread(file.read_bytes)
