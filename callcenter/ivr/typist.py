"""Somebody at a terminal who presses keys for ``flow try``."""

import asyncio
import threading
from typing import TextIO


class Terminal:
    """Lines of a terminal or pipe; its end hangs up. A thread reads, so that time can go on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: asyncio.Queue[str | None] | None = None

    async def line(self, question: str, wait: float | None) -> str | None:
        """The next line typed."""
        if self._lines is None:
            self._lines = asyncio.Queue()
            loop = asyncio.get_running_loop()
            threading.Thread(target=self._read, args=(loop, self._lines), daemon=True).start()
        if question and self._stream.isatty():
            print(f"  {question}> ", end="", flush=True)
        try:
            return await asyncio.wait_for(self._lines.get(), wait)
        except TimeoutError:
            return ""

    def _read(self, loop: asyncio.AbstractEventLoop, lines: "asyncio.Queue[str | None]") -> None:
        try:
            for line in self._stream:
                loop.call_soon_threadsafe(lines.put_nowait, line.rstrip("\n"))
            loop.call_soon_threadsafe(lines.put_nowait, None)
        except (RuntimeError, ValueError):
            return  # the walk is over
