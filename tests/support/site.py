"""A real site for live tests: the settings' PBX, the real engine as a process, real SIP phones.

Everything runs on loopback and free ports below one temporary folder and ends with the test, also
when the test is killed: the processes are told to die with us.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from callcenter.app import sip_plan
from callcenter.demo.seed import NUMBER, TRUNK_ADDRESS, DemoSecrets
from callcenter.kernel.database import open_database
from callcenter.kernel.errors import EngineAway
from callcenter.numbers import load_numbers
from callcenter.pbx import embedded
from callcenter.pbx.embedded import freeswitch
from callcenter.settings import Settings, load
from callcenter.web.client import Client
from tests.support.engine_process import EngineProcess
from tests.support.phone import Phone
from tests.support.seeded import seeded

T = TypeVar("T")


async def until(what: Callable[[], T], within: float = 5.0, why: str = "") -> T:
    """Wait until ``what()`` is true and return it; it fails with ``why`` at the deadline."""
    deadline = time.monotonic() + within
    while True:
        seen = await asyncio.to_thread(what)
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {why or what}; last seen: {seen!r}")
        await asyncio.sleep(0.05)


def skip_without_pbx(settings: Settings) -> None:
    """An Asterisk is fetched; whether there is a FreeSWITCH is up to the machine."""
    if settings.pbx == "freeswitch" and freeswitch.find(settings) is None:
        pytest.skip("there is no FreeSWITCH on this machine (PATH, CALLCENTER_FREESWITCH)")


class Site:
    """One PBX, one engine at a time, the demo's number, queue and seats."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="cc-"))
        self.settings: Settings = load(home=self.home)
        self.client = Client(self.settings.socket)
        self.secrets: DemoSecrets
        self.pbx: embedded.EmbeddedState
        self.variables: dict[str, str] = {}  # settings of the next engine, CALLCENTER_...
        self.clock_offset = 0.0  # seconds that the next engine's wall clock is ahead
        self._engine: EngineProcess | None = None
        self._phones: list[Phone] = []

    # -- start and end ------------------------------------------------------------------------

    async def open(self) -> None:
        """Start all of it; returns when the engine is connected to the PBX."""
        skip_without_pbx(self.settings)
        await asyncio.to_thread(self._open_pbx)
        await self.start_engine()

    def _open_pbx(self) -> None:
        self.secrets = seeded(self.settings)
        self.start_pbx()

    def start_pbx(self) -> None:
        """Configure and start the PBX (again)."""
        database = open_database(self.settings.database_url)
        with database.connect() as connection:
            accounts, trunks = sip_plan(load_numbers(connection))
        database.dispose()
        embedded.write_config(self.settings, accounts, trunks)
        self.pbx = embedded.start(self.settings, die_with_parent=True)

    async def start_engine(self) -> None:
        """Start an engine on the running PBX."""
        variables = {
            "CALLCENTER_HOME": str(self.home),
            "CALLCENTER_CLOCK_OFFSET": str(self.clock_offset),
            "CALLCENTER_PBX": self.settings.pbx,
            "PATH": "/usr/bin:/bin",
            **self.variables,
        }
        self._engine = await asyncio.to_thread(EngineProcess, variables, self.home / "engine.out")
        await until(self._connected, within=20, why="the engine to be connected")

    async def kill_engine(self) -> None:
        """kill -9; the phones of this process go on talking while it dies."""
        assert self._engine is not None
        self._engine.kill()
        await asyncio.to_thread(self._engine.wait)
        self._engine = None

    def _connected(self) -> bool:
        assert self._engine is not None
        if self._engine.poll() is not None:
            raise AssertionError(f"the engine has ended: {self.engine_says()}")
        try:
            return bool(self.client.status()["pbx"]["connected"])
        except EngineAway:
            return False

    def engine_says(self) -> str:
        """The last of what the engine wrote, for failures."""
        logs = [self.home / "engine.out", self.home / "log" / "engine.log"]
        logs += [self.home / "pbx" / "log" / f"{name}.log" for name in ("messages", "freeswitch")]
        return "\n".join(log.read_text()[-4000:] for log in logs if log.exists())

    async def close(self) -> None:
        """End it all."""
        for phone in self._phones:
            await phone.close()
        if self._engine is not None:
            self._engine.terminate()
            try:
                await asyncio.to_thread(self._engine.wait, 10)
            except subprocess.TimeoutExpired:
                await self.kill_engine()
        self.client.__exit__(None, None, None)
        if number := freeswitch.pid(self.settings):
            os.kill(number, signal.SIGKILL)  # its own way out takes four seconds of each test
        await asyncio.to_thread(embedded.stop, self.settings)
        shutil.rmtree(self.home, ignore_errors=True)

    # -- people -------------------------------------------------------------------------------

    async def phone(self, extension: str, *, password: str | None = None) -> Phone:
        """A phone with this account, registered."""
        phone = await Phone.open(
            ip="127.0.0.2",
            server=("127.0.0.1", self.pbx.sip_port),
            user=extension,
            password=password or self.secrets.sip[extension],
        )
        self._phones.append(phone)
        await phone.register()
        return phone

    async def agent(self, seat: str, extension: str = "") -> Phone:
        """A registered phone whose agent has logged in by feature code and PIN."""
        phone = await self.phone(extension or seat)
        call = await phone.dial("*11")
        await call.hears_sound(within=5)
        await call.press(f"{seat}#")
        await call.press(f"{self.secrets.pins[seat]}#")
        await self.seat_is(seat, status="ready", state="engaged")
        await call.hang_up()
        await until(lambda: self._seat(seat)["state"] != "engaged", why=f"{seat} to be free")
        return phone

    async def caller(self, number: str = "13800000001") -> Phone:
        """Somebody outside, who comes in by the trunk."""
        phone = await Phone.open(
            ip=TRUNK_ADDRESS, server=("127.0.0.1", self.pbx.sip_port), user=number
        )
        self._phones.append(phone)
        return phone

    def prompt(self, name: str, language: str = "en") -> Path:
        """The audio of a prompt."""
        return self.settings.prompts / language / f"{name}.wav"

    # -- what the product says ----------------------------------------------------------------

    def _seat(self, number: str) -> dict[str, Any]:
        return next(row for row in self.client.seats() if row["seat"] == number)

    async def seat_is(self, number: str, *, within: float = 5.0, **wanted: str) -> dict[str, Any]:
        """Wait until the seat list shows the wanted values."""

        def shown() -> dict[str, Any] | None:
            row = self._seat(number)
            return row if all(row[key] == value for key, value in wanted.items()) else None

        row = await until(shown, within, f"seat {number} to be {wanted}")
        assert row is not None
        return row

    async def call_is(self, caller: str, *, within: float = 8.0, **wanted: str) -> dict[str, Any]:
        """Wait until the call list shows this caller's call with the wanted values."""

        def shown() -> dict[str, Any] | None:
            for row in self.client.calls():
                if row["caller"] == caller and all(row[k] == v for k, v in wanted.items()):
                    return row
            return None

        row = await until(shown, within, f"the call of {caller} to be {wanted}")
        assert row is not None
        return row

    async def cdr_of(self, caller: str, *, calls: int = 1, within: float = 8.0) -> dict[str, Any]:
        """Wait for the CDR of this caller's call: of the last one, once there are so many."""

        def shown() -> dict[str, Any] | None:
            found = [row for row in self.client.cdrs() if row["caller"] == caller]
            return found[0] if len(found) >= calls else None

        row = await until(shown, within, f"a CDR of {caller}")
        assert row is not None
        return row

    async def nothing_left(self) -> None:
        """No call in the engine, no channel in the PBX."""
        await until(lambda: not self.client.calls(), why="no open calls")

        def no_channels() -> bool:
            if self.settings.pbx == "freeswitch":
                return freeswitch.says(self.pbx, "show channels count", b"\n0 total")
            return "0 active channels" in embedded.command(self.settings, "core show channels")

        await until(no_channels, why="no channels in the PBX")


DIALLED = NUMBER
