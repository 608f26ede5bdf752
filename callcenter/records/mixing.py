"""From two sides to one stereo WAV, a second at a time, so that a long talk needs no more memory.

Left is the caller, right is the seat. Talks to nobody; runs in threads.
"""

import math
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np

RATE = 8000
HEADER = 44
SILENT_DBFS = -120.0
_BLOCK = 1 << 16  # samples


class Mixed:
    """Two raw files of one part. ``samples`` is the length of the longer one."""

    def __init__(self, sides: tuple[Path, Path]) -> None:
        self._sides = sides
        lengths = [_samples_in(side) for side in sides]
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
            files = [_open(side, stack) for side in self._sides]
            for begin in range(0, self.samples, _BLOCK):
                stereo = np.zeros((min(_BLOCK, self.samples - begin), 2), dtype="<i2")
                for side, file in enumerate(files):
                    data = file.read(2 * len(stereo)) if file else b""
                    samples = np.frombuffer(data[: len(data) & ~1], dtype="<i2")
                    stereo[: len(samples), side] = samples
                    self._power[side] += float(np.square(samples.astype(np.float64)).sum())
                yield stereo.tobytes()


def wav_header(samples: int, *, channels: int = 2) -> bytes:
    """Of a 16-bit WAV of 8 kHz."""
    frame = 2 * channels
    data = min(frame * samples, 0xFFFFFFFF - HEADER)
    form = struct.pack("<HHIIHH", 1, channels, RATE, RATE * frame, frame, 16)
    riff = b"RIFF" + struct.pack("<I", data + HEADER - 8) + b"WAVE"
    return riff + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", data)


def is_closed(side: Path) -> bool:
    """The PBX writes the length into the header last; a file that is not there will not come."""
    try:
        with side.open("rb") as file:
            header = file.read(HEADER)
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return True
    return len(header) == HEADER and int.from_bytes(header[4:8], "little") >= size - 8


def _samples_in(side: Path) -> int:
    try:
        return max(0, side.stat().st_size - HEADER) // 2
    except FileNotFoundError:
        return 0


def _open(side: Path, stack: ExitStack) -> BinaryIO | None:
    try:
        file = stack.enter_context(side.open("rb"))
    except FileNotFoundError:
        return None
    file.seek(HEADER)
    return file


def _dbfs(power: float, samples: int) -> float:
    if not samples or power <= 0:
        return SILENT_DBFS
    return round(10 * math.log10(power / samples / 32768**2), 1)
