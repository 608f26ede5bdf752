"""The format in which sound is kept: AES-256-GCM in chunks, so that any part can be read.

Header (64 bytes): magic, id of the data key, salt, size of the plain sound, size of a chunk. The
file's own key is derived from the data key and the salt (HKDF-SHA256), so no nonce is ever used
twice under one key; a chunk's nonce is its number and whether it is the last, the header is
authenticated with each. A byte changed, a chunk lost, moved or cut off: :class:`Damaged`. A file
may be bound to its ``place``: it does not open at another one.
"""

import hashlib
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from callcenter.kernel.errors import CallCenterError
from callcenter.kernel.folders import make_private

CHUNK = 1 << 16
TAG = 16
_MAGIC = b"CCREC\x00\x01\n"
_HEADER = struct.Struct(">8s16s16sQI12x")
SUFFIX = ".ccr"


class Damaged(CallCenterError):
    """A stored sound is not what was stored."""

    code = "recording_damaged"
    http_status = 500
    exit_status = 1


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """What was written: SHA-256 (hex) of the file and of the plain sound, and its size."""

    stored_sha256: str
    sha256: str
    size: int


class Sealer:
    """Writes one file; :meth:`write` as often as one likes, ``plain_size`` bytes in all."""

    def __init__(
        self, out: BinaryIO, *, key: bytes, key_id: str, plain_size: int, place: str = ""
    ) -> None:
        salt = os.urandom(16)
        self._header = _HEADER.pack(_MAGIC, key_id.encode(), salt, plain_size, CHUNK)
        self._cipher = _cipher(key, salt, place)
        self._out = out
        self._left = plain_size
        self._held = bytearray()
        self._number = 0
        self._plain, self._stored = hashlib.sha256(), hashlib.sha256()
        self._size = 0
        self._put(self._header)

    def write(self, data: bytes) -> None:
        """The next bytes of the plain sound."""
        self._plain.update(data)
        self._held += data
        while len(self._held) >= CHUNK:
            self._seal(bytes(self._held[:CHUNK]))
            del self._held[:CHUNK]

    def close(self) -> Sealed:
        """Seal the rest.

        Raises:
            ValueError: more or less was written than announced.
        """
        if self._held:
            self._seal(bytes(self._held))
        if self._left:
            raise ValueError(f"{self._left} bytes are missing")
        return Sealed(
            stored_sha256=self._stored.hexdigest(), sha256=self._plain.hexdigest(), size=self._size
        )

    def _seal(self, chunk: bytes) -> None:
        self._left -= len(chunk)
        nonce = _nonce(self._number, last=self._left <= 0)
        self._put(self._cipher.encrypt(nonce, chunk, self._header))
        self._number += 1

    def _put(self, data: bytes) -> None:
        self._stored.update(data)
        self._size += len(data)
        self._out.write(data)


class Opened:
    """A stored file, to be read from anywhere. ``key_of`` gives the data key of an id."""

    def __init__(self, path: Path, key_of: Callable[[str], bytes], place: str = "") -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._header = file.read(_HEADER.size)
                stored = os.fstat(file.fileno()).st_size
        except OSError as error:
            why = error.strerror
            raise Damaged(f"The sound file {path} cannot be read: {why}.") from None
        if len(self._header) < _HEADER.size or not self._header.startswith(_MAGIC):
            raise self._damaged("it does not begin as such a file does")
        _, key_id, salt, size, chunk = _HEADER.unpack(self._header)
        self.size: int = size
        self.key_id: str = key_id.decode("ascii", "replace")
        self._chunks = -(-self.size // CHUNK)
        if chunk != CHUNK or stored != _HEADER.size + self.size + TAG * self._chunks:
            raise self._damaged("it is shorter or longer than it was")
        self._cipher = _cipher(key_of(self.key_id), salt, place)

    def read(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Plain bytes from ``start`` on, a chunk at a time."""
        end = self.size if length is None else min(self.size, start + length)
        if start >= end:
            return
        with self.path.open("rb") as file:
            for number in range(start // CHUNK, -(-end // CHUNK)):
                file.seek(_HEADER.size + number * (CHUNK + TAG))
                plain = self._open(number, file.read(CHUNK + TAG))
                begin = number * CHUNK
                yield plain[max(0, start - begin) : end - begin]

    def _open(self, number: int, sealed: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        nonce = _nonce(number, last=number == self._chunks - 1)
        try:
            return bytes(self._cipher.decrypt(nonce, sealed, self._header))
        except InvalidTag:
            raise self._damaged(f"chunk {number} was changed or its key is another") from None

    def _damaged(self, why: str) -> Damaged:
        return Damaged(
            f"The sound file {self.path} is damaged: {why}; bring it back from the back-up."
        )


class _Cipher:
    """AES-256-GCM with one file's key."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._gcm = AESGCM(key)

    def encrypt(self, nonce: bytes, plain: bytes, header: bytes) -> bytes:
        return self._gcm.encrypt(nonce, plain, header)

    def decrypt(self, nonce: bytes, sealed: bytes, header: bytes) -> bytes:
        return self._gcm.decrypt(nonce, sealed, header)


def _cipher(key: bytes, salt: bytes, place: str) -> _Cipher:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = b"callcenter recording 1" + place.encode()
    made = HKDF(algorithm=SHA256(), length=32, salt=salt, info=info)
    return _Cipher(made.derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return struct.pack(">Q?3x", number, last)


def seal_file(
    final: Path,
    blocks: Iterable[bytes],
    *,
    key: tuple[str, bytes],
    plain_size: int,
    place: str = "",
) -> Sealed:
    """Have a sealed file, whole or not at all, for its owner only. ``key`` is id and data key.

    Raises:
        OSError: it cannot be written.
    """
    make_private(final.parent)
    draft = final.with_suffix(".part")
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as out:
            sealer = Sealer(out, key=key[1], key_id=key[0], plain_size=plain_size, place=place)
            for block in blocks:
                sealer.write(block)
            sealed = sealer.close()
            out.flush()
            os.fsync(out.fileno())
        draft.replace(final)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return sealed


def stored_hash(path: Path) -> str:
    """SHA-256 of a file as it lies there."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
