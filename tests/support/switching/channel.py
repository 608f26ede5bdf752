"""A channel of either PBX, as far as it is kept waiting and has an end."""

import asyncio
from collections.abc import Callable


class Channel:
    """A channel on which applications run, one after the other."""

    def __init__(self, *, inbound: bool) -> None:
        self.inbound = inbound
        self.presented, self.presented_name = "", ""
        self._broken = False
        self._changed = asyncio.Event()

    @property
    def up(self) -> bool:
        """Not hung up."""
        raise NotImplementedError

    @property
    def is_ringing(self) -> bool:
        """Offered and not answered."""
        raise NotImplementedError

    @property
    def is_answered(self) -> bool:
        """Somebody talks, or might."""
        raise NotImplementedError

    def require(self) -> None:
        """Raises that whatever runs on it ends."""
        raise NotImplementedError

    def answer(self) -> None:
        """Answered; harmless when it was."""
        raise NotImplementedError

    def hang_up(self) -> bool:
        """End it as who puts the receiver down does; ``False`` when it has ended."""
        raise NotImplementedError

    async def rest(
        self, seconds: float | None = None, until: Callable[[], bool] = lambda: False
    ) -> bool:
        """Block as an application does; ``False`` when it was broken off.

        Raises:
            Gone, Sent: as :meth:`require` does.
        """
        loop = asyncio.get_running_loop()
        deadline = None if seconds is None else loop.time() + seconds
        while True:
            self.require()
            if until():
                return True
            if self._broken:
                self._broken = False
                return False
            if not await self.changes(deadline):
                return True

    async def changes(self, deadline: float | None = None) -> bool:
        """Wait until something may have changed; ``False`` when it is too late for that."""
        self._changed.clear()
        try:
            async with asyncio.timeout_at(deadline):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def break_off(self) -> None:
        """What plays ends."""
        self._broken = True
        self.poke()

    def poke(self) -> None:
        """Something may have changed for whoever waits."""
        self._changed.set()
