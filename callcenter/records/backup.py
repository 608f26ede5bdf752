"""Copies of recordings, as they are (encrypted), to a folder or an S3-compatible store (R1).

Each copy is compared by SHA-256 before it counts. What could not be copied is tried again, by the
next engine too: the database knows what is missing.
"""

import asyncio
import base64
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from callcenter.kernel.errors import BadSettings
from callcenter.kernel.folders import make_private
from callcenter.records.model import RecordingState
from callcenter.records.recording_store import change_recording
from callcenter.records.storage import Storage
from callcenter.records.tables import recordings
from callcenter.records.vault import stored_hash

_log = structlog.get_logger(__name__)
_AT_ONCE = 100
_EVERY_SECONDS = 20.0
_MOST_SECONDS = 600.0
_c = recordings.c


@dataclass(frozen=True, kw_only=True)
class BackupStatus:
    """``place`` is where copies go, ``""``: nowhere. ``error`` is the newest one still standing."""

    place: str
    copied: int = 0
    waiting: int = 0
    failed: int = 0
    newest: datetime | None = None
    error: str = ""


class CopyFailed(Exception):
    """A copy could not be made; the text says why."""


class Store(Protocol):
    """Where copies go."""

    def put(self, file: Path, name: str, sha256: str) -> str:
        """Copy and compare; the copy's place. Raises :class:`CopyFailed`."""


class FolderStore:
    """A folder, perhaps of another machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, file: Path, name: str, sha256: str) -> str:
        """See :class:`Store`."""
        to = self._folder / name
        draft = to.with_name(to.name + ".part")
        try:
            make_private(to.parent)
            shutil.copyfile(file, draft)
            draft.chmod(0o600)
            if stored_hash(draft) != sha256:
                raise CopyFailed(f"{file} is not what was stored, its SHA-256 is another")
            draft.replace(to)
        except OSError as error:
            raise CopyFailed(f"{to}: {error.strerror}") from None
        return str(to)


class S3Store:
    """A bucket of an S3-compatible store."""

    def __init__(self, storage: Storage) -> None:
        place = urlsplit(storage.backup)
        self._bucket, self._prefix = place.netloc, place.path.strip("/")
        self._storage = storage
        self._client: Any = None

    def put(self, file: Path, name: str, sha256: str) -> str:
        """See :class:`Store`. The store itself compares the SHA-256 of what came."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        key = f"{self._prefix}/{name}".lstrip("/")
        if stored_hash(file) != sha256:
            raise CopyFailed(f"{file} is not what was stored, its SHA-256 is another")
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        try:
            with file.open("rb") as body:
                self._s3().put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    ChecksumSHA256=digest,
                    Metadata={"sha256": sha256},
                )
        except (Boto3Error, BotoCoreError, ClientError) as error:
            raise CopyFailed(f"s3://{self._bucket}/{key}: {error}") from None
        return f"s3://{self._bucket}/{key}"

    def _s3(self) -> Any:
        if self._client is None:
            import boto3
            from botocore.config import Config

            self._client = boto3.client(
                "s3",
                endpoint_url=self._storage.backup_endpoint or None,
                aws_access_key_id=self._storage.backup_user or None,
                aws_secret_access_key=self._storage.backup_secret or None,
                region_name="us-east-1" if self._storage.backup_endpoint else None,
                config=Config(connect_timeout=10, read_timeout=60, retries={"max_attempts": 2}),
            )
        return self._client


def store_of(storage: Storage) -> Store | None:
    """Where the settings want copies; ``None``: nowhere.

    Raises:
        BadSettings: the place is none.
    """
    place = storage.backup
    if not place:
        return None
    if place.startswith("s3://"):
        if not urlsplit(place).netloc:
            raise BadSettings("The setting 'recordings_backup' needs a bucket: s3://bucket/prefix.")
        return S3Store(storage)
    if not Path(place).is_absolute():
        raise BadSettings("The setting 'recordings_backup' must be a whole path or s3://bucket.")
    return FolderStore(Path(place))


class Backup:
    """Copies what is kept and has no copy yet."""

    def __init__(self, database: Engine, storage: Storage, now: Callable[[], datetime]) -> None:
        self._database, self._storage, self._now = database, storage, now
        self._store = store_of(storage)

    async def run(self) -> None:
        """For ever; cancel to end. After a failure it waits longer each time."""
        if self._store is None:
            await asyncio.Event().wait()
        wait = _EVERY_SECONDS
        while True:
            try:
                failed = await asyncio.to_thread(self.copy)
            except SQLAlchemyError as error:
                _log.warning("recordings are not backed up", why=str(error).splitlines()[0])
                failed = 1
            wait = min(_MOST_SECONDS, wait * 2) if failed else _EVERY_SECONDS
            await asyncio.sleep(wait)

    def copy(self) -> int:
        """Copy what is missing; how many could not be (blocking)."""
        store, after, failed = self._store, "", 0
        while store is not None:
            rows = self._missing(after)
            for row in rows:
                failed += not self._one(store, row.id, row.path, row.stored_sha256)
            if len(rows) < _AT_ONCE:
                break
            after = rows[-1].id
        return failed

    def _one(self, store: Store, name: str, path: str, sha256: str) -> bool:
        values: dict[str, object]
        try:
            place = store.put(self._storage.folder / path, path, sha256)
            values = {"backup_at": self._now(), "backup_place": place, "backup_error": ""}
        except CopyFailed as error:
            _log.error("a recording is not backed up", recording=name, why=str(error))
            values = {"backup_error": str(error)[:300]}
        with self._database.begin() as connection:
            change_recording(connection, name, **values)
        return "backup_at" in values

    def _missing(self, after: str) -> list[Any]:
        kept = (_c.state == RecordingState.KEPT.value) & _c.backup_at.is_(None) & (_c.id > after)
        query = select(_c.id, _c.path, _c.stored_sha256).where(kept).order_by(_c.id)
        with self._database.connect() as connection:
            return list(connection.execute(query.limit(_AT_ONCE)))


def backup_status(database: Engine, storage: Storage) -> BackupStatus:
    """How far the copies are (blocking)."""
    kept = _c.state == RecordingState.KEPT.value
    missing = kept & _c.backup_at.is_(None)
    with database.connect() as connection:

        def count(what: Any) -> int:
            found = select(func.count()).select_from(recordings).where(what)
            return int(connection.execute(found).scalar_one())

        newest = connection.execute(select(func.max(_c.backup_at))).scalar_one()
        error = connection.execute(
            select(_c.backup_error)
            .where(missing & (_c.backup_error != ""))
            .order_by(_c.started_at.desc())
            .limit(1)
        ).scalar_one_or_none()
        return BackupStatus(
            place=storage.backup,
            copied=count(_c.backup_at.is_not(None)),
            waiting=count(missing),
            failed=count(missing & (_c.backup_error != "")),
            newest=newest,
            error=error or "",
        )
