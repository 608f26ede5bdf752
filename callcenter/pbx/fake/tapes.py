"""What the fake records: a hum for each side while they talk, silence while that is paused."""

import io
import wave
from pathlib import Path

import numpy as np

from callcenter.kernel.clock import Clock
from callcenter.pbx.port import record_sides

RATE = 8000
HUM = 440.0
_LONGEST = 60.0  # seconds that are written; a talk of an hour must not take long to fake


class Tape:
    """One recording of one caller's channel. Nothing is written before two talk."""

    def __init__(self, clock: Clock, path: Path, *, joined: bool) -> None:
        self._clock, self._path = clock, path
        self._joined, self._paused = joined, False
        self._since = clock.monotonic()
        self._pieces: list[tuple[float, bool]] = []  # seconds, and whether they are heard

    def join(self, *, on: bool) -> None:
        """They talk, or do no more."""
        self._cut()
        self._joined = on

    def pause(self, *, on: bool) -> None:
        """Leave out what is said from now on, or do so no more."""
        self._cut()
        self._paused = on

    def close(self) -> None:
        """Write both sides."""
        self._cut()
        self._joined = False
        if not self._pieces:
            return
        sound, left = b"", _LONGEST
        for seconds, heard in self._pieces:
            length = min(seconds, left)
            sound += tone(length) if heard else b"\0\0" * round(length * RATE)
            left -= length
        for side in record_sides(self._path):
            side.parent.mkdir(parents=True, exist_ok=True)
            side.write_bytes(wav(sound))

    def _cut(self) -> None:
        now = self._clock.monotonic()
        if self._joined and now > self._since:
            self._pieces.append((now - self._since, not self._paused))
        self._since = now


def tone(seconds: float) -> bytes:
    """A hum, 16-bit samples."""
    count = np.arange(round(seconds * RATE))
    return bytes((8000 * np.sin(2 * np.pi * HUM * count / RATE)).astype("<i2").tobytes())


def wav(samples: bytes) -> bytes:
    """8 kHz mono."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(samples)
    return file.getvalue()


def voice(spoken: float, silent: float = 0.0) -> bytes:
    """A WAV file: a hum for so many seconds, then silence."""
    return wav(tone(spoken) + b"\0\0" * round(silent * RATE))
