"""A program on a terminal of our own, and what stands on its screen.

Reads as much of the terminal's language as the board speaks: cursor to a place, erase, text (signs
of two cells too). Everything else is left out.
"""

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len

_PIECE = re.compile(
    r"\x1b\[(?P<args>[0-9;:?<>=]*)[ -/]*(?P<final>[@-~])"  # CSI
    r"|\x1b[\]P_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC and its like
    r"|\x1b[()][0-9A-Za-z]|\x1b[0-9A-Za-z=>]"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f])"
    r"|(?P<sign>[^\x00-\x1f\x1b])"
)


class Screen:
    """Signs by line and cell."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._row = self._column = 0
        self._rest = ""

    @property
    def lines(self) -> list[str]:
        """What stands there."""
        return ["".join(line).rstrip() for line in self._cells]

    def feed(self, text: str) -> None:
        """Take what the program wrote; an unfinished piece waits for its end."""
        text = self._rest + text
        at = 0
        while at < len(text):
            found = _PIECE.match(text, at)
            if found is None:
                break
            at = found.end()
            if sign := found["sign"]:
                self._put(sign)
            elif found["final"]:
                self._obey(found["final"], found["args"])
            elif found["control"]:
                self._control(found["control"])
        self._rest = text[at:]

    def _put(self, sign: str) -> None:
        width = cell_len(sign)
        if self._row < self.rows and self._column + width <= self.columns and width:
            self._cells[self._row][self._column : self._column + width] = [sign, ""][:width]
            self._column += width

    def _control(self, sign: str) -> None:
        if sign == "\r":
            self._column = 0
        elif sign == "\n":
            self._row = min(self._row + 1, self.rows - 1)

    def _obey(self, final: str, args: str) -> None:
        numbers = [int(part) if part.isdecimal() else 1 for part in args.split(";")]
        match final:
            case "H" | "f":
                row, column = (*numbers, 1, 1)[:2] if args else (1, 1)
                self._row, self._column = row - 1, column - 1
            case "C":
                self._column += numbers[0]
            case "K":
                self._cells[self._row][self._column :] = [" "] * (self.columns - self._column)
            case "J" if args == "2":
                self._cells = [[" "] * self.columns for _ in range(self.rows)]


class Terminal:
    """A program on a pty of 80x24."""

    def __init__(self, command: Sequence[str], *, cwd: Path, **more: str) -> None:
        self.screen = Screen(80, 24)
        self.raw = ""
        self.status: int | None = None
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "", "LINES": "", **more}
        environment = {name: value for name, value in environment.items() if value}
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execve(command[0], list(command), environment)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.set_blocking(self._fd, False)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._fd, keys.encode())

    def read(self) -> bool:
        """Take what was written since; ``False`` at its end."""
        try:
            found = os.read(self._fd, 1 << 16).decode(errors="replace")
        except BlockingIOError:
            return True
        except OSError:  # its end is closed
            return False
        self.raw += found
        self.screen.feed(found)
        return bool(found)

    async def shows(self, *texts: str, within: float = 20.0) -> list[str]:
        """Wait until every text stands on the screen."""
        deadline = time.monotonic() + within
        while not all(any(text in line for line in self.screen.lines) for text in texts):
            if not self.read() or time.monotonic() > deadline:
                raise AssertionError(f"{texts} not shown:\n" + "\n".join(self.screen.lines))
            await asyncio.sleep(0.02)
        return self.screen.lines

    async def ended(self, within: float = 10.0) -> int:
        """Wait for its end; the exit status."""
        deadline = time.monotonic() + within
        while self.status is None:
            self.read()
            if not self._is_over() and time.monotonic() > deadline:
                raise AssertionError("it does not end")
            await asyncio.sleep(0.02)
        self.read()
        return self.status

    def _is_over(self) -> bool:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.status = os.waitstatus_to_exitcode(status)
        return bool(pid)

    def close(self) -> None:
        """End it, whatever it does."""
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._fd)
