"""A small call center on the fake PBX: the words in which scenario tests are written."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine as Database

from callcenter.acd import QueuePlan, SeatPlan, SeatState, SeatView, save_queue, save_seat
from callcenter.calls import Cdr
from callcenter.calls.store import list_cdrs
from callcenter.engine import Engine
from callcenter.ivr import Flow, publish
from callcenter.kernel.clock import LoopClock
from callcenter.kernel.database import metadata, open_database
from callcenter.kernel.pins import hash_pin
from callcenter.numbers import (
    Extension,
    HostedNumber,
    Tenant,
    save_extension,
    save_number,
    save_tenant,
)
from callcenter.pbx.fake import FakeCaller, FakePbx, FakePhone
from callcenter.pbx.port import Source
from callcenter.records import Storage
from tests.support.adding_up import adds_up
from tests.support.copies import Copies

NUMBER = "4008001234"
PIN = "2468"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FLOW: dict[str, Any] = {
    "name": "main",
    "start": "welcome",
    "nodes": {
        "welcome": {"kind": "play", "prompts": ["welcome"], "next": "menu", "barge_in": False},
        "menu": {
            "kind": "menu",
            "prompts": ["menu-main"],
            "choices": {"1": "sales", "9": "broken"},
            "attempts": 2,
            "otherwise": "bye",
        },
        "sales": {"kind": "queue", "queue": "sales", "prompts": ["please-wait"], "next": "bye"},
        "broken": {"kind": "queue", "queue": "nowhere", "next": "bye"},
        "bye": {"kind": "hangup", "prompts": ["goodbye"]},
    },
}

_PIN_HASH = hash_pin(PIN)
_DATABASES = Copies()


def _seed(database: Database) -> None:
    metadata.create_all(database)
    with database.begin() as connection:
        save_tenant(connection, Tenant(id="acme", name="Acme", language="en"))
        save_number(connection, HostedNumber(number=NUMBER, tenant="acme", flow="main"))
        publish(connection, Flow.model_validate(FLOW))
        for number in ("1001", "1002"):
            save_extension(connection, Extension(number=number, tenant="acme", secret="unused"))
            save_seat(
                connection,
                SeatPlan(number=number, tenant="acme", name=f"A{number}", pin_hash=_PIN_HASH),
            )
        save_queue(
            connection,
            QueuePlan(
                name="sales",
                tenant="acme",
                ring=timedelta(seconds=15),
                wrap_up=timedelta(seconds=8),
                seats=(("1001", 1), ("1002", 1)),
            ),
        )


class World:
    """``passes`` turns the clock; everything else is what a person at a phone does or sees."""

    def __init__(self, folder: Path, database: str = "") -> None:
        self.folder = folder
        self.clock = LoopClock(START)
        self.pbx = FakePbx(self.clock)
        self.engine: Engine | None = None
        self.storage: Storage | None = None  # of recordings, when not the usual one
        if database:
            self.database = open_database(database)
            _seed(self.database)
        else:
            self.database = _DATABASES.take(folder / "world.db", _seed)

    async def start(self) -> None:
        """Start an engine (again)."""
        self.engine = Engine(
            pbx=self.pbx,
            clock=self.clock,
            database=self.database,
            journal=self.folder / "journal",
            recordings=self.folder / "recordings",
            storage=self.storage,
        )
        await self.engine.start()
        await self.passes(seconds=0.1)

    async def stop(self) -> None:
        """End it all."""
        if self.engine is not None:
            await self.engine.stop()
        self.database.dispose()
        _DATABASES.give_back(self.database)

    async def engine_dies(self) -> None:
        """Kill the engine: nothing of it is said or written any more."""
        assert self.engine is not None
        self.pbx.engine_dies()
        for task in self.engine._tasks:
            task.cancel()
        await asyncio.gather(*self.engine._tasks, return_exceptions=True)
        self.engine = None

    async def passes(self, *, seconds: float = 0, minutes: float = 0) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds + 60 * minutes)

    # -- people -------------------------------------------------------------------------------

    def calls(self, caller: str = "+8613800000001", number: str = NUMBER) -> FakeCaller:
        """Somebody outside dials."""
        return self.pbx.place_call(caller, number)

    def phone(self, extension: str) -> FakePhone:
        """The phone on a desk."""
        return self.pbx.phone(extension)

    async def logs_in(self, seat: str, extension: str = "", pin: str = PIN) -> FakeCaller:
        """An agent dials the log-in code and keys in number and PIN."""
        extension = extension or seat
        self.phone(extension)
        agent = self.pbx.place_call(extension, "*11", source=Source.EXTENSION)
        agent.presses(f"{seat}#{pin}#")
        await self.passes(seconds=20)
        return agent

    # -- what is seen -------------------------------------------------------------------------

    def seat(self, number: str) -> SeatView:
        """A row of the seat list."""
        assert self.engine is not None
        return self.engine.dispatcher.seat(number).view()

    def state(self, number: str) -> SeatState:
        """State of a seat."""
        return self.seat(number).state

    async def cdrs(self) -> list[Cdr]:
        """CDRs in the database, oldest first, without those of feature codes."""
        assert self.engine is not None
        await self.passes(seconds=1)
        await self.engine.projector.settled()
        with self.database.connect() as connection:
            rows = list_cdrs(connection, most=1000)
        for cdr in rows:
            adds_up(cdr)
        return [cdr for cdr in reversed(rows) if not cdr.dialled.startswith("*")]
