"""The listening half of a phone's audio: every sample with the time at which it came.

Packets are kept as they come and decoded only when somebody asks. Two views: the *timeline* (gaps
are silence; for levels and gaps) and the *speech* (gaps cut out; for recognising prompts, which a
late packet must not tear apart).
"""

import asyncio
from bisect import bisect_right
from typing import NamedTuple

import numpy as np

from callcenter.demo import ears as audio
from callcenter.demo.ears import RATE, Samples
from tests.support.phone import g711, rtp
from tests.support.phone.sources import FRAME

_OUT_OF_STEP = RATE // 5
"""So far may the sender's clock run from arrival before the stream is laid anew."""

_ON_ITS_WAY = 3 * FRAME
"""The newest 60 ms may still be travelling: their absence is no silence."""


class Key(NamedTuple):
    """A key that the other side pressed; ``duration`` in seconds as far as reported."""

    t: float
    key: str
    duration: float


class Gap(NamedTuple):
    """A stretch without audible sound."""

    t: float
    seconds: float


class _Run(NamedTuple):
    """Packets without a gap: where they begin in the timeline and in the speech."""

    at: int
    speech: int


class Heard:
    """What one call's phone heard. Times are those of the event loop, levels dBFS."""

    def __init__(self) -> None:
        self.packets = 0
        self.arrivals: list[float] = []
        self.keys: list[Key] = []
        self.closed_at: float | None = None
        self._began = 0.0
        self._runs: list[_Run] = []
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._speech = np.zeros(10 * RATE, dtype=np.int16)
        self._size = 0  # decoded samples
        self._stream = (0, 0, 0)  # ssrc, next sequence, next timestamp
        self._key_at = -1

    def sound(self, t: float, packet: rtp.Packet) -> None:
        """A packet of sound arrived."""
        self.packets += 1
        self.arrivals.append(t)
        if not self._runs:
            self._began = t
        ssrc, sequence, timestamp = self._stream
        missing = (packet.sequence - sequence) & 0xFFFF
        same = bool(self._runs) and packet.ssrc == ssrc
        if same and missing > 0x8000:
            return  # late or twice
        skipped = (packet.timestamp - timestamp) & 0xFFFFFFFF
        if same and missing and skipped == missing * len(packet.payload) and missing < 50:
            self._append(g711.SILENCE * skipped)  # lost on the way: their place stays
            skipped = 0
        self._lay(t, follows=same and skipped == 0)
        self._append(packet.payload)
        self._stream = (
            packet.ssrc,
            (packet.sequence + 1) & 0xFFFF,
            (packet.timestamp + len(packet.payload)) & 0xFFFFFFFF,
        )

    def key(self, t: float, packet: rtp.Packet) -> None:
        """A packet about a key arrived."""
        event = rtp.unpack_event(packet.payload)
        ssrc, sequence, timestamp = self._stream
        if ssrc == packet.ssrc and sequence == packet.sequence:
            self._stream = (ssrc, (sequence + 1) & 0xFFFF, timestamp)
        if event is None:
            return
        seconds = event.duration / RATE
        if packet.timestamp != self._key_at:
            self._key_at = packet.timestamp
            self.keys.append(Key(t, event.key, seconds))
        else:
            first = self.keys[-1]
            self.keys[-1] = Key(first.t, first.key, max(first.duration, seconds))

    @property
    def digits(self) -> str:
        """Keys pressed by the other side, in order."""
        return "".join(key.key for key in self.keys)

    def samples(self, *, last: float | None = None, since: float | None = None) -> Samples:
        """The timeline: the ``last`` seconds, or from a time on; without either all of it."""
        end = self._timeline_end()
        begin = 0
        if last is not None:
            begin = max(0, end - round(last * RATE))
        elif since is not None:
            begin = max(0, self._place(since))
        out = np.zeros(max(0, end - begin), dtype=np.int16)
        speech = self.speech()
        first = max(0, bisect_right(self._runs, begin, key=lambda run: run.at) - 1)
        for number in range(first, len(self._runs)):
            run = self._runs[number]
            to = self._runs[number + 1].speech if number + 1 < len(self._runs) else len(speech)
            skip = max(0, begin - run.at)
            piece = speech[run.speech + skip : to][: max(0, end - run.at - skip)]
            at = run.at + skip - begin
            out[at : at + len(piece)] = piece
        return out

    def speech(self) -> Samples:
        """Everything that arrived, without the gaps. A view: do not write to it."""
        if self._pending:
            fresh = g711.decode(b"".join(self._pending))
            while self._size + len(fresh) > len(self._speech):
                self._speech = np.concatenate([self._speech, np.zeros_like(self._speech)])
            self._speech[self._size : self._size + len(fresh)] = fresh
            self._size += len(fresh)
            self._pending, self._pending_size = [], 0
        return self._speech[: self._size]

    def time_of(self, place: int) -> float:
        """When the sample at this place of :meth:`speech` was heard."""
        number = max(0, bisect_right(self._runs, place, key=lambda run: run.speech) - 1)
        run = self._runs[number]
        return self._began + (run.at + place - run.speech) / RATE

    def place_of(self, t: float) -> int:
        """First place of :meth:`speech` heard at or after a time."""
        at = self._place(t)
        number = bisect_right(self._runs, at, key=lambda run: run.at) - 1
        if number < 0:
            return 0
        run = self._runs[number]
        end = self._runs[number + 1].speech if number + 1 < len(self._runs) else self._total
        return min(end, run.speech + at - run.at)

    def rms(self, *, last: float | None = None, since: float | None = None) -> float:
        """Loudness of a stretch; -96 is digital silence."""
        return audio.rms(self.samples(last=last, since=since))

    def level(self, freq: float, *, last: float | None = 0.2, since: float | None = None) -> float:
        """Loudness of one frequency."""
        return audio.level(self._stretch(last, since), freq)

    def has_tone(
        self, freq: float, *, last: float | None = 0.2, since: float | None = None
    ) -> bool:
        """Whether the stretch, all of it, is mainly this tone."""
        stretch = self._stretch(last, since)
        too_short = since is None and last is not None and len(stretch) < round(last * RATE)
        return not too_short and audio.has_tone(stretch, freq)

    def silence_gaps(
        self, longer_than: float = 0.3, *, since: float | None = None, below: float = -60.0
    ) -> list[Gap]:
        """Stretches quieter than ``below``, be it quiet packets or none, up to now."""
        begin = max(0, self._place(since)) if since is not None else 0
        heard = self.samples(since=since)
        frames = heard[: len(heard) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
        loud = (frames**2).mean(axis=1) > (32768 * 10 ** (below / 20)) ** 2
        edges = np.flatnonzero(np.diff(np.concatenate([[True], loud, [True]]).astype(np.int8)))
        return [
            Gap(self._began + (begin + first * FRAME) / RATE, (end - first) * FRAME / RATE)
            for first, end in edges.reshape(-1, 2).tolist()
            if (end - first) * FRAME / RATE > longer_than
        ]

    def _stretch(self, last: float | None, since: float | None) -> Samples:
        return self.samples(last=None if since is not None else last, since=since)

    @property
    def _total(self) -> int:
        return self._size + self._pending_size

    def _append(self, payload: bytes) -> None:
        self._pending.append(payload)
        self._pending_size += len(payload)

    def _lay(self, t: float, *, follows: bool) -> None:
        """Begin a new run unless the sound follows what came before, at about its time."""
        at = self._place(t)
        if self._runs:
            run = self._runs[-1]
            end = run.at + self._total - run.speech
            if follows and abs(at - end) < _OUT_OF_STEP:
                return
            at = max(at, end)
        self._runs.append(_Run(at, self._total))

    def _place(self, t: float) -> int:
        return round((t - self._began) * RATE)

    def _timeline_end(self) -> int:
        if not self._runs:
            return 0
        run = self._runs[-1]
        end = run.at + self._total - run.speech
        now = self.closed_at or asyncio.get_running_loop().time()
        return max(end, self._place(now) - _ON_ITS_WAY)
