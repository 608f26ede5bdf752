"""The journal: an append-only file of records, written before anything else learns of a fact.

A record is one line, ``position SPACE payload``. :meth:`Journal.append` has handed it to the
operating system when it returns, so it survives the death of the process; :meth:`Journal.keep`
brings it to the disk a moment later, so that power loss costs at most that moment. It knows
nothing of calls; rooms give the payload a meaning.
"""

import asyncio
import os
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)
_NAME = re.compile(r"\d{15}\.jsonl")
SYNC_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Record:
    """One fact; positions grow by one."""

    position: int
    payload: bytes


class Journal:
    """Segments ``<first position>.jsonl`` in one folder; one writer."""

    def __init__(self, folder: Path, *, segment_bytes: int = 8 << 20) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._next = 1
        self._fd = -1
        self._size = 0
        self._dirty = False
        self._unwritten: deque[bytes] = deque()

    @property
    def position(self) -> int:
        """Of the newest record; 0 when there is none."""
        return self._next - 1

    def open(self) -> list[Record]:
        """Read what is there (a torn last line is cut off), get ready to write after it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        records = [record for segment in self._segments() for record in _read(segment)]
        if records:
            self._next = records[-1].position + 1
        elif segments := self._segments():
            self._next = int(segments[-1].stem)
        self._start_segment()
        return records

    def append(self, payload: bytes) -> int:
        """Write one record; returns its position. A full disk delays it, it is not lost."""
        position = self._next
        self._next += 1
        self._unwritten.append(b"%d %s\n" % (position, payload))
        self._flush()
        return position

    def release(self, position: int) -> None:
        """Delete segments whose records are all below ``position``."""
        segments = self._segments()
        for segment, following in pairwise(segments):
            if int(following.stem) <= position:
                segment.unlink(missing_ok=True)

    async def keep(self) -> None:
        """Bring what was appended to the disk, for ever; cancel to end."""
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            self._flush()
            if self._dirty:
                self._dirty = False
                await asyncio.to_thread(_sync, os.dup(self._fd))

    def close(self) -> None:
        """Write and sync the rest."""
        if self._fd >= 0:
            self._flush()
            os.fsync(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _flush(self) -> None:
        while self._unwritten:
            line = self._unwritten[0]
            try:
                written = os.write(self._fd, line)
            except OSError as error:
                _log.error("journal cannot be written", error=str(error), held=len(self._unwritten))
                return
            self._dirty = True
            self._size += written
            if written < len(line):
                self._unwritten[0] = line[written:]
                continue
            self._unwritten.popleft()
        if self._size >= self._segment_bytes:
            self._start_segment()

    def _start_segment(self) -> None:
        if self._fd >= 0:
            os.fsync(self._fd)
            os.close(self._fd)
        path = self._folder / f"{self._next:015d}.jsonl"
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = path.stat().st_size

    def _segments(self) -> list[Path]:
        return sorted(path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))


def _sync(fd: int) -> None:
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _read(segment: Path) -> Iterator[Record]:
    data = segment.read_bytes()
    whole, newline, torn = data.rpartition(b"\n")
    if torn:
        _log.warning("journal ends in a torn record", segment=segment.name, octets=len(torn))
        os.truncate(segment, len(whole) + len(newline))
    for line in whole.splitlines():
        position, _, payload = line.partition(b" ")
        if position.isdigit() and payload:
            yield Record(position=int(position), payload=payload)
        else:
            _log.error("journal has a damaged record", segment=segment.name)
