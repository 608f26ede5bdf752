"""Copies of recordings, as they are (encrypted), to a folder or an S3-compatible store (R1).

Each copy is compared by SHA-256 before it counts. When a recording is removed, by its time or by
hand, its copy goes too, unless the settings keep it. What could not be copied or deleted is tried
again, by the next engine too: a recording's row says where its copy is or may be, before the first
byte goes there and until the last is gone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Engine, TextClause, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from callcenter.records.copies import CopyFailed, Store, StoreAway, store_of
from callcenter.records.model import RecordingState
from callcenter.records.recording_store import change_recording
from callcenter.records.storage import Storage
from callcenter.records.tables import COPY_IS_DUE, COPY_IS_LEFT, recordings

_log = structlog.get_logger(__name__)
_AT_ONCE = 100
_EVERY_SECONDS = 20.0
_MOST_SECONDS = 600.0
_c = recordings.c
_KEPT = _c.state == RecordingState.KEPT.value


@dataclass(frozen=True, kw_only=True)
class BackupStatus:
    """``place`` is where copies go, ``""``: nowhere. ``error`` is the newest one still standing.

    ``left`` are copies of removed recordings that are to go and are still there.
    """

    place: str
    copied: int = 0
    waiting: int = 0
    failed: int = 0
    left: int = 0
    newest: datetime | None = None
    error: str = ""


class Backup:
    """Copies what is kept and has no copy yet, deletes copies of what was removed.

    ``trouble`` is a sentence on what cannot be done now, ``""``: all can.
    """

    def __init__(self, database: Engine, storage: Storage, now: Callable[[], datetime]) -> None:
        self._database, self._storage, self._now = database, storage, now
        self._store = store_of(storage)
        self._lock = Lock()  # no copy arrives behind the back of its deletion
        self.trouble = ""

    async def run(self) -> None:
        """For ever; cancel to end. After a failure it waits longer each time."""
        if self._store is None:
            await asyncio.Event().wait()
        wait = _EVERY_SECONDS
        while True:
            try:
                failed = await asyncio.to_thread(self.catch_up)
            except SQLAlchemyError as error:
                _log.warning("recordings are not backed up", why=str(error).splitlines()[0])
                failed = 1
            wait = min(_MOST_SECONDS, wait * 2) if failed else _EVERY_SECONDS
            await asyncio.sleep(wait)

    def catch_up(self) -> int:
        """Delete what is to go, copy what is missing; how many could not be (blocking)."""
        store = self._store
        if store is None:
            return 0
        with self._lock:
            left, why_left = 0, ""
            if not self._storage.backup_keep:
                left, why_left = self._each(COPY_IS_LEFT, lambda row: self._delete(store, row))
            missing, why_missing = self._each(COPY_IS_DUE, lambda row: self._copy(store, row))
        if why_left:
            self._tell(f"copies of removed recordings cannot be deleted: {why_left}")
        else:
            self._tell(why_missing and f"recordings cannot be copied: {why_missing}")
        return left + missing

    def _each(self, which: TextClause, act: Callable[[Any], None]) -> tuple[int, str]:
        """Do it to each; how many failed, and why the first did. Ends when the store is away."""
        failed, why, after = 0, "", ""
        query = select(_c.id, _c.path, _c.stored_sha256, _c.backup_place, _c.backup_at)
        query = query.where(which).order_by(_c.id).limit(_AT_ONCE)
        while True:
            with self._database.connect() as connection:
                rows = connection.execute(query.where(_c.id > after)).all()
            for row in rows:
                try:
                    act(row)
                except CopyFailed as error:
                    self._change(row.id, backup_error=str(error))
                    failed, why = failed + 1, why or str(error)
                    if isinstance(error, StoreAway):
                        return failed, why
            if len(rows) < _AT_ONCE:
                return failed, why
            after = rows[-1].id

    def _copy(self, store: Store, row: Any) -> None:
        place = store.place(row.path)
        with self._database.begin() as connection:
            still = update(recordings).where(_KEPT, _c.id == row.id)
            if not connection.execute(still.values(backup_place=place)).rowcount:
                return
        store.put(self._storage.folder / row.path, row.path, row.stored_sha256)
        self._change(row.id, backup_at=self._now(), backup_error="")

    def _delete(self, store: Store, row: Any) -> None:
        store.remove(row.backup_place, copied=row.backup_at is not None)
        self._change(row.id, backup_place="", backup_removed_at=self._now(), backup_error="")
        _log.info("copy of a removed recording deleted", recording=row.id, place=row.backup_place)

    def _change(self, name: str, **values: object) -> None:
        with self._database.begin() as connection:
            change_recording(connection, name, **values)

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            _log.error("ALARM: the back-up is behind and will be tried again", why=trouble)
        elif self.trouble and not trouble:
            _log.warning("the back-up works again")
        self.trouble = trouble


def backup_status(database: Engine, storage: Storage) -> BackupStatus:
    """How far the copies are (blocking)."""
    behind: list[TextClause] = [COPY_IS_DUE]
    if storage.backup and not storage.backup_keep:
        behind.append(COPY_IS_LEFT)
    with database.connect() as connection:

        def count(*what: ColumnElement[bool] | TextClause) -> int:
            found = select(func.count()).select_from(recordings).where(*what)
            return int(connection.execute(found).scalar_one())

        newest = connection.execute(select(func.max(_c.backup_at))).scalar_one()
        error = connection.execute(
            select(_c.backup_error)
            .where(or_(*behind), _c.backup_error != "")
            .order_by(_c.started_at.desc())
            .limit(1)
        ).scalar_one_or_none()
        return BackupStatus(
            place=storage.backup,
            copied=count(_c.backup_at.is_not(None), _c.backup_removed_at.is_(None)),
            waiting=count(COPY_IS_DUE),
            failed=count(or_(*behind), _c.backup_error != ""),
            left=sum(count(what) for what in behind[1:]),
            newest=newest,
            error=error or "",
        )
