"""Somebody at the live board, with a feed and an engine in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from textual.events import Key
from textual.pilot import Pilot

from callcenter.cli.board.acts import Request
from callcenter.cli.board.app import BoardApp
from callcenter.kernel.errors import CallCenterError
from callcenter.web.listening import Board

NOW = datetime.now(UTC)


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def level(share: float | None = None, **more: Any) -> dict[str, Any]:
    counts = {"answered": 0, "within": 0, "abandoned": 0, "short": 0, "flowed": 0, "wait": None}
    return counts | {"level": share} | more


def queue(name: str, waiting: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "queue": name,
        "tenant": "demo",
        "waiting": waiting,
        "oldest": ago(75) if waiting else None,
        "ready": 0,
        "logged_in": 2,
        "target": 20,
        "window": 1800.0,
        "now": level(),
        "today": level(),
    } | more


def seat(number: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "seat": number,
        "tenant": "demo",
        "name": name,
        "status": "ready",
        "reason": "",
        "state": "idle",
        "extension": number,
        "call": "",
        "caller": "",
        "queue": "",
        "talking_since": None,
        "since": ago(45),
        "until": None,
    } | more


def call(name: str, caller: str, state: str = "waiting", **more: Any) -> dict[str, Any]:
    return {
        "call": name,
        "tenant": "demo",
        "state": state,
        "caller": caller,
        "name": "",
        "dialled": "4008001234",
        "trunk": "world",
        "queue": "sales",
        "seat": "",
        "to": "",
        "started_at": ago(100),
        "since": ago(75),
        "waiting_since": ago(75),
        "talking_since": None,
        "recording": False,
    } | more


ENGINE = {
    "tenant": "*",
    "version": "0.1.0",
    "pid": 1,
    "started_at": ago(3 * 86400 + 4 * 3600),
    "node": "pbx1",
    "pbx_connected": True,
    "pbx_why": "",
    "database_ok": True,
    "backlog": 0,
}
MACHINE = {
    "tenant": "",
    "cpu": 93.0,
    "cores": 2,
    "load": 1.5,
    "memory": 40.0,
    "memory_total": 8 << 30,
    "disk": 26.0,
    "disk_free": 75 << 30,
    "engine_cpu": 12.0,
    "engine_memory": 120 << 20,
    "lag": 0.002,
    "channels": 3,
    "calls": 2,
    "phones": 3,
    "phones_registered": 2,
    "readers": 1,
}
TRUNK = {
    "trunk": "world",
    "tenant": "",
    "state": "unreachable",
    "contact": "192.0.2.1:5060",
    "round_trip": None,
    "calls": 2,
}
ROWS: dict[str, list[dict[str, Any]]] = {
    "engine": [ENGINE],
    "machine": [MACHINE],
    "trunk": [TRUNK],
    "queue": [queue("sales", 1), queue("客服", now=level(0.87, answered=20, within=20))],
    "seat": [
        seat("1001", "Anna", state="talking", call="c-1", caller="+8613800000001", queue="sales"),
        seat("1002", "李雷"),
        seat("1003", "Bob", status="busy", reason="lunch"),
        seat("1004", "Eve", status="logged_out", extension=""),
    ],
    "call": [
        call("c-1", "+8613800000001", "talking", seat="1001", to="1001", talking_since=ago(60)),
        call("c-2", "+8613800000002"),
    ],
}


class Desk:
    """A feed and an engine in memory."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.refusal: CallCenterError | None = None
        self.board: Board
        self.changed: Callable[[], None]
        self.away: Callable[[str], None]

    async def listen(
        self, board: Board, changed: Callable[[], None], away: Callable[[str], None]
    ) -> None:
        self.board, self.changed, self.away = board, changed, away
        board.whole({"why": "first"} | ROWS)
        changed()
        await asyncio.Event().wait()

    async def ask(self, request: Request) -> None:
        self.requests.append(request)
        if self.refusal is not None:
            raise self.refusal

    def tells(self, kind: str, key: str, row: dict[str, Any] | None) -> None:
        if row is None:
            del self.board.rows[kind][key]
        else:
            self.board.rows[kind][key] = row
        self.changed()


class Person:
    """Somebody at the board."""

    def __init__(self, app: BoardApp, pilot: Pilot[None], desk: Desk) -> None:
        self.app, self.pilot, self.desk = app, pilot, desk

    async def presses(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause(0.05)

    async def types(self, text: str) -> None:
        for sign in text:
            self.app.post_message(Key(sign, sign))
        await self.pilot.press("enter")
        await self.pilot.pause(0.05)

    def screen(self) -> list[str]:
        """What is on the terminal."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    async def sees(self, text: str) -> str:
        """Wait for a line with this."""
        async with asyncio.timeout(5):
            while True:
                found = [line for line in self.screen() if text in line]
                if found:
                    return found[0]
                await self.pilot.pause(0.05)


@asynccontextmanager
async def at_the_board(desk: Desk, **options: str) -> AsyncIterator[Person]:
    app = BoardApp(desk.listen, desk.ask, **options)
    async with app.run_test(size=(80, 24)) as pilot:
        person = Person(app, pilot, desk)
        await person.sees("PBX pbx1")
        yield person
