"""Keys of recordings, messages and comments: a data key for each tenant, wrapped by a master key.

The master key is a file (mode 0600): a copy of the database and of the recordings is worth
nothing without it, and nothing can be heard again once it is lost. Blocking; used in threads.
"""

import base64
import json
import os
import secrets
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Engine, Row, String, Table, select, update

from callcenter.kernel.database import UtcDateTime, metadata
from callcenter.kernel.errors import CallCenterError
from callcenter.kernel.folders import make_private

recording_keys = Table(
    "recording_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("tenant", String(64), nullable=False, index=True),
    Column("master", String(16), nullable=False),
    Column("wrapped", String(128), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("in_use", Boolean, nullable=False),
)
_k = recording_keys.c


class NoKey(CallCenterError):
    """A recording cannot be kept or opened for want of a key."""

    code = "recording_key"
    http_status = 500
    exit_status = 1


class KeyRing:
    """All keys of one engine; safe to use from several threads."""

    def __init__(self, database: Engine, master_file: Path) -> None:
        self._database = database
        self._file = master_file
        self._lock = threading.RLock()
        self._keys: dict[str, bytes] = {}
        self._current: dict[str, str] = {}
        self._masters: dict[str, bytes] = {}
        self._master = ""

    def current(self, tenant: str) -> tuple[str, bytes]:
        """Id and key for what is recorded for ``tenant`` now, made when there is none.

        Raises:
            NoKey: the master key is gone or cannot be made.
        """
        with self._lock:
            if tenant not in self._current:
                self._load()
            if tenant not in self._current:
                with self._database.begin() as connection:
                    self._make(connection, tenant)
            name = self._current[tenant]
            return name, self._keys[name]

    def key(self, name: str) -> bytes:
        """A data key by the id in a file's header."""
        with self._lock:
            if name not in self._keys:
                self._load()
            if name not in self._keys:
                raise NoKey(f"The key {name!r} of this sound is not in the database.")
            return self._keys[name]

    def rotate(self, tenant: str = "") -> int:
        """New keys for what comes; how many tenants have a new one.

        Without a tenant there is a new master key too and every data key is wrapped anew; old
        recordings stay readable by their own data keys.
        """
        with self._lock:
            self._load()
            if not tenant:
                self._new_master(keep=True)
            with self._database.begin() as connection:
                for row in connection.execute(select(recording_keys)):
                    wrapped = self._wrap(row.id, row.tenant, self._keys[row.id])
                    changed = update(recording_keys).where(_k.id == row.id)
                    connection.execute(changed.values(master=self._master, wrapped=wrapped))
                tenants = [tenant] if tenant else sorted(self._current)
                for one in tenants:
                    self._make(connection, one)
            self._forget_masters()
            return len(tenants)

    def _make(self, connection: Connection, tenant: str) -> None:
        self._open_master(may_make=not self._keys)
        name, key = secrets.token_hex(8), os.urandom(32)
        old = update(recording_keys).where(_k.tenant == tenant).values(in_use=False)
        connection.execute(old)
        connection.execute(
            recording_keys.insert().values(
                id=name,
                tenant=tenant,
                master=self._master,
                wrapped=self._wrap(name, tenant, key),
                created_at=datetime.now(UTC),
                in_use=True,
            )
        )
        self._keys[name], self._current[tenant] = key, name

    def _load(self) -> None:
        with self._database.connect() as connection:
            rows = list(connection.execute(select(recording_keys)))
        if not rows:
            return
        self._open_master(may_make=False)
        self._keys = {row.id: self._unwrap(row) for row in rows}
        self._current = {row.tenant: row.id for row in rows if row.in_use}

    # -- the master key -----------------------------------------------------------------------

    def _open_master(self, *, may_make: bool) -> None:
        try:
            kept = json.loads(self._file.read_text(encoding="ascii"))
            self._masters = {name: base64.b64decode(key) for name, key in kept["keys"].items()}
            self._master = str(kept["current"])
            _ = self._masters[self._master]
        except FileNotFoundError:
            if not may_make:
                raise NoKey(
                    f"The master key {self._file} is gone; without it no recording can be opened. "
                    "Put it back from where you keep a copy."
                ) from None
            self._new_master(keep=False)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise NoKey(f"The master key {self._file} cannot be read ({error}).") from None

    def _new_master(self, *, keep: bool) -> None:
        name = secrets.token_hex(8)
        masters = self._masters if keep else {}
        self._masters = masters | {name: os.urandom(32)}
        self._master = name
        self._write_master()

    def _forget_masters(self) -> None:
        self._masters = {self._master: self._masters[self._master]}
        self._write_master()

    def _write_master(self) -> None:
        kept = {name: base64.b64encode(key).decode() for name, key in self._masters.items()}
        text = json.dumps({"current": self._master, "keys": kept})
        draft = self._file.with_name(self._file.name + ".new")
        try:
            make_private(self._file.parent)
            draft.unlink(missing_ok=True)
            fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "w", encoding="ascii") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            draft.replace(self._file)
        except OSError as error:
            why = error.strerror
            raise NoKey(f"The master key {self._file} cannot be written: {why}.") from None

    def _wrap(self, name: str, tenant: str, key: bytes) -> str:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(12)
        sealed = AESGCM(self._masters[self._master]).encrypt(nonce, key, _bound(name, tenant))
        return base64.b64encode(nonce + sealed).decode()

    def _unwrap(self, row: "Row[tuple[Any, ...]]") -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            data = base64.b64decode(row.wrapped)
            cipher = AESGCM(self._masters[row.master])
            return bytes(cipher.decrypt(data[:12], data[12:], _bound(row.id, row.tenant)))
        except (KeyError, InvalidTag, ValueError):
            raise NoKey(
                f"The master key {self._file} is not the one that the recordings were kept with."
            ) from None


def _bound(name: str, tenant: str) -> bytes:
    """A wrapped key cannot be passed off as another's."""
    return f"{name} {tenant}".encode()
