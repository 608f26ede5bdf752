"""One recording: the PBX writes each side apart; here they become one stereo file with its hash.

Left is the caller, right is the seat. Runs in a thread, off every call's path.
"""

import asyncio
import hashlib
import math
import os
import wave
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import structlog

from callcenter.kernel.clock import Clock
from callcenter.pbx.port import record_sides

_log = structlog.get_logger(__name__)
_RATE = 8000
_HEADER = 44
_CLOSE_SECONDS = 5.0
_SILENT_DBFS = -120.0
Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A kept recording. ``path`` relative to the folder; levels RMS in dBFS (0 is full scale)."""

    path: str
    seconds: float
    caller_rms: float
    seat_rms: float
    sha256: str


class Recordings:
    """The folder of recordings."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def name(self, call: str, at: datetime) -> str:
        """Relative path of a new recording: a folder per day."""
        return f"{at:%Y/%m/%d}/{call}.wav"

    def prepare(self, name: str) -> Path:
        """Absolute path with its folder made."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    async def finish(self, name: str) -> Finished | None:
        """Wait for the PBX to close both sides, then keep them as one; ``None``: nothing there."""
        path = self._folder / name
        sides = record_sides(path)
        deadline = self._clock.monotonic() + _CLOSE_SECONDS
        while not all(_is_closed(side) for side in sides):
            if self._clock.monotonic() > deadline:
                _log.warning("recording was not closed in time", recording=name)
                break
            await self._clock.sleep(0.05)
        try:
            return await asyncio.to_thread(_join, name, path, sides)
        except OSError as error:
            _log.error("recording cannot be kept", recording=name, why=str(error))
            return None


def _is_closed(side: Path) -> bool:
    """The PBX writes the length into the header last; a file that is not there will not come."""
    try:
        with side.open("rb") as file:
            header = file.read(_HEADER)
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return True
    return len(header) == _HEADER and int.from_bytes(header[4:8], "little") >= size - 8


def _join(name: str, path: Path, sides: tuple[Path, Path]) -> Finished | None:
    caller, seat = (_samples(side) for side in sides)
    length = max(len(caller), len(seat))
    if length:
        stereo = np.zeros((length, 2), dtype=np.int16)
        stereo[: len(caller), 0] = caller
        stereo[: len(seat), 1] = seat
        digest = _write(path, stereo)
    for side in sides:
        side.unlink(missing_ok=True)
    if not length:
        return None
    return Finished(
        path=name,
        seconds=round(length / _RATE, 3),
        caller_rms=_dbfs(caller),
        seat_rms=_dbfs(seat),
        sha256=digest,
    )


def _samples(side: Path) -> Samples:
    try:
        data = side.read_bytes()[_HEADER:]
    except FileNotFoundError:
        return np.zeros(0, dtype=np.int16)
    return np.frombuffer(data[: len(data) & ~1], dtype="<i2").astype(np.int16)


def _write(path: Path, stereo: Samples) -> str:
    draft = path.with_suffix(".part")
    with wave.open(str(draft), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(stereo.astype("<i2").tobytes())
    draft.chmod(0o600)
    draft.replace(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _dbfs(samples: Samples) -> float:
    if not len(samples):
        return _SILENT_DBFS
    rms = float(np.sqrt(np.mean(np.square(samples.astype(np.float64)))))
    return round(20 * math.log10(rms / 32768), 1) if rms > 0 else _SILENT_DBFS
