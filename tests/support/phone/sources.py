"""What a phone says: each source hands out 20 ms of mu-law at a time, encoded beforehand."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from callcenter.demo import ears as audio
from tests.support.phone import g711

FRAME = 160
_NOTHING = g711.SILENCE * FRAME


class Source(Protocol):
    """Anything that can be said."""

    def frame(self) -> bytes:
        """The next 160 bytes of mu-law."""


class Silence:
    """Packets full of nothing: a caller who says no word."""

    def frame(self) -> bytes:
        return _NOTHING


class Recorded:
    """Samples said once or for ever; silence follows."""

    def __init__(self, samples: audio.Samples, *, repeat: bool = False) -> None:
        self._data = g711.encode(samples) or g711.SILENCE
        self._repeat = repeat
        self._at = 0

    @property
    def over(self) -> bool:
        return not self._repeat and self._at >= len(self._data)

    def frame(self) -> bytes:
        piece = self._data[self._at : self._at + FRAME]
        self._at += FRAME
        if self._repeat:
            self._at %= len(self._data)
            while len(piece) < FRAME:
                piece += self._data[: FRAME - len(piece)]
        return piece.ljust(FRAME, g711.SILENCE)


def tone(freq: float, dbfs: float = -15.0) -> Recorded:
    """A steady tone; whole hertz repeat without a click."""
    return Recorded(audio.tone(freq, 1.0, dbfs=dbfs), repeat=True)


def wav(path: Path | str, *, repeat: bool = False) -> Recorded:
    """An 8 kHz mono 16-bit file."""
    return Recorded(audio.read_wav(path), repeat=repeat)


class Generated:
    """Samples made on the way by any iterable of int16 arrays; silence once it ends."""

    def __init__(self, chunks: Iterable[audio.Samples]) -> None:
        self._chunks: Iterator[audio.Samples] = iter(chunks)
        self._rest = np.zeros(0, dtype=np.int16)

    def frame(self) -> bytes:
        while len(self._rest) < FRAME:
            chunk = next(self._chunks, None)
            if chunk is None:
                chunk = np.zeros(FRAME, dtype=np.int16)
            self._rest = np.concatenate([self._rest, chunk])
        frame, self._rest = self._rest[:FRAME], self._rest[FRAME:]
        return g711.encode(frame)
