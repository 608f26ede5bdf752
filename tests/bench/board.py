"""What the live board costs, and how old what it shows is: a busy center on the fake PBX, the real
feed over the real socket, `callcenter top` as a process of its own on a terminal of 80x24.

1,000 seats talk, 1,000 callers wait in 20 queues; each second some talks end, so that as many
begin, and as many callers come. Measured for each list: the share of one core that `top` takes and
what its engine takes; then for single callers the time from the first event of their call until
the terminal has been sent their number.
"""

import argparse
import asyncio
import fcntl
import itertools
import json
import logging
import os
import pty
import random
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections import deque
from datetime import timedelta
from pathlib import Path

import psutil
import structlog

from callcenter.acd import QueuePlan, SeatPlan, save_queue, save_seat
from callcenter.engine import Engine
from callcenter.kernel.clock import LoopClock
from callcenter.kernel.database import metadata, open_database
from callcenter.numbers import (
    Destination,
    Extension,
    HostedNumber,
    Tenant,
    Trunk,
    save_extension,
    save_number,
    save_tenant,
    save_trunk,
)
from callcenter.pbx.fake import FakeCaller, FakePbx
from callcenter.services import EngineServices, Sounds
from callcenter.settings import PROJECT
from callcenter.web.server import ApiServer

QUEUES = 20
LISTS = {"1": "queues", "2": "seats", "3": "calls", "4": "machine"}
MOST_SHARE = 15.0  # percent of one core
MOST_DELAY = 1.0  # seconds


class Center:
    """A busy center: seats talk, callers wait, some of each change all the time."""

    def __init__(self, home: Path, seats: int, calls: int) -> None:
        self.home, self.seats, self.calls = home, seats, calls
        self.database = open_database(f"sqlite:///{home / 'callcenter.db'}")
        metadata.create_all(self.database)
        self.pbx = FakePbx(LoopClock())
        self.numbers = itertools.count(13_000_000_000)
        self.running: deque[FakeCaller] = deque()
        self.lot = random.Random(5)
        self._seed()
        self.engine = Engine(
            pbx=self.pbx,
            clock=LoopClock(),
            database=self.database,
            journal=home / "journal",
            recordings=home / "recordings",
        )
        sounds = Sounds(built_in=home, program=lambda name: [name])
        self.services = EngineServices(self.engine, lambda: None, _nothing, sounds)
        self.api = ApiServer()
        self._traffic: asyncio.Task[None] | None = None

    def _seed(self) -> None:
        names = [str(10_000 + at) for at in range(self.seats)]
        with self.database.begin() as connection:
            save_tenant(connection, Tenant(id="acme", name="Acme", language="en"))
            save_trunk(connection, Trunk(name="world", match="127.0.0.3", contact="127.0.0.3"))
            for at, name in enumerate(names):
                save_extension(connection, Extension(number=name, tenant="acme", secret="unused"))
                plan = SeatPlan(number=name, tenant="acme", name=f"Agent {at}", pin_hash="")
                save_seat(connection, plan)
            for at in range(QUEUES):
                queue = QueuePlan(
                    name=f"queue-{at}",
                    tenant="acme",
                    record=False,
                    wrap_up=timedelta(seconds=2),
                    seats=tuple((name, 1) for name in names[at::QUEUES]),
                )
                save_queue(connection, queue)
                number = HostedNumber(
                    number=f"4000{at:02}",
                    tenant="acme",
                    destination=Destination.parse(f"queue:queue-{at}"),
                )
                save_number(connection, number)

    async def open(self, a_second: float) -> None:
        """Fill it, then keep it moving."""
        await self.engine.start()
        await self.services.live.start()
        await self.api.start(self.services, self.home / "engine.sock")
        for at in range(self.seats):
            number = str(10_000 + at)
            self.pbx.phone(number).answers_after = 0.5
            self.engine.dispatcher.phone_seen(number, self.pbx.phone(number).state)
            self.engine.dispatcher.log_in(number, number, by="bench")
        while len(self.running) < self.calls:
            self.comes(str(next(self.numbers)))
            if len(self.running) % 20 == 0:
                await asyncio.sleep(0.05)
        await asyncio.sleep(3)
        self._traffic = asyncio.create_task(self._keep_moving(a_second))

    def comes(self, caller: str) -> FakeCaller:
        """One more caller."""
        queue = len(self.running) % QUEUES
        found = self.pbx.place_call(caller, f"4000{queue:02}")
        self.running.append(found)
        return found

    async def _keep_moving(self, a_second: float) -> None:
        while True:
            await asyncio.sleep(self.lot.expovariate(a_second))
            self.running.popleft().hangs_up()
            self.comes(str(next(self.numbers)))

    async def close(self) -> None:
        """End it."""
        if self._traffic is not None:
            self._traffic.cancel()
        await self.api.stop()
        await self.services.live.stop()
        await self.engine.stop()
        self.database.dispose()


class Terminal:
    """`callcenter top` on a terminal of 80x24; what it is sent is read at once."""

    def __init__(self, home: Path) -> None:
        self.seen = bytearray()
        self._came = asyncio.Event()
        pid, self._fd = pty.fork()
        if pid == 0:
            os.environ.update(CALLCENTER_HOME=str(home), TERM="xterm-256color")
            os.chdir(PROJECT)
            os.execv(sys.executable, [sys.executable, "-m", "callcenter", "top"])
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = psutil.Process(pid)
        asyncio.get_running_loop().add_reader(self._fd, self._read)

    def _read(self) -> None:
        try:
            self.seen += os.read(self._fd, 1 << 16)
        except OSError:
            asyncio.get_running_loop().remove_reader(self._fd)
        self._came.set()

    async def shows(self, text: str, within: float = 20.0) -> None:
        """Wait until it was sent ``text``."""
        async with asyncio.timeout(within):
            while text.encode() not in self.seen:
                self._came.clear()
                await self._came.wait()

    def press(self, keys: str) -> None:
        """Type."""
        self.seen.clear()
        os.write(self._fd, keys.encode())

    def close(self) -> None:
        """Leave it."""
        asyncio.get_running_loop().remove_reader(self._fd)
        self.process.terminate()
        os.waitpid(self.process.pid, 0)
        os.close(self._fd)


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _shares(terminal: Terminal, seconds: float) -> dict[str, float]:
    """Percent of one core for each list, and the engine's meanwhile."""
    own, found = psutil.Process(), {}
    before = time.monotonic(), _spent(own)
    for key, name in LISTS.items():
        terminal.press(key)
        await asyncio.sleep(1)
        began, spent = time.monotonic(), _spent(terminal.process)
        await asyncio.sleep(seconds)
        share = (_spent(terminal.process) - spent) / (time.monotonic() - began)
        found[name] = round(100 * share, 1)
    share = (_spent(own) - before[1]) / (time.monotonic() - before[0])
    found["engine_and_center"] = round(100 * share, 1)
    return found


async def _delays(center: Center, terminal: Terminal, samples: int) -> list[float]:
    """Seconds from a caller's first event until the number is on its way to the terminal."""
    terminal.press("3")
    await asyncio.sleep(0.5)
    terminal.press("/99000\r")
    await asyncio.sleep(1)
    found = []
    for at in range(samples):
        await asyncio.sleep(center.lot.uniform(0.3, 1.3))
        number = f"99000{at:04}"
        terminal.seen.clear()
        began = time.monotonic()
        caller = center.comes(number)
        await terminal.shows(number)
        found.append(time.monotonic() - began)
        center.running.remove(caller)  # else the last ones stand below the screen
        caller.hangs_up()
    return sorted(found)


async def measure(given: argparse.Namespace) -> dict[str, object]:
    """One run."""
    with tempfile.TemporaryDirectory(prefix="cc-bench-") as folder:
        center = Center(Path(folder), given.seats, given.calls)
        await center.open(given.a_second)
        began = time.monotonic()
        terminal = Terminal(Path(folder))
        try:
            await terminal.shows("queue-3")
            shown = time.monotonic() - began
            await asyncio.sleep(2)
            shares = await _shares(terminal, given.seconds)
            delays = await _delays(center, terminal, given.samples)
            resident = terminal.process.memory_info().rss >> 20
            states = [call.state.value for call in center.engine.ledger.open.values()]
        finally:
            terminal.close()
            await center.close()
    return {
        "seats": given.seats,
        "calls": len(states),
        "talking": states.count("talking"),
        "calls_a_second": given.a_second,
        "first_drawn_seconds": round(shown, 2),
        "top_percent_of_a_core": {name: shares[name] for name in LISTS.values()},
        "engine_and_center_percent_of_a_core": shares["engine_and_center"],
        "delay_p50_seconds": round(statistics.median(delays), 3),
        "delay_p90_seconds": round(delays[len(delays) * 9 // 10], 3),
        "delay_max_seconds": round(delays[-1], 3),
        "top_resident_mib": resident,
        "machine_cores": os.cpu_count(),
        "machine_load": round(os.getloadavg()[0], 2),  # ours is about 0.3 of it
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; 1 when the board takes too much or shows what is too old."""
    parser = argparse.ArgumentParser(prog="scripts/bench board", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--seats", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--a-second", type=float, default=10.0, help="calls that end and come")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each list")
    parser.add_argument("--samples", type=int, default=20, help="of the delay")
    given = parser.parse_args(arguments)
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)
    found = asyncio.run(measure(given))
    if given.json:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            print(f"{name.replace('_', ' ')}: {value}")
    share = max(found["top_percent_of_a_core"].values())
    return 0 if share < MOST_SHARE and found["delay_max_seconds"] < MOST_DELAY else 1


async def _nothing() -> None:
    """No PBX has to be told of phones."""


if __name__ == "__main__":
    raise SystemExit(main())
