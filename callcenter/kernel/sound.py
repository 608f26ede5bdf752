"""Telephone sound (8 kHz mono 16-bit): read, trim, level, write. Pure but for the files."""

import io
import os
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 8000
Samples = npt.NDArray[np.int16]

_FRAME = RATE // 50  # 20 ms
_QUIET = 10 ** (-45 / 20) * 32768  # RMS of a frame without a voice
_PEAK = 10 ** (-3 / 20) * 32767
_MOST_GAIN = 20.0  # noise is not made a voice
_MARGIN = RATE // 10  # kept before and behind the voice


@dataclass(frozen=True, kw_only=True)
class Voice:
    """What was spoken: trimmed and levelled samples."""

    samples: Samples

    @property
    def seconds(self) -> float:
        """How long."""
        return round(len(self.samples) / RATE, 3)

    def wav(self) -> bytes:
        """As a file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setparams((1, 2, RATE, 0, "NONE", ""))
            out.writeframes(self.samples.astype("<i2").tobytes())
        return file.getvalue()

    def save(self, path: Path) -> None:
        """Write it in one step, for its owner only (blocking)."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            new.write_bytes(self.wav())
            new.chmod(0o600)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)


def read(path: Path) -> Samples:
    """Samples of a telephone WAV file, also of one whose header was never finished.

    Raises:
        ValueError: it is of another kind, or none.
    """
    data = path.read_bytes()
    begin = data.find(b"data", 12, 200)
    kind = (1).to_bytes(2, "little") * 2 + RATE.to_bytes(4, "little")
    if data[:4] != b"RIFF" or begin < 0 or kind not in data[:begin]:
        raise ValueError("no WAV file of 8 kHz, mono, 16 bit")
    told = int.from_bytes(data[begin + 4 : begin + 8], "little")
    body = data[begin + 8 :]
    body = body[:told] if 0 < told <= len(body) else body
    return np.frombuffer(body[: len(body) & ~1], dtype="<i2").astype(np.int16)


def cleaned(samples: Samples) -> Voice | None:
    """Without the silence around it and at the prompts' level; ``None``: nothing can be heard."""
    frames = len(samples) // _FRAME
    if not frames:
        return None
    cut = samples[: frames * _FRAME].reshape(frames, _FRAME).astype(np.float64)
    loud = np.flatnonzero(np.sqrt(np.mean(np.square(cut), axis=1)) > _QUIET)
    if not len(loud):
        return None
    begin = max(0, int(loud[0]) * _FRAME - _MARGIN)
    end = min(len(samples), (int(loud[-1]) + 1) * _FRAME + _MARGIN)
    voice = samples[begin:end].astype(np.float64)
    gain = min(_MOST_GAIN, _PEAK / max(1.0, float(np.max(np.abs(voice)))))
    return Voice(samples=np.round(voice * gain).astype(np.int16))
