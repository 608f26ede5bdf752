"""From what a PBX wrote to one stereo WAV, block by block: a long talk needs no more memory.

Left is the caller, right is the seat. Talks to nobody; runs in threads.
"""

import math
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

RATE = 8000
HEADER = 44
SILENT_DBFS = -120.0
_BLOCK = 1 << 16  # samples
_Samples = np.ndarray[Any, np.dtype[np.int16]]


class Mixed:
    """The raw files of one part: one of each side, or one of both. ``samples`` is the length of
    the longer side."""

    def __init__(self, files: tuple[Path, ...]) -> None:
        self._files = files
        self._channels = 2 // len(files)  # of each file
        lengths = [_samples_in(file, self._channels) for file in files] * self._channels
        self.samples = max(lengths)
        self._power = [0.0, 0.0]
        self._lengths = lengths

    @property
    def size(self) -> int:
        """Bytes of the WAV."""
        return HEADER + 4 * self.samples

    @property
    def seconds(self) -> float:
        """Length."""
        return round(self.samples / RATE, 3)

    @property
    def levels(self) -> tuple[float, float]:
        """RMS in dBFS of each side; known once all was read."""
        first, second = (
            _dbfs(power, length) for power, length in zip(self._power, self._lengths, strict=True)
        )
        return first, second

    def blocks(self) -> Iterator[bytes]:
        """The WAV from its header to its end."""
        yield wav_header(self.samples)
        with ExitStack() as stack:
            files = [_open(file, stack) for file in self._files]
            for begin in range(0, self.samples, _BLOCK):
                stereo = np.zeros((min(_BLOCK, self.samples - begin), 2), dtype="<i2")
                for at, file in enumerate(files):
                    samples = _read(file, len(stereo), self._channels)
                    stereo[: len(samples), at : at + self._channels] = samples
                for side, power in enumerate(np.square(stereo.astype(np.float64)).sum(axis=0)):
                    self._power[side] += float(power)
                yield stereo.tobytes()


def wav_header(samples: int, *, channels: int = 2) -> bytes:
    """Of a 16-bit WAV of 8 kHz."""
    frame = 2 * channels
    data = min(frame * samples, 0xFFFFFFFF - HEADER)
    form = struct.pack("<HHIIHH", 1, channels, RATE, RATE * frame, frame, 16)
    riff = b"RIFF" + struct.pack("<I", data + HEADER - 8) + b"WAVE"
    return riff + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", data)


def is_closed(file: Path) -> bool:
    """The PBX writes the length into the header last; a file that is not there will not come."""
    try:
        with file.open("rb") as opened:
            header = opened.read(HEADER)
            size = os.fstat(opened.fileno()).st_size
    except FileNotFoundError:
        return True
    return len(header) == HEADER and int.from_bytes(header[4:8], "little") >= size - 8


def _samples_in(file: Path, channels: int) -> int:
    try:
        return max(0, file.stat().st_size - HEADER) // (2 * channels)
    except FileNotFoundError:
        return 0


def _open(file: Path, stack: ExitStack) -> BinaryIO | None:
    try:
        opened = stack.enter_context(file.open("rb"))
    except FileNotFoundError:
        return None
    opened.seek(HEADER)
    return opened


def _read(file: BinaryIO | None, samples: int, channels: int) -> _Samples:
    frame = 2 * channels
    data = file.read(frame * samples) if file else b""
    return np.frombuffer(data[: len(data) // frame * frame], dtype="<i2").reshape(-1, channels)


def _dbfs(power: float, samples: int) -> float:
    if not samples or power <= 0:
        return SILENT_DBFS
    return round(10 * math.log10(power / samples / 32768**2), 1)
