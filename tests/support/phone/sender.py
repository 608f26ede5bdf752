"""The speaking half of a phone's audio: on each beat one packet of sound or of a held key."""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.phone import rtp, sdp
from tests.support.phone.sources import FRAME, Source

_END_PACKETS = 3
"""RFC 4733 section 2.5.1.4: the last report of a key is sent three times."""


@dataclass
class _Held:
    key: str
    beats: int
    pause: int  # beats of nothing but sound behind it
    released: asyncio.Future[None]
    started_at: int = 0
    sent: int = 0
    ends: int = 0


class Sender:
    """Makes the packets of one stream; the clock of the stream goes on also while it is mute."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self.source: Source | None = None
        self.event_type: int | None = sdp.EVENT_TYPE
        self.held = False
        """On hold: the other side wants no audio."""
        self.packets = 0
        self.times: list[float] = []
        """When each packet went out, by the clock of a real event loop."""
        self._keys: deque[_Held] = deque()
        self._pause = 0
        self._ssrc = secrets.randbits(32)
        self._sequence = secrets.randbits(15)
        self._timestamp = secrets.randbits(31)
        self._fresh = True  # the next packet of sound begins a talkspurt

    def press(self, key: str, duration: float, pause: float) -> asyncio.Future[None]:
        """Hold a key for about ``duration`` seconds; the future ends with the last packet."""
        released: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        held = _Held(key, max(2, round(duration * 50)), round(pause * 50), released)
        self._keys.append(held)
        return released

    def stop(self) -> None:
        """Let go of whoever waits for a key to be released."""
        while self._keys:
            self._keys.popleft().released.cancel()

    def beat(self) -> None:
        """Send what is due now."""
        self._timestamp = (self._timestamp + FRAME) & 0xFFFFFFFF
        if self._pause:
            self._pause -= 1
        elif self._keys:
            self._key(self._keys[0])
            return
        if self.source is None or self.held:
            self._fresh = True
            return
        frame = self.source.frame()
        self._packet(sdp.PCMU, self._fresh, self._timestamp, frame)
        self._fresh = False

    def _key(self, held: _Held) -> None:
        if self.event_type is None:
            self._keys.popleft().released.cancel()
            return
        first = held.sent == 0
        if first:
            held.started_at = self._timestamp
        held.sent += 1
        end = held.sent >= held.beats
        duration = min(held.sent, held.beats) * FRAME
        payload = rtp.pack_event(rtp.KeyEvent(held.key, end, duration))
        self._packet(self.event_type, first, held.started_at, payload)
        held.ends += end
        if held.ends == _END_PACKETS:
            self._keys.popleft()
            self._pause = held.pause
            if not held.released.done():
                held.released.set_result(None)

    def _packet(self, kind: int, marker: bool, timestamp: int, payload: bytes) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        packet = rtp.Packet(kind, marker, self._sequence, timestamp, self._ssrc, payload)
        self._send(rtp.pack(packet))
        self.times.append(time.monotonic())
        self.packets += 1
