"""Wrong tokens: counted by where they come from, and answered slower and slower.

Only those who send wrong ones wait; a good token is never slowed down, wherever it comes from.
"""

from collections import OrderedDict
from dataclasses import dataclass

from callcenter.access.model import TooManyTokens
from callcenter.kernel.clock import Clock

FREE = 10
"""Wrong tokens that are answered at once."""
FIRST_SECONDS, MOST_SECONDS = 0.25, 5.0
FORGET_SECONDS = 600.0
_WAITING = 4
_PEERS = 10_000


@dataclass(kw_only=True)
class _Peer:
    wrong: int = 0
    last: float = 0.0
    free_at: float = 0.0
    waiting: int = 0


class Guard:
    """Counts for one engine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._peers: OrderedDict[str, _Peer] = OrderedDict()

    async def wrong(self, name: str) -> int:
        """Count a wrong token and wait as long as its sender has to; returns how many there were.

        Raises:
            TooManyTokens: its sender has others waiting already.
        """
        peer, now = self._peer(name), self._clock.monotonic()
        peer.wrong += 1
        peer.last = now
        if peer.wrong <= FREE:
            return peer.wrong
        if peer.waiting >= _WAITING:
            raise TooManyTokens(
                f"{peer.wrong} wrong tokens came from {name}; wait {MOST_SECONDS:g} s and send "
                "one at a time.",
                wrong=peer.wrong,
            )
        delay = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(peer.wrong - FREE - 1, 10))
        peer.free_at = max(now, peer.free_at) + delay
        peer.waiting += 1
        try:
            await self._clock.sleep(peer.free_at - now)
        finally:
            peer.waiting -= 1
        return peer.wrong

    def _peer(self, name: str) -> _Peer:
        found = self._peers.get(name)
        if found is None or self._clock.monotonic() - found.last > FORGET_SECONDS:
            found = self._peers[name] = _Peer()
        self._peers.move_to_end(name)
        if len(self._peers) > _PEERS:
            self._peers.popitem(last=False)
        return found
