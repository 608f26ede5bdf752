"""What a call can say and hear: the part of a call that tests talk to most.

Owns the RTP socket, the sender and what was heard; a call inherits from it.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path

from callcenter.demo import ears as audio
from callcenter.demo.ears import Samples
from tests.support.phone import rtp, sdp, sources
from tests.support.phone.heard import Heard
from tests.support.phone.sender import Sender
from tests.support.phone.ticker import ticker
from tests.support.phone.wire import Changes, PhoneFailure, even_udp


class PromptHeard(str):
    """Name of a prompt that was heard: ``t`` when it began, ``complete`` if to its end."""

    t: float
    until: float
    complete: bool


class Voice:
    """Audio of one call. Speaks silence until told otherwise."""

    def __init__(self, ip: str, describe: Callable[[], str]) -> None:
        self._describe = describe
        self.changes = Changes(describe)
        self.heard = Heard()
        self.remote: sdp.Session | None = None
        self.event_type = sdp.EVENT_TYPE
        """The payload type under which we want to get keys."""
        self._loop = asyncio.get_running_loop()
        self._udp = even_udp(ip, self._received)
        self._sender = Sender(self._send)
        self._together = 1
        self._late_every = 0
        self._held: list[bytes] = []
        self._sender.source = sources.Silence()
        self._leave: Callable[[], None] | None = None
        self._listened_to = 0

    @property
    def rtp_port(self) -> int:
        return self._udp.port

    @property
    def sent_packets(self) -> int:
        return self._sender.packets

    def connect(self, remote: sdp.Session) -> None:
        """The other side's description is known (again): audio may flow."""
        self.remote = remote
        self._sender.event_type = remote.event_type
        self._sender.held = not remote.wants_audio
        if self._leave is None and not self._udp.closed:
            self._leave = ticker().join(self._sender.beat)

    def fall_silent(self) -> None:
        """The call is over: close the stream; what was heard stays."""
        if self._leave is not None:
            self._leave()
            self._leave = None
        self._sender.stop()
        self._udp.close()
        if self.heard.closed_at is None:
            self.heard.closed_at = self._loop.time()
        self.changes.notify()

    def play_tone(self, freq: float, *, dbfs: float = -15.0) -> None:
        """Say a steady tone of that RMS level."""
        self._sender.source = sources.tone(freq, dbfs)

    def play_wav(self, path: Path | str, *, repeat: bool = False) -> None:
        """Say an 8 kHz mono 16-bit file, then silence."""
        self._sender.source = sources.wav(path, repeat=repeat)

    def play(self, chunks: Iterable[Samples]) -> None:
        """Say whatever samples an iterable makes, then silence."""
        self._sender.source = sources.Generated(chunks)

    def silence(self) -> None:
        """Send packets of silence."""
        self._sender.source = sources.Silence()

    def mute(self) -> None:
        """Send no packets at all."""
        self._sender.source = None

    def send_together(self, packets: int) -> None:
        """From now on so many packets of 20 ms go out at a time, as on a bad line."""
        self._together = packets

    def send_late(self, every: int) -> None:
        """From now on one packet out of so many goes out 20 ms late, with the next."""
        self._late_every = every

    def longest_pause(self, since: float) -> float:
        """The most seconds that went by between two packets of ours since a time.

        20 ms when the machine lets this process run on time; what we say late is heard late.
        """
        times = self._sender.times
        sent = times[max(0, bisect_right(times, since) - 1) :]
        return max((later - earlier for earlier, later in pairwise(sent)), default=0.0)

    async def press(self, keys: str, *, duration: float = 0.12, pause: float = 0.08) -> None:
        """Press keys one after the other (RFC 4733); returns when the last was released."""
        if self.remote is None or self._udp.closed:
            raise self._failure(f"cannot press {keys!r}: the call has no audio")
        if self._sender.event_type is None:
            raise self._failure(f"cannot press {keys!r}: the other side takes no telephone-event")
        released = [self._sender.press(key, duration, pause) for key in keys]
        try:
            async with asyncio.timeout(len(keys) * (duration + pause + 0.5) + 2):
                await asyncio.gather(*released)
        except asyncio.CancelledError:
            if self._udp.closed:
                raise self._failure(f"the call ended while {keys!r} were pressed") from None
            raise

    async def hears_packets(self, *, within: float = 5.0) -> float:
        """Wait for the next packet of sound, whatever it holds; returns the delay."""
        had, begun = self.heard.packets, self._loop.time()
        await self._listen(lambda: self.heard.packets > had, within, "hearing any packet")
        return self._loop.time() - begun

    async def hears_tone(self, freq: float, *, within: float = 5.0, lasting: float = 0.1) -> float:
        """Wait until this tone was heard for ``lasting`` seconds; returns the delay."""
        begun = self._loop.time()
        await self._listen(
            lambda: self.heard.has_tone(freq, last=lasting), within, f"hearing {freq:g} Hz"
        )
        return self._loop.time() - begun

    async def hears_sound(self, *, within: float = 5.0, above: float = -45.0) -> float:
        """Wait until the last 0.2 s were louder than ``above``; returns the delay."""
        begun = self._loop.time()
        await self._listen(
            lambda: self.heard.rms(last=0.2) > above, within, f"hearing more than {above:g} dBFS"
        )
        return self._loop.time() - begun

    async def hears(
        self, prompt: Path | str, *, within: float = 6.0, since: float | None = None
    ) -> PromptHeard:
        """Wait until a prompt was heard to its end, behind the one waited for before.

        So ``hears(a)`` and then ``hears(b)`` never misses a ``b`` that began at once. ``since``
        looks from that time instead.
        """
        path = Path(prompt)
        begin = self._listened_to if since is None else self.heard.place_of(since)
        search = audio.Search(audio.read_wav(path), path.stem, begin=begin)
        found: list[audio.Match] = []

        def heard_it() -> bool:
            matches = search.look(self.heard.speech(), final=self._udp.closed)
            found.extend(match for match in matches if match.complete)
            return bool(found)

        await self._listen(heard_it, within, f"hearing the prompt {path.name}")
        self._listened_to = max(self._listened_to, found[0].end)
        return self._named(found[0])

    async def hears_part_of(self, music: Path | str, *, within: float = 5.0) -> float:
        """Wait until the last second heard occurs anywhere in a file; returns the delay."""
        whole, begun, looked = audio.read_wav(music), self._loop.time(), [0]

        def heard_it() -> bool:
            speech = self.heard.speech()
            if len(speech) - looked[0] < audio.RATE // 5 or len(speech) < audio.RATE:
                return False
            looked[0] = len(speech)
            return self.heard.time_of(len(speech) - audio.RATE) >= begun - 1 and audio.is_part_of(
                speech[-audio.RATE :], whole
            )

        await self._listen(heard_it, within, f"hearing a part of {Path(music).name}")
        return self._loop.time() - begun

    def heard_prompt(self, prompt: Path | str, *, since: float | None = None) -> bool:
        """Whether a prompt was heard to its end."""
        begin = 0 if since is None else self.heard.place_of(since)
        return audio.find(self.heard.speech()[begin:], audio.read_wav(prompt)) is not None

    def prompts_heard(self, library: Mapping[str, Path | str]) -> list[PromptHeard]:
        """Names of the prompts heard, in order, also of those cut short after 0.8 s."""
        sounds = {name: audio.read_wav(path) for name, path in library.items()}
        return [self._named(match) for match in audio.prompts_in(self.heard.speech(), sounds)]

    async def _listen(self, heard_it: Callable[[], bool], within: float, what: str) -> None:
        """Wait for a sound; once the call is over there is nothing to wait for."""
        heard: list[bool] = []

        def done() -> bool:
            heard[:] = [heard_it()]  # asked once: some look only at what is new
            return heard[0] or self._udp.closed

        await self.changes.until(done, within, what)
        if not heard[0]:
            raise self._failure(f"{what} did not happen before the call ended")

    def _failure(self, what: str) -> PhoneFailure:
        return PhoneFailure(f"{what}\n{self._describe()}")

    def _named(self, match: audio.Match) -> PromptHeard:
        name = PromptHeard(match.name)
        name.t, name.until = self.heard.time_of(match.start), self.heard.time_of(match.end)
        name.complete = match.complete
        return name

    def _send(self, data: bytes) -> None:
        self._held.append(data)
        late = self._late_every and self._sender.packets % self._late_every == 0
        if late or len(self._held) < self._together:
            return
        if self.remote is not None and self.remote.port:
            for packet in self._held:
                self._udp.send(packet, (self.remote.ip, self.remote.port))
        self._held.clear()

    def _received(self, data: bytes, source: tuple[str, int]) -> None:
        packet = rtp.unpack(data)
        if packet is None:
            return
        if self.remote is not None and source[1] != self.remote.port:
            return  # the tail of an earlier call; only the address may differ (unbound socket)
        now = self._loop.time()
        if packet.payload_type == sdp.PCMU:
            self.heard.sound(now, packet)
        elif packet.payload_type == self.event_type:
            self.heard.key(now, packet)
        self.changes.notify()
