"""The embedded Asterisk as a process: known by its pid file and command line, not by being a child.

So an engine that was killed and started again adopts the PBX, whose calls have gone on.
"""

import fcntl
import os
import select
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import layout
from callcenter.pbx.embedded.model import EmbeddedState
from callcenter.pbx.embedded.state import load_state
from callcenter.settings import Settings


@contextmanager
def serial(home: layout.Home) -> Iterator[None]:
    """One at a time among all processes that configure, start or stop this PBX."""
    try:
        lock = home.lock.open("w")
    except OSError as error:
        raise PbxProblem(f"{home.lock} cannot be opened: {error.strerror}; is it yours?") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def running(settings: Settings) -> EmbeddedState | None:
    """The state of the PBX when its process lives."""
    home = layout.home(settings)
    return load_state(home) if pid(home) else None


def pid(home: layout.Home) -> int | None:
    """The process of this PBX; a pid that meanwhile belongs to another program does not count."""
    try:
        number = int((home.run / "asterisk.pid").read_text())
        status = Path(f"/proc/{number}/stat").read_text()
        arguments = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    ended = status.rpartition(")")[2].split()[0] in "ZX"
    return number if os.fsencode(home.config) in arguments and not ended else None


def spawn(argv: list[str], output: Path, *, die_with_parent: bool) -> "subprocess.Popen[bytes]":
    """Start a program in a session of its own; its output is appended to a file.

    With ``die_with_parent`` the kernel kills it together with this process. The kernel means the
    *thread* that started it, so a thread of its own starts it and stays until the end.
    """
    if die_with_parent:
        argv = ["setpriv", "--pdeathsig", "KILL", "--", *argv]
    started: SimpleQueue[subprocess.Popen[bytes] | OSError] = SimpleQueue()

    def look_after() -> None:
        try:
            with output.open("ab") as sink:
                process = subprocess.Popen(  # noqa: S603
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    umask=0o077,
                )
        except OSError as error:
            started.put(error)
            return
        started.put(process)
        process.wait()  # so that no zombie stays either

    threading.Thread(target=look_after, name="embedded-pbx", daemon=True).start()
    process = started.get()
    if isinstance(process, OSError):
        raise PbxProblem(f"{argv[0]} cannot be started: {process}.")
    return process


def end(number: int, *, patience: float) -> None:
    """Ask a process to end, and after ``patience`` seconds see to it; returns when it is gone."""
    try:
        handle = os.pidfd_open(number)
    except ProcessLookupError:
        return
    try:
        gone = select.poll()
        gone.register(handle, select.POLLIN)
        for kind, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
            signal.pidfd_send_signal(handle, kind)
            if gone.poll(wait * 1000):
                return
    except ProcessLookupError:
        return
    finally:
        os.close(handle)
