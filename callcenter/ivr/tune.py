"""The music a waiting caller hears (a soft loop of our own) and the beep: always the same.

Twenty seconds of plucked notes in the telephone's band; the last notes ring on into the first, so
the loop has no seam. Nobody else holds rights in it.
"""

import math
import struct
import wave
from pathlib import Path

RATE = 8000
SECONDS = 20
_PEAK = 0.25  # -12 dBFS: below the voice prompts
_STEP = SECONDS / 64  # length of one note

# Eight bars of eight steps: C, a minor, F, G, C, e minor, F, G; numbers are MIDI notes.
_CHORDS = (
    (60, 64, 67),
    (57, 60, 64),
    (65, 69, 72),
    (67, 71, 74),
    (60, 64, 67),
    (64, 67, 71),
    (65, 69, 72),
    (67, 71, 74),
)
_MELODY = (76, 79, 76, 72, 74, 77, 79, 74, 76, 72, 79, 76, 77, 74, 71, 72)  # two to a bar
_ARPEGGIO = (0, 1, 2, 1, 0, 2, 1, 2)


def samples() -> bytes:
    """The loop as 16-bit little-endian samples, 8000 a second."""
    mix = [0.0] * (RATE * SECONDS)
    for bar, chord in enumerate(_CHORDS):
        for step, part in enumerate(_ARPEGGIO):
            _pluck(mix, (bar * 8 + step) * _STEP, chord[part], 0.5)
    for index, note in enumerate(_MELODY):
        _pluck(mix, index * 4 * _STEP, note, 1.0)
    loudest = max(abs(value) for value in mix)
    return struct.pack(f"<{len(mix)}h", *(round(v / loudest * _PEAK * 32767) for v in mix))


def beep() -> bytes:
    """Says "speak now": 1 kHz for 0.4 s, without a click."""
    length = round(RATE * 0.4)
    level = [min(1.0, n / 80, (length - n) / 80) * _PEAK for n in range(length)]
    tone = (math.sin(2 * math.pi * 1000 * n / RATE) * level[n] for n in range(length))
    return struct.pack(f"<{length}h", *(round(value * 32767) for value in tone))


def write_tune(path: Path) -> None:
    """Write the loop as an 8 kHz mono 16-bit WAV file, in one step."""
    _write(path, samples())


def write_beep(path: Path) -> None:
    """Write the beep likewise."""
    _write(path, beep())


def _write(path: Path, sound: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    with wave.open(str(temporary), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound)
    temporary.replace(path)


def _pluck(mix: list[float], start: float, note: int, loudness: float) -> None:
    """Add one note that fades over 1.5 s; it wraps round the end of the loop."""
    pitch = 2 * math.pi * 440.0 * 2 ** ((note - 69) / 12) / RATE
    first = round(start * RATE)
    for n in range(RATE * 3 // 2):
        fade = math.exp(-3.2 * n / RATE) * min(1.0, n / 60)
        tone = math.sin(pitch * n) + 0.4 * math.sin(2 * pitch * n) + 0.12 * math.sin(3 * pitch * n)
        mix[(first + n) % len(mix)] += loudness * fade * tone
