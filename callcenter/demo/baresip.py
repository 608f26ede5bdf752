"""One baresip 1.1 process: started, commanded and listened to over its ``ctrl_tcp`` module.

Below :mod:`softphone`. Commands and events are JSON in netstrings (``12:{...},``) on a loopback
port. The process has no terminal, reads nothing of the user's own baresip, and dies with us.
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from callcenter.kernel.errors import CallCenterError

_TETHER = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1: PR_SET_PDEATHSIG
if os.getppid() == int(sys.argv[1]):  # else our parent was killed a moment ago
    os.execv(sys.argv[2], sys.argv[2:])
"""
"""Becomes baresip after asking the kernel to kill it when its parent dies, even by kill -9. A
program of its own and no ``preexec_fn``, which must not be used where threads run."""

_NOISE = re.compile(r"\x1b\[[0-9;]*m|^\[\d+:\d\d:\d\d\].*")


class SoftphoneProblem(CallCenterError):
    """A softphone of the demo could not start, register or do what it was told."""

    code = "softphone"


class Baresip:
    """The process and its control connection. ``on_event`` gets every event as it arrives."""

    def __init__(self, name: str, folder: Path, on_event: Callable[[dict[str, Any]], None]) -> None:
        self.log: deque[str] = deque(maxlen=40)
        self.ended = False
        self._name, self._folder, self._on_event = name, folder, on_event
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._ready = asyncio.Event()
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._sent = 0

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process is not None and not self.ended else None

    async def start(self, argv: Sequence[str], config: str, *, within: float = 10.0) -> None:
        """Start it with this configuration, to which the control port is added.

        Call it from the main thread: the kernel ends the process when the *thread* that started
        it ends.
        """
        for _ in range(3):
            port = _free_port()
            file = self._folder / "config"
            file.write_text(f"{config}ctrl_tcp_listen\t127.0.0.1:{port}\n")
            await self._spawn(argv)
            try:
                async with asyncio.timeout(within):
                    await self._ready.wait()
                    if not self.ended and not any("failed to listen" in line for line in self.log):
                        await self._connect(port)
                        return
            except TimeoutError:
                raise self.problem(f"was not ready within {within:g} s") from None
            except OSError as error:
                raise self.problem(f"cannot be controlled: {error}") from None
            if self.ended:
                raise self.problem("did not start")
            await self.stop()  # somebody was quicker to take the port: try another
        raise self.problem("found no free port for its control connection")

    async def command(self, name: str, params: str = "", *, within: float = 5.0) -> str:
        """Give one command; returns what baresip printed for it.

        Raises:
            SoftphoneProblem: it refused, ended, or said nothing in time.
        """
        if self._writer is None or self.ended:
            raise self.problem("is not running")
        self._sent += 1
        token = str(self._sent)
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._replies[token] = reply
        message = {"command": name, "params": params, "token": token}
        if not params:
            del message["params"]
        data = json.dumps(message).encode()
        self._writer.write(b"%d:%s," % (len(data), data))
        try:
            async with asyncio.timeout(within):
                said = await reply
        except TimeoutError:
            raise self.problem(f"did not respond to {name!r}") from None
        finally:
            del self._replies[token]
        if not said.get("ok"):
            why = str(said.get("data", "")).strip() or "no reason given"
            raise SoftphoneProblem(f"Softphone {self._name} refused to {name}: {why}.")
        return str(said.get("data", ""))

    async def stop(self) -> None:
        """End it: politely (it unregisters), then firmly. Harmless when it has ended."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(SoftphoneProblem):
            await self.command("quit", within=1)
            await _gone(process, 2)
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal_number)
                await _gone(process, 2)
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._process = None

    def problem(self, what: str) -> SoftphoneProblem:
        """An error that names the phone and shows the last of what it said."""
        said = " | ".join(line for line in list(self.log)[-4:])
        return SoftphoneProblem(f"Softphone {self._name} {what}. It said last: {said or 'nothing'}")

    async def _spawn(self, argv: Sequence[str]) -> None:
        self._ready.clear()
        self.ended = False
        self.log.clear()
        program = shutil.which(argv[0])
        if program is None:
            raise self.problem(f"cannot be run: there is no program {argv[0]}")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", "-c", _TETHER, str(os.getpid()), program),
            *argv[1:],
            *("-4", "-f", "."),
            cwd=self._folder,
            env={"HOME": str(self._folder), "LC_ALL": "C", "PATH": os.environ.get("PATH", "")},
            stdin=asyncio.subprocess.DEVNULL,  # no module of ours reads it
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is for us; we end it in good order
        )
        self._tasks.append(asyncio.create_task(self._read_log(self._process)))

    async def _connect(self, port: int) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._tasks.append(asyncio.create_task(self._read_control(reader)))

    async def _read_log(self, process: asyncio.subprocess.Process) -> None:
        rest = ""
        while process.stdout is not None and (data := await process.stdout.read(4096)):
            *lines, rest = re.split(r"[\r\n]+", rest + data.decode("utf-8", "replace"))
            for line in filter(None, (_NOISE.sub("", line).strip() for line in lines)):
                self.log.append(line)
                if line == "baresip is ready.":
                    self._ready.set()
        await process.wait()
        self._over()
        self._ready.set()

    async def _read_control(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
            while True:
                length = int((await reader.readuntil(b":"))[:-1])
                message = json.loads((await reader.readexactly(length + 1))[:-1])
                if message.get("response"):
                    reply = self._replies.get(message.get("token", ""))
                    if reply is not None and not reply.done():
                        reply.set_result(message)
                elif message.get("event"):
                    self._on_event(message)
        self._over()

    def _over(self) -> None:
        if self.ended:
            return
        self.ended = True
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(self.problem("ended"))
        self._on_event({"event": True, "type": "ENDED"})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _gone(process: asyncio.subprocess.Process, within: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            await process.wait()
