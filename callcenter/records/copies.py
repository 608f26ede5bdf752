"""Where copies of recordings are: a folder, perhaps of another machine, or a store like S3."""

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from callcenter.kernel.errors import BadSettings
from callcenter.kernel.folders import make_private
from callcenter.records.storage import Storage
from callcenter.records.vault import stored_hash


class CopyFailed(Exception):
    """A copy could not be made or deleted; the text says why."""


class StoreAway(CopyFailed):
    """The store does not answer: with the next copy it would be the same."""


class Store(Protocol):
    """Where copies go."""

    def place(self, name: str) -> str:
        """Where the copy of that name is, or will be."""

    def put(self, file: Path, name: str, sha256: str) -> None:
        """Copy to its place and compare. Raises :class:`CopyFailed`."""

    def remove(self, place: str, *, copied: bool) -> None:
        """Delete what is at a place, also half a copy; harmless when nothing is.

        ``copied`` says that a whole copy was put there. Raises :class:`CopyFailed`.
        """


class FolderStore:
    """A folder, perhaps of another machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, name: str) -> str:
        """See :class:`Store`."""
        return str(self._folder / name)

    def put(self, file: Path, name: str, sha256: str) -> None:
        """See :class:`Store`."""
        to = self._folder / name
        draft = _draft(to)
        try:
            make_private(to.parent)
            shutil.copyfile(file, draft)
            draft.chmod(0o600)
            if stored_hash(draft) != sha256:
                raise CopyFailed(f"{file} is not what was stored, its SHA-256 is another")
            draft.replace(to)
        except OSError as error:
            raise CopyFailed(f"{to}: {error.strerror}") from None

    def remove(self, place: str, *, copied: bool) -> None:
        """See :class:`Store`."""
        file = Path(place)
        if not file.is_relative_to(self._folder):
            raise _elsewhere(place)
        try:
            if not self._folder.is_dir():
                raise StoreAway(f"{self._folder} is not there")
            if copied and not file.parent.is_dir():  # what is not mounted is empty
                raise CopyFailed(f"{file.parent} is not there; is the store mounted?")
            file.unlink(missing_ok=True)
            _draft(file).unlink(missing_ok=True)
        except OSError as error:
            raise CopyFailed(f"{file}: {error.strerror}") from None


class S3Store:
    """A bucket of an S3-compatible store."""

    def __init__(self, storage: Storage) -> None:
        place = urlsplit(storage.backup)
        self._bucket, self._prefix = place.netloc, place.path.strip("/")
        self._storage = storage
        self._client: Any = None

    def place(self, name: str) -> str:
        """See :class:`Store`."""
        return f"s3://{self._bucket}/" + f"{self._prefix}/{name}".lstrip("/")

    def put(self, file: Path, name: str, sha256: str) -> None:
        """See :class:`Store`. The store itself compares the SHA-256 of what came."""
        place = self.place(name)
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        with _s3_errors(place), file.open("rb") as body:
            if stored_hash(file) != sha256:
                raise CopyFailed(f"{file} is not what was stored, its SHA-256 is another")
            self._s3().put_object(
                Bucket=self._bucket,
                Key=self._key(place),
                Body=body,
                ChecksumSHA256=digest,
                Metadata={"sha256": sha256},
            )

    def remove(self, place: str, *, copied: bool) -> None:
        """See :class:`Store`. In a bucket with versions every one of them goes."""
        if not place.startswith(self.place("")):
            raise _elsewhere(place)
        key = self._key(place)
        with _s3_errors(place):
            told = self._s3().delete_object(Bucket=self._bucket, Key=key)
            if told.get("DeleteMarker"):
                self._remove_versions(key)

    def _remove_versions(self, key: str) -> None:
        pages = self._s3().get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self._bucket, Prefix=key):
            for one in page.get("Versions", []) + page.get("DeleteMarkers", []):
                if one["Key"] == key:
                    self._s3().delete_object(
                        Bucket=self._bucket, Key=key, VersionId=one["VersionId"]
                    )

    def _key(self, place: str) -> str:
        return place.removeprefix(f"s3://{self._bucket}/")

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


def _draft(file: Path) -> Path:
    return file.with_name(file.name + ".part")


def _elsewhere(place: str) -> CopyFailed:
    return CopyFailed(f"{place} is not below recordings_backup; delete it there")


@contextmanager
def _s3_errors(place: str) -> Iterator[None]:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except OSError as error:
        raise CopyFailed(f"{error.filename or place}: {error.strerror}") from None
    except ClientError as error:
        broken = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
        raise (StoreAway if broken else CopyFailed)(f"{place}: {error}") from None
    except (Boto3Error, BotoCoreError) as error:
        raise StoreAway(f"{place}: {error}") from None


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
