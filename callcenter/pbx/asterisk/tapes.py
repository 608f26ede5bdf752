"""Recordings of running talks over the control connection: begin, end, leave something out.

MixMonitor sits on the caller's channel and goes where that goes. ``b``: only while it is joined;
``r`` is what Asterisk receives from the caller, ``t`` what it sends. Muted it writes silence.

A MixMonitor lets go of the channel a moment after Asterisk has said that it stopped; nothing tells
when. One that begins before that may hold silence for all that is said to the caller (measured on
Asterisk 22), so the next one waits a moment.
"""

from pathlib import Path

from callcenter.kernel.clock import Clock
from callcenter.pbx import checked
from callcenter.pbx.asterisk.ami import ActionRefused, AmiLink
from callcenter.pbx.port import record_sides

_LETS_GO = 0.4  # seconds


class Tapes:
    """What MixMonitor does for channels by Asterisk's name of them."""

    def __init__(self, ami: AmiLink, clock: Clock) -> None:
        self._ami, self._clock = ami, clock
        self._stopped: dict[str, float] = {}

    async def record(self, channel: str, path: Path) -> bool:
        """See the port."""
        options = mixmonitor_options(path)
        await self.settled(channel)
        return await self._done({"Action": "MixMonitor", "Channel": channel, "Options": options})

    async def stop(self, channel: str) -> bool:
        """See the port."""
        stopped = await self._done({"Action": "StopMixMonitor", "Channel": channel})
        if stopped:
            self._stopped[channel] = self._clock.monotonic()
        return stopped

    async def settled(self, channel: str) -> None:
        """Until one that was stopped there has let go of the channel."""
        stopped = self._stopped.get(channel)
        if stopped is not None:
            await self._clock.sleep(max(0.0, stopped + _LETS_GO - self._clock.monotonic()))
            self._stopped.pop(channel, None)

    def gone(self, channel: str) -> None:
        """The channel has ended."""
        self._stopped.pop(channel, None)

    async def mute(self, channel: str, *, on: bool) -> bool:
        """See the port: ``pause_recording``, ``resume_recording``."""
        return await self._done(
            {
                "Action": "MixMonitorMute",
                "Channel": channel,
                "Direction": "both",
                "State": "1" if on else "0",
            }
        )

    async def _done(self, action: dict[str, str]) -> bool:
        try:
            await self._ami.ask(action)
        except ActionRefused:
            return False
        return True


def mixmonitor_options(path: Path) -> str:
    """What MixMonitor is told.

    Raises:
        PbxProblem: the path cannot be said in Asterisk's words.
    """
    caller, seat = record_sides(checked.plain_path(path))
    return f"br({caller})t({seat})"
