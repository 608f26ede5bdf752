"""WAV files of the demo's softphones: a microphone that lasts, and how loud it was in the ear.

Standard library only; 8 kHz mono 16-bit throughout. Talks to nobody.
"""

import math
import sys
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

RATE = 8000
FLOOR = -96.0
"""Level of digital silence, in dBFS."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A stretch of received sound. ``rms_dbfs`` is against 32768: a full-scale sine is -3.0."""

    seconds: float
    rms_dbfs: float
    samples: "array[int]"


def heard_of(samples: "array[int]") -> Heard:
    """Measure samples."""
    return Heard(seconds=len(samples) / RATE, rms_dbfs=level(samples), samples=samples)


def level(samples: "array[int]") -> float:
    """RMS level in dBFS."""
    power = sum(sample * sample for sample in samples)
    if not power:
        return FLOOR
    return max(FLOOR, 10 * math.log10(power / len(samples) / 32768**2))


def read_growing(path: Path) -> "array[int]":
    """Samples of a WAV that may still be written: what its header says of its length is ignored."""
    data = path.read_bytes()
    start = data.find(b"data", 12)
    body = data[start + 8 :] if start >= 0 else b""
    samples = array("h", body[: len(body) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def write_repeated(source: Path, target: Path, seconds: float) -> None:
    """Write ``source`` over and over until ``seconds`` are full.

    Raises:
        ValueError: not 8 kHz mono 16-bit, or empty.
    """
    with wave.open(str(source), "rb") as file:
        shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
        if shape != (RATE, 1, 2) or not file.getnframes():
            raise ValueError(f"{source} is not 8 kHz mono 16-bit sound")
        once, length = file.readframes(file.getnframes()), file.getnframes()
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for _ in range(math.ceil(seconds * RATE / length)):
            file.writeframesraw(once)
