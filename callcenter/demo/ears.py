"""Ears: levels, tones, and which prompt was heard in a stretch of audio. Pure numpy, 8 kHz mono.

Levels are dBFS as RMS against 32768: a full-scale sine is -3.0. Prompts are found by normalised
cross-correlation, piece by piece, so that neither gain nor G.711 matters but another sentence
with the same beginning does.
"""

import math
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

RATE = 8000
FLOOR = -96.0
"""What digital silence counts as."""

_HEAD = int(0.8 * RATE)  # a prompt is recognised by this much of its beginning
_PIECE = int(0.25 * RATE)  # and then followed piece by piece
_ALIKE = 0.8  # correlation from which a piece is the same sound; other speech stays below 0.5
_QUIET = -60.0  # a piece below this proves nothing


def read_wav(path: Path | str) -> Samples:
    """Samples of an 8 kHz mono 16-bit file."""
    with wave.open(str(path), "rb") as file:
        shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        if shape != (1, 2, RATE):
            raise ValueError(f"{path} is not 8 kHz mono 16-bit but {shape}")
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)


def write_wav(path: Path | str, samples: Samples) -> None:
    """Write an 8 kHz mono 16-bit file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def tone(freq: float, seconds: float, *, dbfs: float = -15.0) -> Samples:
    """A sine of that RMS level."""
    t = np.arange(round(seconds * RATE)) / RATE
    peak = 32768 * math.sqrt(2) * 10 ** (dbfs / 20)
    exact = np.round(peak * np.sin(2 * np.pi * freq * t))
    samples: Samples = np.clip(exact, -32768, 32767).astype(np.int16)
    return samples


def rms(samples: Samples) -> float:
    """Level in dBFS."""
    if not len(samples):
        return FLOOR
    return _decibel(float(np.mean(samples.astype(np.float64) ** 2)) / 32768**2)


def level(samples: Samples, freq: float) -> float:
    """Level in dBFS of the component at one frequency (Goertzel's sum with a Hann window)."""
    if not len(samples):
        return FLOOR
    window = np.hanning(len(samples))
    wave_at = np.exp(-2j * np.pi * freq * np.arange(len(samples)) / RATE)
    weight = float(window.sum()) or 1.0
    amplitude = 2 * abs(np.dot(samples * window, wave_at)) / weight / 32768
    return _decibel(float(amplitude) ** 2 / 2)


def has_tone(samples: Samples, freq: float, *, above: float = -45.0) -> bool:
    """Whether the stretch is mainly this tone: loud enough, and within 6 dB of all there is."""
    strength = level(samples, freq)
    return strength > above and strength > rms(samples) - 6


@dataclass(frozen=True, kw_only=True)
class Match:
    """A prompt found: first and one-past-last sample, and whether it was heard to its end."""

    name: str
    start: int
    end: int
    complete: bool


class Search:
    """Looks for one prompt in audio that grows: each :meth:`look` scans only what is new."""

    def __init__(self, prompt: Samples, name: str = "", *, begin: int = 0) -> None:
        first, last = _active_span(prompt)
        if last - first < _PIECE:
            raise ValueError(f"prompt {name!r} is too short or too quiet to be recognised")
        self.name = name
        self._prompt = prompt[first:last]
        self._lead = first
        self._head = self._prompt[:_HEAD]
        self._scanned = begin
        self._open: list[tuple[int, int]] = []  # where it seems to begin, how much fits so far

    def look(self, audio: Samples, *, final: bool = False) -> list[Match]:
        """Matches decided by now; with ``final`` also those cut short by the end of ``audio``."""
        size = len(self._head)
        if len(audio) - self._scanned >= size + (0 if final else RATE // 10):
            scores = correlation(audio[self._scanned :], self._head)
            self._open += [(self._scanned + at, 0) for at in _peaks(scores)]
            self._scanned = len(audio) - size + 1
        matches, still_open = [], []
        for start, fitted in self._open:
            fits, decided = self._follow(audio, start, fitted)
            if not decided and not final:
                still_open.append((start, fits))
            elif fits >= min(size - _PIECE, len(self._prompt)):  # else the head fitted by luck
                matches.append(self._match(start, fits))
        self._open = still_open
        return matches

    def _follow(self, audio: Samples, start: int, fits: int) -> tuple[int, bool]:
        """How far the prompt goes on from ``start``, and whether that is the last word."""
        total = len(self._prompt)
        while fits < total:
            size = _PIECE if total - fits >= 2 * _PIECE else total - fits
            heard = audio[start + fits : start + fits + size]
            if len(heard) < size:
                return fits, False
            if not _same(heard, self._prompt[fits : fits + size]):
                return fits, True
            fits += size
        return fits, True

    def _match(self, start: int, fits: int) -> Match:
        return Match(
            name=self.name,
            start=max(0, start - self._lead),
            end=start + fits,
            complete=fits == len(self._prompt),
        )


def find(audio: Samples, prompt: Samples) -> Match | None:
    """First complete occurrence of a prompt."""
    matches = Search(prompt).look(audio, final=True)
    return next((match for match in matches if match.complete), None)


def prompts_in(audio: Samples, library: Mapping[str, Samples]) -> list[Match]:
    """Which prompts were heard, in order, also those cut short (by a key, by the end).

    Where two begin alike, the one that fits longer wins. What was cut within its first 0.8 s is
    not found.
    """
    found: list[Match] = []
    for name, prompt in library.items():
        found += Search(prompt, name).look(audio, final=True)
    chosen: list[Match] = []
    for match in sorted(found, key=_fits_best, reverse=True):
        if not any(_overlap(match, other) for other in chosen):
            chosen.append(match)
    return sorted(chosen, key=_begins)


def is_part_of(audio: Samples, whole: Samples) -> bool:
    """Whether all of ``audio`` occurs somewhere in ``whole`` or over its end into its beginning."""
    if len(audio) < _PIECE or rms(audio) < _QUIET:
        return False
    return bool(correlation(np.concatenate([whole, whole[: len(audio)]]), audio).max() >= _ALIKE)


def correlation(audio: Samples, pattern: Samples) -> NDArray[np.float64]:
    """Normalised cross-correlation (-1..1) of the pattern at each place in the audio."""
    x, p = audio.astype(np.float64), pattern.astype(np.float64)
    places = len(x) - len(p) + 1
    if places < 1:
        return np.zeros(0)
    size = 1 << (len(x) + len(p) - 1).bit_length()
    spectrum = np.fft.rfft(x, size) * np.conj(np.fft.rfft(p, size))
    dot = np.fft.irfft(spectrum, size)[:places]
    power = np.concatenate([[0.0], np.cumsum(x * x)])
    energy = power[len(p) :] - power[:places]
    enough = len(p) * (32768 * 10 ** (_QUIET / 20)) ** 2
    norm = np.sqrt(np.maximum(energy, enough) * max(float(p @ p), 1.0))
    return np.asarray(dot / norm, dtype=np.float64)


def _same(heard: Samples, wanted: Samples) -> bool:
    if rms(wanted) < _QUIET:
        return rms(heard) < _QUIET + 15  # a pause in the prompt is a pause in what is heard
    x, p = heard.astype(np.float64), wanted.astype(np.float64)
    return float(x @ p) >= _ALIKE * math.sqrt(max(float(x @ x) * float(p @ p), 1.0))


def _active_span(prompt: Samples) -> tuple[int, int]:
    """Cut silence off both ends, in steps of 10 ms."""
    step = RATE // 100
    whole = prompt[: len(prompt) // step * step].reshape(-1, step).astype(np.float64)
    loud = np.flatnonzero((whole**2).mean(axis=1) > (32768 * 10 ** (-50 / 20)) ** 2)
    return (int(loud[0]) * step, (int(loud[-1]) + 1) * step) if len(loud) else (0, 0)


def _peaks(scores: NDArray[np.float64]) -> list[int]:
    """Places where the pattern fits, one per group of neighbours."""
    places: list[int] = []
    for at in np.flatnonzero(scores >= _ALIKE):
        if places and at - places[-1] < _PIECE:
            if scores[at] > scores[places[-1]]:
                places[-1] = int(at)
        else:
            places.append(int(at))
    return places


def _fits_best(match: Match) -> tuple[int, bool]:
    return match.end - match.start, match.complete


def _begins(match: Match) -> int:
    return match.start


def _overlap(one: Match, other: Match) -> bool:
    return min(one.end, other.end) - max(one.start, other.start) > _PIECE


def _decibel(power: float) -> float:
    return max(FLOOR, 10 * math.log10(power)) if power > 0 else FLOOR
