"""What the test phone makes of arriving packets: time line, losses, gaps, keys."""

import asyncio

import numpy as np
import pytest

from callcenter.demo import ears as audio
from tests.support.phone import g711
from tests.support.phone.heard import Heard
from tests.support.phone.rtp import KeyEvent, Packet, pack_event

T = 1000.0


class Line:
    """Hands packets to a :class:`Heard` as a stream of 20 ms frames of one tone would."""

    def __init__(self) -> None:
        self.heard = Heard()
        self.sequence, self.timestamp, self.t = 65530, 0xFFFFFF00, T
        self.tone = g711.encode(audio.tone(500, 1.0))

    def speaks(self, frames: int, *, ssrc: int = 1) -> None:
        for _ in range(frames):
            at = self.timestamp % 16 * 10
            payload = self.tone[at : at + 160]
            self.heard.sound(self.t, Packet(0, False, self.sequence, self.timestamp, ssrc, payload))
            self.passes(1, counted=True)

    def passes(self, frames: int, *, counted: bool) -> None:
        """Time goes by; ``counted`` if packets were sent in it (and perhaps lost)."""
        self.t += 0.02 * frames
        self.timestamp = (self.timestamp + 160 * frames) & 0xFFFFFFFF
        if counted:
            self.sequence = (self.sequence + frames) & 0xFFFF

    def ends(self) -> Heard:
        self.heard.closed_at = self.t
        return self.heard


def test_a_stream_over_both_wraps_is_one_piece() -> None:
    line = Line()
    line.speaks(50)
    heard = line.ends()
    assert len(heard.samples()) == 50 * 160
    assert heard.silence_gaps(0.02) == []
    assert heard.has_tone(500, since=T)
    assert not heard.has_tone(600, since=T)
    assert heard.rms(since=T) == pytest.approx(-15, abs=0.3)


def test_a_pause_without_packets_is_silence_in_time_and_absent_in_speech() -> None:
    line = Line()
    line.speaks(10)
    line.passes(25, counted=False)
    line.speaks(10)
    heard = line.ends()
    assert len(heard.samples()) == 45 * 160
    (gap,) = heard.silence_gaps(0.3)
    assert gap.t == pytest.approx(T + 0.2, abs=0.001)
    assert gap.seconds == pytest.approx(0.5, abs=0.001)
    assert len(heard.speech()) == 20 * 160
    assert heard.time_of(10 * 160) == pytest.approx(T + 0.7, abs=0.001)
    assert heard.place_of(T + 0.5) == 10 * 160
    assert heard.place_of(T + 0.8) == 15 * 160


def test_lost_packets_keep_their_place() -> None:
    line = Line()
    line.speaks(10)
    line.passes(2, counted=True)
    line.speaks(10)
    heard = line.ends()
    assert len(heard.samples()) == len(heard.speech()) == 22 * 160
    assert not heard.speech()[1600:1920].any()


def test_late_and_repeated_packets_are_left_out() -> None:
    line = Line()
    line.speaks(3)
    line.heard.sound(line.t, Packet(0, False, 65531, 0, 1, g711.SILENCE * 160))
    assert len(line.heard.speech()) == 3 * 160


def test_another_stream_goes_on_behind_the_first() -> None:
    line = Line()
    line.speaks(10)
    line.sequence, line.timestamp = 5, 77 * 16
    line.speaks(10, ssrc=2)
    heard = line.ends()
    assert len(heard.samples()) == pytest.approx(20 * 160, abs=200)
    assert heard.silence_gaps(0.03) == []


async def test_the_end_of_the_stream_is_heard_as_silence() -> None:
    line = Line()
    loop = asyncio.get_running_loop()
    line.t = loop.time() - 1.2
    line.speaks(10)
    assert line.heard.rms(last=0.5) == audio.FLOOR
    (gap,) = line.heard.silence_gaps(0.5)
    assert gap.seconds == pytest.approx(0.94, abs=0.05)


def test_keys_are_counted_once_however_often_reported() -> None:
    heard = Heard()
    sequence = 1
    for key, stamp in (("1", 800), ("1", 4000), ("#", 8000)):
        for duration, end in ((160, False), (320, False), (800, True), (800, True), (800, True)):
            payload = pack_event(KeyEvent(key, end, duration))
            heard.key(T + sequence / 50, Packet(101, False, sequence, stamp, 1, payload))
            sequence += 1
    assert heard.digits == "11#"
    assert [key.duration for key in heard.keys] == [0.1, 0.1, 0.1]
    assert [round((key.t - T) * 50) for key in heard.keys] == [1, 6, 11]


def test_nothing_heard_is_nothing() -> None:
    heard = Heard()
    assert len(heard.samples()) == 0
    assert heard.rms(last=1) == audio.FLOOR
    assert heard.silence_gaps() == []
    assert not np.any(heard.speech())
