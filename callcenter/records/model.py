"""Words of voicemail and of recordings. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message. ``path`` is relative to the folder of voicemail.

    ``handed_by`` says who put it into this box, and from which.
    """

    id: str
    tenant: str
    box: str
    call: str
    caller: str
    at: datetime
    seconds: float
    path: str
    heard_at: datetime | None = None
    handed_by: str = ""
    called_back_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who speaks: the call, its tenant and the number that is shown for it."""

    call: str
    tenant: str
    caller: str


class RecordingState(StrEnum):
    """Where a recording is between the PBX and its end."""

    RAW = "raw"  # as the PBX wrote it, not yet kept
    KEPT = "kept"
    EMPTY = "empty"  # nothing was said while it ran
    REMOVED = "removed"  # its time was over, or somebody removed it


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A stretch that was left out; ``until`` ``None``: to the end."""

    at: datetime
    by: str
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """One recording of a call; a call that was recorded with breaks has several, in order.

    ``number`` is ours. ``seats`` and ``queues`` are those whose talk it is.
    """

    call: str
    part: int
    tenant: str
    direction: str
    caller: str
    number: str
    started_at: datetime
    ended_at: datetime
    rule: str = ""
    announced: bool = False
    keep_days: int | None = None
    seats: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    pauses: tuple[Pause, ...] = ()

    @property
    def id(self) -> str:
        """Its name everywhere."""
        return part_id(self.call, self.part)


def part_id(call: str, part: int) -> str:
    """Name of a part of a call's recording."""
    return f"{call}-{part}"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A part that is kept. ``path`` relative to the folder; levels RMS in dBFS.

    ``sha256`` is that of the plain WAV, ``stored_sha256`` that of the file. ``path`` is ``""``
    when nothing was said.
    """

    id: str
    path: str
    seconds: float
    caller_rms: float
    seat_rms: float
    sha256: str
    stored_sha256: str
    stored_bytes: int
    key: str


@dataclass(frozen=True, kw_only=True)
class Recording:
    """All that is known of one part.

    ``backup_place`` is where its copy is, or may be in part while ``backup_at`` is ``None``.
    """

    id: str
    call: str
    part: int
    tenant: str
    state: RecordingState
    direction: str
    caller: str
    number: str
    started_at: datetime
    ended_at: datetime
    rule: str
    announced: bool
    keep_days: int | None
    seats: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    pauses: tuple[Pause, ...] = ()
    path: str = ""
    seconds: float = 0.0
    caller_rms: float | None = None
    seat_rms: float | None = None
    sha256: str = ""
    stored_sha256: str = ""
    stored_bytes: int = 0
    key: str = ""
    hold: str = ""
    held_by: str = ""
    removed_at: datetime | None = None
    removed_why: str = ""
    backup_at: datetime | None = None
    backup_place: str = ""
    backup_error: str = ""
    backup_removed_at: datetime | None = None
