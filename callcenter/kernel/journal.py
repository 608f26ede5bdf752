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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import structlog

from callcenter.kernel.errors import JournalProblem
from callcenter.kernel.folders import make_private

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
        self._stuck = False
        self._unwritten: deque[bytes] = deque()
        self._to_keep = asyncio.Event()  # there is something for the disk

    @property
    def position(self) -> int:
        """Of the newest record; 0 when there is none."""
        return self._next - 1

    @property
    def segments(self) -> int:
        """How many files there are; all but the newest may be released."""
        return len(self._segments())

    def open(self, *, beyond: int = 0) -> list[Record]:
        """Read what is there (a torn last line is cut off), get ready to write after it.

        New positions are greater than ``beyond``, the last one that the database has: after a power
        loss it may remember more than we do.

        Raises:
            JournalProblem: the folder or a file cannot be used.
        """
        try:
            make_private(self._folder)
            segments = self._segments()
            records = _in_order(record for segment in segments for record in _read(segment))
            first_free = int(segments[-1].stem) if segments else 1
            newest = records[-1].position if records else 0
            self._next = max(first_free, newest + 1, beyond + 1)
            self._start_segment()
        except OSError as error:
            raise JournalProblem(
                f"The journal in {self._folder} cannot be used: {error.strerror}; mend that first."
            ) from None
        return records

    def append(self, payload: bytes) -> int:
        """Write one record, a line without its end; returns its position.

        A full disk delays it, it is not lost.
        """
        if not payload or b"\n" in payload:
            raise ValueError("a record is one line and not empty")
        position = self._next
        self._next += 1
        self._unwritten.append(b"%d %s\n" % (position, payload))
        self._to_keep.set()
        self._flush()
        return position

    def release(self, position: int) -> None:
        """Delete segments whose records are all below ``position``."""
        try:
            for segment, following in pairwise(self._segments()):
                if int(following.stem) <= position:
                    segment.unlink(missing_ok=True)
        except OSError as error:
            _log.error("journal cannot be shortened", error=str(error))

    async def keep(self) -> None:
        """Bring what was appended to the disk, for ever; cancel to end.

        Where nothing is appended nothing is done.
        """
        while True:
            await self._to_keep.wait()
            await asyncio.sleep(SYNC_SECONDS)
            self._to_keep.clear()
            self._flush()
            if self._dirty:
                self._dirty = False
                try:
                    await asyncio.to_thread(_sync, os.dup(self._fd))
                except OSError as error:
                    self._dirty = True
                    self._tell_stuck(error)
            if self._dirty or self._unwritten:
                self._to_keep.set()  # once more

    def close(self) -> None:
        """Write and sync the rest."""
        if self._fd >= 0:
            self._flush()
            self._close_segment()

    def _flush(self) -> None:
        while self._unwritten:
            line = self._unwritten[0]
            try:
                written = os.write(self._fd, line)
            except OSError as error:
                self._tell_stuck(error)
                return
            self._dirty = True
            self._size += written
            if written < len(line):
                self._unwritten[0] = line[written:]
                continue
            self._unwritten.popleft()
        self._stuck = False
        if self._size >= self._segment_bytes:
            try:
                self._start_segment()
            except OSError as error:  # then this one grows on
                _log.error("journal cannot begin a new segment", error=str(error))

    def _tell_stuck(self, error: OSError) -> None:
        if not self._stuck:
            _log.error("journal cannot be written", error=str(error), held=len(self._unwritten))
        self._stuck = True

    def _start_segment(self) -> None:
        path = self._folder / f"{self._next:015d}.jsonl"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._close_segment()
        self._fd, self._size = fd, os.fstat(fd).st_size
        _sync(os.open(self._folder, os.O_RDONLY))  # its name, too, has to survive

    def _close_segment(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            try:
                _sync(fd)
            except OSError as error:
                self._tell_stuck(error)

    def _segments(self) -> list[Path]:
        return sorted(path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))


def peek(folder: Path) -> Iterator[Record]:
    """What a journal has, whoever may be writing it; changes nothing, leaves out what is torn."""
    for segment in sorted(path for path in folder.glob("*.jsonl") if _NAME.fullmatch(path.name)):
        try:
            whole = segment.read_bytes().rpartition(b"\n")[0]
        except FileNotFoundError:
            continue  # released meanwhile
        yield from _records(whole, segment)


def _sync(fd: int) -> None:
    """Sync and close."""
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _in_order(records: Iterable[Record]) -> list[Record]:
    """All but those whose position cannot be true."""
    kept: list[Record] = []
    for record in records:
        if kept and record.position <= kept[-1].position:
            _log.error("journal has a record out of order", position=record.position)
        else:
            kept.append(record)
    return kept


def _read(segment: Path) -> Iterator[Record]:
    data = segment.read_bytes()
    whole, newline, torn = data.rpartition(b"\n")
    if torn:
        _log.warning("journal ends in a torn record", segment=segment.name, octets=len(torn))
        os.truncate(segment, len(whole) + len(newline))
    yield from _records(whole, segment)


def _records(whole: bytes, segment: Path) -> Iterator[Record]:
    for line in whole.split(b"\n") if whole else ():
        position, _, payload = line.partition(b" ")
        if position.isdigit() and payload:
            yield Record(position=int(position), payload=payload)
        else:
            _log.error("journal has a damaged record", segment=segment.name)
