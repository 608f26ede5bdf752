"""The engine as a process of its own, there in a moment.

One server for each test process has imported the engine once; every engine is a fork of it that
runs ``callcenter up --no-pbx`` with its own environment, and is killed like any other process.
"""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["callcenter.app", "callcenter.cli.engine"])


class EngineProcess:
    """As :class:`subprocess.Popen`, as far as tests need it."""

    def __init__(self, variables: Mapping[str, str], output: Path) -> None:
        self._process = _forks.Process(target=_run, args=(dict(variables), str(output)))
        self._process.start()

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""
        return self._process.exitcode

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()

    def terminate(self) -> None:
        """Ask it to stop."""
        self._process.terminate()

    def wait(self, timeout: float | None = None) -> int:
        """Until it has ended; :class:`subprocess.TimeoutExpired` as there."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("callcenter up", timeout or 0)
        return self._process.exitcode


def _run(variables: dict[str, str], output: str) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    os.environ.clear()
    os.environ.update(variables)
    sink = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for descriptor in (1, 2):
        os.dup2(sink, descriptor)
    from callcenter.cli import main

    sys.argv = ["callcenter", "up", "--no-pbx"]
    main()
