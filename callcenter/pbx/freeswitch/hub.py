"""One thread for everything gevent: greenswitch lives there, the engine's loop here.

Nothing is monkey-patched. Work goes in by the hub's ``async_`` watcher, results come out by
``call_soon_threadsafe``; both keep their order.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
import structlog

_log = structlog.get_logger(__name__)
_START_SECONDS = 5.0


class GeventThread:
    """Runs functions as greenlets of one thread; results go to the loop of :meth:`start`."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._waiting: deque[Callable[[], object] | None] = deque()
        self._wake: Any = None
        self._waking = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; harmless when begun."""
        if self._thread is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._live, name="greenswitch", daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError("the gevent thread does not start")

    async def stop(self) -> None:
        """End the thread; greenlets that still run end with it."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._put(None)
        await asyncio.to_thread(thread.join, _START_SECONDS)
        self._ready.clear()

    def spawn(self, work: Callable[[], object]) -> None:
        """Have ``work`` run as a greenlet, in the order of the calls."""
        self._put(work)

    def tell(self, what: Callable[..., object], *values: object) -> None:
        """From a greenlet: call ``what`` in the engine's loop, in order."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has closed: nobody is there to be told
                self._loop.call_soon_threadsafe(what, *values)

    def _put(self, work: Callable[[], object] | None) -> None:
        self._waiting.append(work)
        with self._waking:
            if self._wake is not None:
                self._wake.send()

    def _live(self) -> None:
        hub = gevent.get_hub()
        over = gevent.event.Event()

        def take() -> None:
            while self._waiting:
                work = self._waiting.popleft()
                if work is None:
                    over.set()
                    return
                gevent.spawn(_guarded, work)

        self._wake = hub.loop.async_()
        self._wake.start(take)
        self._ready.set()
        over.wait()
        with self._waking:  # a watcher that is closed must not be sent anything
            self._wake.close()
            self._wake = None
        self._waiting.clear()
        hub.destroy(destroy_loop=True)


def _guarded(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception:
        _log.exception("a greenlet failed")
