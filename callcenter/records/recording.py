"""Recordings: what the PBX wrote becomes one encrypted file and one row, off every call's path.

The conductor asks whether there is room, has the PBX write each side of a talk apart, and hands
the part over when it is done. That is journalled first; the files are then made one in a thread
(``mixing``, ``vault``), that is journalled, and only then do the PBX's files go. Whatever an engine
that died had not kept is kept by the next one.
"""

import asyncio
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import structlog
from sqlalchemy import Engine as Database
from sqlalchemy.exc import SQLAlchemyError

from callcenter.kernel.bus import Bus
from callcenter.kernel.clock import Clock
from callcenter.kernel.errors import CallCenterError
from callcenter.kernel.folders import make_private
from callcenter.kernel.journal import Journal, Record
from callcenter.kernel.projector import Projector
from callcenter.pbx.port import record_files, record_sides
from callcenter.records.keys import KeyRing
from callcenter.records.mixing import SILENT_DBFS, Mixed, is_closed
from callcenter.records.model import Kept, Part
from callcenter.records.recording_store import (
    get_recording,
    save_kept,
    save_part,
    unkept_parts,
)
from callcenter.records.storage import Storage
from callcenter.records.vault import SUFFIX, seal_file

_log = structlog.get_logger(__name__)
RAW = b"recording-raw "
KEPT = b"recording-kept "
_CLOSE_SECONDS = 5.0
_RETRY_SECONDS = 30.0
_ROOM_SECONDS = 1.0  # a call never waits longer to know whether it can be recorded
_AT_ONCE = 2
_MEBI = 1 << 20


@dataclass(frozen=True, kw_only=True)
class RecordingKept:
    """A part is kept; published on the bus. ``position`` is its place in the journal."""

    part: Part
    kept: Kept
    position: int


class Recordings:
    """The recordings of one engine. ``trouble`` says why none can be made or kept now."""

    def __init__(
        self,
        storage: Storage,
        database: Database,
        *,
        journal: Journal,
        projector: Projector,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self.storage = storage
        self.keys = KeyRing(database, storage.master_key)
        self.trouble = ""
        self.skipped = 0
        self.free_mb: int | None = None
        self._folder = storage.folder
        self._database = database
        self._journal, self._projector, self._bus, self._clock = journal, projector, bus, clock
        self._waiting: dict[str, Part] = {}
        self._known: set[str] = set()  # kept, though the database may not know it yet
        self._changed = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)

    @property
    def waiting(self) -> int:
        """Parts that the PBX is done with and that are not kept yet."""
        return len(self._waiting)

    def raw(self, name: str) -> Path:
        """Where the PBX writes a part; see :func:`callcenter.pbx.port.record_files`."""
        return self._folder / "raw" / f"{name}.wav"

    # -- before a talk ------------------------------------------------------------------------

    async def why_not(self) -> str:
        """Why nothing can be recorded now; ``""`` when it can. Asks the disk, a second at most."""
        try:
            async with asyncio.timeout(_ROOM_SECONDS):
                why = await asyncio.to_thread(self._look)
        except TimeoutError:
            why = "the disk does not answer"
        except OSError as error:
            why = f"{self._folder} cannot be used: {error.strerror}"
        self._tell(why)
        return why

    def skip(self) -> None:
        """Count a recording that was wanted and could not be."""
        self.skipped += 1

    def _look(self) -> str:
        make_private(self._folder / "raw")
        self.free_mb = shutil.disk_usage(self._folder).free // _MEBI
        if self.free_mb < self.storage.min_free_mb:
            least = self.storage.min_free_mb
            return f"the disk is full: {self.free_mb} MB are free, {least} must be"
        return ""

    def _tell(self, why: str) -> None:
        if why and why != self.trouble:
            _log.error("ALARM: recording has stopped, calls go on", why=why)
        elif self.trouble and not why:
            _log.warning("recording works again")
        self.trouble = why

    # -- after a talk -------------------------------------------------------------------------

    async def has_sound(self, name: str) -> bool:
        """Whether the PBX has written anything."""
        return await asyncio.to_thread(lambda: Mixed(record_files(self.raw(name))).samples > 0)

    def hand_over(self, part: Part) -> None:
        """The PBX is done with it, or is about to close its files: keep it."""
        if part.id in self._known or part.id in self._waiting:
            return
        position = self._journal.append(RAW + msgspec.json.encode(part))
        self._projector.add(position, partial(save_part, part=part))
        self._waiting[part.id] = part
        self._begin(part)

    async def settled(self, names: Iterable[str], within: float) -> None:
        """Wait until these parts are kept, but not longer than ``within`` seconds."""
        tasks = [task for name in names if (task := self._tasks.get(name))]
        if tasks:
            await asyncio.wait(tasks, timeout=within)

    def restore(self, records: Iterable[Record], mark: int) -> None:
        """What the journal knows and the database does not."""
        for record in records:
            if record.position <= mark:
                continue
            try:
                self._restore(record)
            except msgspec.MsgspecError as error:
                _log.error("journal record not understood", at=record.position, why=str(error))

    def _restore(self, record: Record) -> None:
        add = partial(self._projector.add, record.position)
        if record.payload.startswith(RAW):
            part = msgspec.json.decode(record.payload[len(RAW) :], type=Part)
            add(partial(save_part, part=part))
            self._waiting[part.id] = part
        elif record.payload.startswith(KEPT):
            kept = msgspec.json.decode(record.payload[len(KEPT) :], type=Kept)
            add(partial(save_kept, kept=kept))
            self._known.add(kept.id)
            self._waiting.pop(kept.id, None)

    # -- keeping ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep what is handed over, for ever; first what was left behind. Cancel to end."""
        try:
            await self._remember()
            while True:
                await self._clock.sleep(_RETRY_SECONDS)
                for part in list(self._waiting.values()):
                    self._begin(part)
        finally:
            for task in self._tasks.values():
                task.cancel()

    async def _remember(self) -> None:
        try:
            left = await asyncio.to_thread(self._left_behind)
        except SQLAlchemyError as error:  # the next engine will see to it
            _log.error("recordings left behind are not known", why=str(error).splitlines()[0])
            left = []
        for part in left:
            if part.id not in self._known:
                self._waiting.setdefault(part.id, part)
        for part in list(self._waiting.values()):
            self._begin(part)

    def _left_behind(self) -> list[Part]:
        with self._database.connect() as connection:
            for file in (self._folder / "raw").glob("*.wav"):
                row = get_recording(connection, file.name.partition(".")[0])
                if row is not None and row.path and (self._folder / row.path).is_file():
                    self._drop(row.id)  # was kept just before the engine died
            return unkept_parts(connection)

    def _begin(self, part: Part) -> None:
        if part.id in self._tasks:
            return
        task = asyncio.create_task(self._work(part), name=f"keep {part.id}")
        self._tasks[part.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(part.id, None))

    async def _work(self, part: Part) -> None:
        files = await asyncio.to_thread(record_files, self.raw(part.id))
        await self._until_closed(part.id, files)
        try:
            async with self._room:
                kept = await asyncio.to_thread(self._keep, part)
        except (OSError, SQLAlchemyError, CallCenterError) as error:
            why = getattr(error, "strerror", None) or str(error).splitlines()[0]
            self._tell(f"a recording cannot be kept: {why}")
            _log.error("recording cannot be kept yet", recording=part.id, why=why)
            return
        position = self._journal.append(KEPT + msgspec.json.encode(kept))
        self._projector.add(position, partial(save_kept, kept=kept))
        self._known.add(part.id)
        self._waiting.pop(part.id, None)
        if not self._waiting and self.trouble.startswith("a recording"):
            self._tell("")
        self._bus.publish(RecordingKept(part=part, kept=kept, position=position))
        await asyncio.to_thread(self._drop, part.id)

    async def _until_closed(self, name: str, files: tuple[Path, ...]) -> None:
        deadline = self._clock.monotonic() + _CLOSE_SECONDS
        while not await asyncio.to_thread(lambda: all(map(is_closed, files))):
            if self._clock.monotonic() > deadline:
                _log.warning("recording was not closed in time", recording=name)
                return
            await self._clock.sleep(0.05)

    def _keep(self, part: Part) -> Kept:
        mixed = Mixed(record_files(self.raw(part.id)))
        if not mixed.samples:
            return _nothing(part.id)
        key = self.keys.current(part.tenant)
        path = f"{part.started_at:%Y/%m/%d}/{part.id}{SUFFIX}"
        final = self._folder / path
        sealed = seal_file(final, mixed.blocks(), key=key, plain_size=mixed.size)
        caller_rms, seat_rms = mixed.levels
        return Kept(
            id=part.id,
            path=path,
            seconds=mixed.seconds,
            caller_rms=caller_rms,
            seat_rms=seat_rms,
            sha256=sealed.sha256,
            stored_sha256=sealed.stored_sha256,
            stored_bytes=sealed.size,
            key=key[0],
        )

    def _drop(self, name: str) -> None:
        for file in (self.raw(name), *record_sides(self.raw(name))):
            file.unlink(missing_ok=True)


def _nothing(name: str) -> Kept:
    return Kept(
        id=name,
        path="",
        seconds=0.0,
        caller_rms=SILENT_DBFS,
        seat_rms=SILENT_DBFS,
        sha256="",
        stored_sha256="",
        stored_bytes=0,
        key="",
    )
