"""A small engine behind the REST API: keeps its rows in memory and can be served in a thread.

It stands for ``app`` in tests of the API and of the command line; the rows are real views.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from callcenter.access import TokenRefused
from callcenter.acd.model import SeatState, SeatStatus
from callcenter.acd.told import QueueView, SeatView
from callcenter.calls.cdr import Cdr, CdrLeg, Result
from callcenter.calls.explaining import Explanation, Moment, PassedOver
from callcenter.calls.exporting import Format
from callcenter.calls.model import EndedBy
from callcenter.calls.open_call import CallState
from callcenter.calls.search import Page, Search
from callcenter.kernel.actor import Actor
from callcenter.kernel.clock import Timer
from callcenter.kernel.errors import NotFound, Refused, Unauthenticated
from callcenter.web.feed import Feed
from callcenter.web.gate import Asked
from callcenter.web.server import ApiServer
from callcenter.web.views import (
    CallView,
    DatabaseView,
    JournalView,
    OffersView,
    PbxView,
    StatusView,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def _seat(number: str, name: str) -> SeatView:
    return SeatView(
        seat=number,
        tenant="demo",
        name=name,
        status=SeatStatus.LOGGED_OUT,
        reason="",
        state=SeatState.IDLE,
        extension="",
        call="",
        since=NOON,
    )


def a_cdr(call: str = "c-1") -> Cdr:
    """An answered call with two legs."""
    times = {"started_at": NOON, "answered_at": NOON, "ended_at": NOON.replace(second=30)}
    return Cdr(
        id=call,
        tenant="demo",
        source="trunk",
        caller="+8613800000001",
        caller_name="王小明",
        dialled="4008001234",
        rule="hosted number",
        queue="support",
        seat="21",
        wait_seconds=4.5,
        talk_seconds=20.25,
        result=Result.ANSWERED,
        ended_by=EndedBy.CALLER,
        cause=16,
        recording=f"2026/{call}.wav",
        recording_seconds=20.2,
        caller_rms=-21.5,
        seat_rms=float("-inf"),
        sha256="0" * 64,
        legs=[
            CdrLeg(kind="caller", endpoint="trunk-world", outcome="caller", **times),
            CdrLeg(
                kind="seat",
                endpoint="1001",
                seat="21",
                outcome="answered",
                talk_seconds=20.25,
                **times,
            ),
        ],
        **times,
    )


class WallClock:
    """The machine's, for whatever loop runs."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, call)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class AccessInMemory:
    """Satisfies :class:`callcenter.web.gate.Access`; ``tokens`` are actors by their secret."""

    def __init__(self) -> None:
        self.tokens: dict[str, Actor] = {}
        self.asked: list[Asked] = []

    async def actor(self, secret: str | None, _asked: Asked) -> Actor:
        if secret is None:
            raise Unauthenticated("Say who you are.")
        if secret not in self.tokens:
            raise TokenRefused("This token is not known here.")
        return self.tokens[secret]

    def begin(self, _asked: Asked) -> int:
        return 0

    def still(self, _asked: Asked) -> bool:
        return True

    def record(self, asked: Asked) -> None:
        self.asked.append(asked)


class RecordsInMemory:
    """Satisfies :class:`callcenter.web.cdrs.CallRecords`; finds by caller, tells what was asked."""

    def __init__(self, ended: list[Cdr]) -> None:
        self.ended = ended
        self.asked: list[Search] = []

    async def search(self, wanted: Search, most: int, after: str) -> Page:
        self.asked.append(wanted)
        found = [cdr for cdr in self.ended if wanted.caller in ("", cdr.caller)]
        start = int(after or 0)
        more = str(start + most) if start + most < len(found) else ""
        return Page(cdrs=found[start : start + most], after=more)

    async def one(self, call: str) -> Cdr:
        for cdr in self.ended:
            if cdr.id == call:
                return cdr
        raise NotFound(f"There is no ended call {call}.")

    async def export(self, wanted: Search, kind: Format) -> AsyncIterator[bytes]:
        self.asked.append(wanted)
        return self._pieces(kind)

    async def _pieces(self, kind: Format) -> AsyncIterator[bytes]:
        for cdr in self.ended:
            yield f"{cdr.id} as {kind}\n".encode()


class RowsInMemory:
    """Satisfies :class:`callcenter.web.services.Services`."""

    def __init__(self) -> None:
        self.access = AccessInMemory()
        self.feed = Feed(WallClock())
        self.loop: asyncio.AbstractEventLoop | None = None
        self.rows = {"21": _seat("21", "Anna"), "22": _seat("22", "李雷")}
        self.open = {"c-2": self._call("c-2")}
        self.records = RecordsInMemory([a_cdr()])
        self.reloads = 0
        self.stopping = threading.Event()
        self.fault: Exception | None = None

    @property
    def ended(self) -> list[Cdr]:
        return self.records.ended

    @ended.setter
    def ended(self, ended: list[Cdr]) -> None:
        self.records.ended = ended

    @staticmethod
    def _call(call: str) -> CallView:
        return CallView(
            call=call,
            tenant="demo",
            state=CallState.WAITING,
            caller="+8613800000002",
            dialled="4008001234",
            queue="support",
            seat="",
            started_at=NOON,
            waiting_seconds=75.0,
            talking_seconds=None,
        )

    def soon(self, what: Callable[[], object]) -> None:
        """Do something in the loop that serves."""
        assert self.loop is not None
        self.loop.call_soon_threadsafe(what)

    def status(self) -> StatusView:
        if self.fault is not None:
            raise self.fault
        return StatusView(
            version="0.1.0",
            pid=4711,
            started_at=NOON,
            uptime_seconds=3723.5,
            pbx=PbxView(node="local", connected=False, why="not connected yet"),
            database=DatabaseView(ok=True, backlog=0),
            journal=JournalView(position=12, projected=12),
            calls_open=len(self.open),
            queues=1,
            seats_logged_in=0,
            offers=OffersView(),
        )

    def seats(self) -> list[SeatView]:
        return list(self.rows.values())

    def queues(self) -> list[QueueView]:
        return [
            QueueView(
                queue="support",
                tenant="demo",
                waiting=1,
                longest_wait=75.0,
                seats_ready=0,
                seats_logged_in=0,
            )
        ]

    def calls(self) -> list[CallView]:
        return list(self.open.values())

    async def explain(self, call: str) -> Explanation:
        cdr = await self.records.one(call)
        passed = (PassedOver(who="22", why="lacks ja at level 2"),)
        moment = Moment(at=cdr.started_at, what="Seat 21 is chosen.", passed=passed, unlisted=3)
        return Explanation(call=call, ended=True, moments=(moment,))

    def seat_log_in(self, seat: str, extension: str) -> None:
        self._set(seat, status=SeatStatus.READY, extension=extension)

    def seat_log_out(self, seat: str) -> None:
        self._set(seat, status=SeatStatus.LOGGED_OUT, extension="")

    def seat_ready(self, seat: str) -> None:
        self._logged_in(seat)
        self._set(seat, status=SeatStatus.READY, reason="")

    def seat_busy(self, seat: str, reason: str) -> None:
        self._logged_in(seat)
        self._set(seat, status=SeatStatus.BUSY, reason=reason)

    async def hang_up(self, call: str) -> None:
        if self.open.pop(call, None) is None:
            raise NotFound(f"There is no running call {call}.")

    async def reload(self) -> None:
        self.reloads += 1

    def stop(self) -> None:
        self.stopping.set()

    def _logged_in(self, seat: str) -> None:
        if seat in self.rows and self.rows[seat].status is SeatStatus.LOGGED_OUT:
            raise Refused(f"Seat {seat} is not logged in.")

    def _set(self, seat: str, **changes: object) -> None:
        if seat not in self.rows:
            raise NotFound(f"There is no seat {seat}.")
        self.rows[seat] = replace(self.rows[seat], **changes)


@contextmanager
def served(services: RowsInMemory, socket: Path) -> Iterator[RowsInMemory]:
    """Serve in a thread with an event loop of its own, as another process would."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    services.loop = loop
    leave = asyncio.Event()

    async def serve() -> None:
        server = ApiServer()
        await server.start(services, socket)
        ready.set()
        await leave.wait()
        await server.stop()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        if not ready.wait(10):
            raise TimeoutError("the API did not start")
        yield services
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join(10)
        loop.close()
