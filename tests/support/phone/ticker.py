"""One 20 ms beat for all streams of an event loop: fifty phones need one timer, not fifty tasks."""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

BEAT = 0.02
_CATCH_UP = 25
"""After a stall at most half a second is made up for; the rest is lost, as on a real phone."""

_tickers: "WeakKeyDictionary[asyncio.AbstractEventLoop, Ticker]" = WeakKeyDictionary()


class Ticker:
    """Calls every member once per beat; runs only while it has members."""

    def __init__(self) -> None:
        self._members: dict[int, Callable[[], None]] = {}
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._last_id = 0

    def join(self, member: Callable[[], None]) -> Callable[[], None]:
        """Have ``member`` called on each beat; returns how to leave."""
        self._last_id += 1
        number = self._last_id
        self._members[number] = member
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._next = loop.time() + BEAT
            self._timer = loop.call_at(self._next, self._beat)
        return lambda: self._leave(number)

    def _leave(self, number: int) -> None:
        self._members.pop(number, None)
        if not self._members and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _beat(self) -> None:
        loop, fired = asyncio.get_running_loop(), self._timer
        due = 1 + max(0, int((loop.time() - self._next) / BEAT))
        for _ in range(min(due, _CATCH_UP)):
            for member in list(self._members.values()):
                member()
        self._next += BEAT * due
        if self._timer is fired:  # else the last member left meanwhile
            self._timer = loop.call_at(self._next, self._beat)


def ticker() -> Ticker:
    """The running loop's ticker."""
    loop = asyncio.get_running_loop()
    if loop not in _tickers:
        _tickers[loop] = Ticker()
    return _tickers[loop]
