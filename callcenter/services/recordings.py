"""Recordings as people handle them: search, hear, check, hold, remove. Blocking desk, and async.

Whoever asks sees recordings of their own tenants only (``kernel/actor.py``).
"""

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Engine as Database

from callcenter.engine import Engine
from callcenter.kernel.actor import Role, acting, require_own, require_platform
from callcenter.kernel.errors import NotFound, Refused
from callcenter.records.backup import Backup, BackupStatus, backup_status
from callcenter.records.keys import KeyRing, NoKey
from callcenter.records.model import Recording, RecordingState
from callcenter.records.recording_store import (
    Wanted,
    change_recording,
    find_recordings,
    get_recording,
    mark_held,
    mark_removed,
)
from callcenter.records.storage import Storage
from callcenter.records.vault import Damaged, Opened, stored_hash
from callcenter.services.faults import told
from callcenter.settings import Settings
from callcenter.web.recordings import Check


class RecordingDesk:
    """Blocking."""

    def __init__(self, database: Database, storage: Storage, keys: KeyRing, copies: Backup) -> None:
        self._database, self._storage, self._copies = database, storage, copies
        self._folder = storage.folder
        self._keys = keys

    @told
    def find(self, wanted: Wanted) -> list[Recording]:
        """Newest first."""
        mine = replace(wanted, tenants=acting.get().tenants)
        with self._database.connect() as connection:
            return find_recordings(connection, mine)

    @told
    def one(self, name: str) -> Recording:
        """One part.

        Raises:
            NotFound: there is none of that name.
        """
        sentence = f"There is no recording {name!r}."
        with self._database.connect() as connection:
            found = get_recording(connection, name)
        if found is None:
            raise NotFound(sentence)
        require_own(found.tenant, sentence)
        return found

    @told
    def open(self, name: str) -> "Sound":
        """Its sound, decrypted while it is read.

        Raises:
            NotFound: it was removed, or nothing was said.
            Refused: it is not kept yet.
            Damaged: the file is not what was stored.
        """
        found = self.one(name)
        if found.state is RecordingState.RAW:
            raise Refused(f"Recording {name} is not kept yet; ask again in a moment.")
        if found.state is RecordingState.REMOVED:
            raise NotFound(
                f"Recording {name} was removed on {found.removed_at:%Y-%m-%d}: {found.removed_why}."
            )
        if found.state is RecordingState.EMPTY:
            raise NotFound(f"Nothing was said in recording {name}.")
        return Sound(found, Opened(self._folder / found.path, self._keys.key))

    @told
    def check(self, name: str) -> Check:
        """Whether file and sound are what was kept."""
        found = self.one(name)
        if found.state is not RecordingState.KEPT:
            return Check(id=name, ok=True, state=found.state, why="")
        return Check(id=name, state=found.state, ok=not (why := self._wrong(found)), why=why)

    def _wrong(self, found: Recording) -> str:
        path = self._folder / found.path
        try:
            if stored_hash(path) != found.stored_sha256:
                return f"{path} is not what was stored: its SHA-256 is another"
            plain = hashlib.sha256()
            for chunk in Opened(path, self._keys.key).read():
                plain.update(chunk)
        except FileNotFoundError:
            return f"{path} is gone"
        except OSError as error:
            return f"{path} cannot be read: {error.strerror}"
        except (Damaged, NoKey) as error:
            return str(error).rstrip(".")
        return "" if plain.hexdigest() == found.sha256 else "its sound is not what was kept"

    @told
    def hold(self, name: str, why: str) -> Recording:
        """Keep it whatever its time is, until :meth:`release`."""
        self.one(name)
        with self._database.begin() as connection:
            if not mark_held(connection, name, why=why, by=acting.get().name):
                raise Refused(f"Recording {name} was removed already; nothing is left to hold.")
        return self.one(name)

    @told
    def release(self, name: str) -> Recording:
        """Its time counts again."""
        self.one(name)
        return self._changed(name, hold="", held_by="")

    @told
    def remove(self, name: str, why: str) -> Recording:
        """Delete the sound; the row stays and says when and why. The back-up deletes its copy.

        Raises:
            Refused: it is held, or not kept yet.
        """
        found = self.one(name)
        if found.state is RecordingState.RAW:
            raise Refused(f"Recording {name} is not kept yet; ask again in a moment.")
        by = f"{why}, by {acting.get().name}"
        with self._database.begin() as connection:
            if mark_removed(connection, name, at=datetime.now(UTC), why=by) and found.path:
                (self._folder / found.path).unlink(missing_ok=True)
        now = self.one(name)
        if now.state is not RecordingState.REMOVED:
            raise Refused(f"Recording {name} is held ({now.hold}); release it first.")
        return now

    @told
    def rotate(self, tenant: str) -> int:
        """New keys; see :meth:`KeyRing.rotate`."""
        if not tenant:
            require_platform("keys of all tenants are changed")
        else:
            require_own(tenant, f"There is no tenant {tenant!r}.")
        return self._keys.rotate(tenant)

    @told
    def backup(self, *, run: bool) -> BackupStatus:
        """How far the copies are.

        Raises:
            Refused: they are to be made, and no place is set.
        """
        if run:
            if not self._storage.backup:
                raise Refused("No place for copies is set; set recordings_backup.")
            self._copies.catch_up()
        return backup_status(self._database, self._storage)

    def _changed(self, name: str, **values: object) -> Recording:
        with self._database.begin() as connection:
            change_recording(connection, name, **values)
        return self.one(name)


def recording_desk(database: Database, settings: Settings) -> RecordingDesk:
    """The desk where no engine runs."""
    storage = Storage.of(settings)
    keys = KeyRing(database, storage.master_key)
    return RecordingDesk(
        database, storage, keys, Backup(database, storage, lambda: datetime.now(UTC))
    )


class Sound:
    """See :class:`callcenter.web.recordings.Sound`."""

    def __init__(self, about: Recording, opened: Opened) -> None:
        self.about = about
        self._opened = opened

    @property
    def size(self) -> int:
        """Bytes of the WAV."""
        return self._opened.size

    def read(self, start: int, length: int) -> Iterator[bytes]:
        """A stretch of it; the first piece is checked before this returns."""
        pieces = self._opened.read(start, length)
        first = next(pieces, b"")
        return _all(first, pieces)


def _all(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


class DeskRecordings:
    """See :class:`callcenter.web.recordings.Recordings`; in an engine and without one."""

    def __init__(self, desk: RecordingDesk) -> None:
        self._desk = desk

    async def find(self, wanted: Wanted) -> list[Recording]:
        """Newest first."""
        return await asyncio.to_thread(self._desk.find, wanted)

    async def one(self, recording: str) -> Recording:
        """One part."""
        return await asyncio.to_thread(self._desk.one, recording)

    async def open(self, recording: str) -> Sound:
        """Its sound."""
        return await asyncio.to_thread(self._desk.open, recording)

    async def check(self, recording: str) -> Check:
        """Whether it is what was kept."""
        return await asyncio.to_thread(self._desk.check, recording)

    async def hold(self, recording: str, why: str) -> Recording:
        """Keep it whatever its time is."""
        return await asyncio.to_thread(self._desk.hold, recording, why)

    async def release(self, recording: str) -> Recording:
        """Its time counts again."""
        return await asyncio.to_thread(self._desk.release, recording)

    async def remove(self, recording: str, why: str) -> Recording:
        """Delete the sound."""
        return await asyncio.to_thread(self._desk.remove, recording, why)

    async def rotate(self, tenant: str) -> int:
        """New keys."""
        return await asyncio.to_thread(self._desk.rotate, tenant)

    async def backup(self, *, run: bool) -> BackupStatus:
        """How far the copies are."""
        return await asyncio.to_thread(lambda: self._desk.backup(run=run))


class EngineRecorder:
    """See :class:`callcenter.web.recordings.CallRecorder`. An agent may pause its own talk."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def pause(self, call: str) -> None:
        """Leave out what is said from now on."""
        await self._engine.context.recorder.pause(self._own(call), acting.get().name)

    async def resume(self, call: str) -> None:
        """Record again."""
        await self._engine.context.recorder.resume(self._own(call), acting.get().name)

    async def start(self, call: str) -> None:
        """Record it."""
        await self._engine.context.recorder.start(self._own(call), acting.get().name)

    async def stop(self, call: str) -> None:
        """Record no more of it."""
        await self._engine.context.recorder.stop(self._own(call), acting.get().name)

    def _own(self, call: str) -> str:
        actor, sentence = acting.get(), f"There is no running call {call}."
        found = self._engine.ledger.open.get(call)
        if found is None:
            raise NotFound(sentence)
        require_own(found.tenant, sentence)
        if actor.role is Role.AGENT and not (found.talk and found.talk.seat == actor.seat):
            raise NotFound(sentence)
        return call
