"""The engine's socket file: one engine at a time, and what a dead one left is cleared away.

A lock beside the socket says who lives: the operating system lets go of it when the engine dies in
whatever way. The engine takes it before it opens its journal, which has room for one writer.
"""

import fcntl
import os
import socket
import stat
from pathlib import Path

from callcenter.kernel.errors import BadSettings, Refused
from callcenter.kernel.folders import make_private

LONGEST_PATH = 107
"""Bytes; ``sun_path`` of Linux (unix(7)) holds 108 with the closing zero."""


class EngineRunning(Refused):
    """Another engine works with the same home."""

    code = "engine_running"
    exit_status = 6


def check_length(path: Path) -> None:
    """Make sure that the operating system can use ``path`` for a socket.

    Raises:
        BadSettings: it is too long.
    """
    length = len(os.fsencode(path))
    if length > LONGEST_PATH:
        raise BadSettings(
            f"The engine's socket {path} has a path of {length} bytes, but {LONGEST_PATH} are the "
            "most that is possible; set CALLCENTER_HOME to a shorter folder."
        )


class Door:
    """The right to listen on ``path``; held from :meth:`claim` to :meth:`close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = -1

    def claim(self) -> None:
        """Become the one engine of this home; harmless when we are.

        Raises:
            EngineRunning: another one is.
            BadSettings: the folder cannot be used.
        """
        if self._lock >= 0:
            return
        check_length(self._path)
        lock = self._path.with_name(self._path.name + ".lock")
        try:
            make_private(lock.parent)
            fd = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise BadSettings(
                f"The engine's folder {self._path.parent} cannot be used: {error.strerror}; "
                "mend that or set CALLCENTER_HOME to another one."
            ) from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(fd, 20).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise EngineRunning(
                f"An engine is already running here (process {owner}); "
                "see `callcenter status`, or stop it with `callcenter stop`."
            ) from None
        os.ftruncate(fd, 0)
        os.write(fd, b"%d\n" % os.getpid())
        self._lock = fd

    def listen(self) -> socket.socket:
        """Bind the socket, for its owner only, and listen."""
        self.claim()
        self._clear()
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            door.bind(os.fspath(self._path))
            self._path.chmod(0o600)  # nobody gets in between: it does not listen yet
            door.listen()
            door.setblocking(False)
        except OSError as error:
            door.close()
            raise BadSettings(
                f"The engine's socket {self._path} cannot be made: {error.strerror}."
            ) from None
        return door

    def close(self) -> None:
        """Remove the socket and let another engine in; harmless when never claimed."""
        if self._lock >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    def _clear(self) -> None:
        """Remove what a dead engine left; nobody living can own it, since we hold the lock."""
        try:
            mode = self._path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise BadSettings(f"{self._path} is in the way and is no socket; move it elsewhere.")
        if _somebody_answers(self._path):
            raise EngineRunning(
                f"An engine is already running here: somebody answers on {self._path}; "
                "stop that program first."
            )
        self._path.unlink()


def _somebody_answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.setblocking(False)
        try:
            caller.connect(os.fspath(path))
        except BlockingIOError:
            return True  # its backlog is full
        except OSError:
            return False
    return True
