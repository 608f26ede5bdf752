"""The live feed of a whole engine: what happens to calls, seats and queues is told, in order."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from callcenter.acd import QueuePlan, SeatPlan, save_queue, save_seat
from callcenter.engine import Engine
from callcenter.kernel.actor import Actor, Role
from callcenter.numbers import Tenant, Trunk, save_tenant, save_trunk
from callcenter.pbx.port import LinkDown, TrunkSeen, TrunkState
from callcenter.reports.counting import tally_of
from callcenter.reports.model import Counts
from callcenter.services import EngineServices
from callcenter.services.live import EngineLive
from callcenter.web.feed import Packet
from callcenter.web.listening import Board
from tests.support.world import World


class Watcher:
    """Somebody with a board, who also keeps every change."""

    def __init__(self, live: EngineLive, actor: Actor | None = None) -> None:
        self.live = live
        self.board = Board()
        self.changes: list[dict[str, Any]] = []
        self._sees = actor.sees if actor else lambda _tenant: True
        self._task: asyncio.Task[None] | None = None

    def connect(self) -> None:
        self._task = asyncio.create_task(self._read())

    async def cut(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        async for packet in self.live.feed.read(self.board.last, self._sees):
            self.take(packet)

    def take(self, packet: Packet) -> None:
        if packet.event == "changes":
            self.changes += json.loads(packet.data)["changes"]
        self.board.take(packet.event, packet.id, packet.data.decode())

    def row(self, kind: str, key: str) -> dict[str, Any]:
        return self.board.rows[kind][key]

    def states(self, kind: str) -> list[str]:
        """What the only call, or seat, went through."""
        told = [change for change in self.changes if change["kind"] == kind]
        found: list[str] = []
        for change in told:
            state = change["row"]["state"] if change["row"] else "gone"
            if not found or found[-1] != state:
                found.append(state)
        return found


async def live_of(world: World) -> EngineLive:
    assert world.engine is not None
    services = EngineServices(world.engine, lambda: None, nothing, None)  # type: ignore[arg-type]
    await services.live.start()
    return services.live


async def nothing() -> None:
    """Nobody else is to be told."""


def engine_of(world: World) -> Engine:
    assert world.engine is not None
    return world.engine


@pytest.fixture
async def watcher(world: World) -> AsyncIterator[Watcher]:
    live = await live_of(world)
    made = Watcher(live)
    made.connect()
    await world.passes(seconds=1)
    yield made
    await made.cut()
    await live.stop()


async def waits(world: World, caller: str = "+8613800000001") -> Any:
    """A caller who has chosen the queue."""
    alice = world.calls(caller)
    await world.passes(seconds=3)
    alice.presses("1")
    await world.passes(seconds=1)
    return alice


async def test_a_call_is_told_from_its_arrival_to_its_end_through_a_break(
    world: World, watcher: Watcher
) -> None:
    alice = await waits(world)
    await world.passes(seconds=4)
    await watcher.cut()
    await world.logs_in("1001")
    watcher.connect()
    await world.passes(seconds=5)
    [row] = [row for row in watcher.board.rows["call"].values() if row["queue"] == "sales"]
    assert (row["state"], row["seat"], row["caller"]) == ("talking", "1001", "+8613800000001")
    seat = watcher.row("seat", "1001")
    assert (seat["state"], seat["caller"], seat["queue"]) == ("talking", row["caller"], "sales")
    assert seat["talking_since"] == row["talking_since"]
    await watcher.cut()
    alice.hangs_up()
    await world.passes(seconds=2)
    watcher.connect()
    await world.passes(seconds=1)
    call = row["call"]
    watcher.changes = [change for change in watcher.changes if change["key"] in (call, "1001")]
    states = watcher.states("call")
    assert states == ["arriving", "in_flow", "waiting", "ringing", "talking", "in_flow", "gone"]
    assert watcher.board.whys == ["first"]
    assert watcher.row("seat", "1001")["state"] == "wrap_up"
    assert call not in watcher.board.rows["call"]


async def test_a_queue_tells_who_waits_who_could_answer_and_its_level(
    world: World, watcher: Watcher
) -> None:
    row = watcher.row("queue", "sales")
    assert (row["waiting"], row["oldest"], row["ready"], row["logged_in"]) == (0, None, 0, 0)
    alice = await waits(world)
    await world.passes(seconds=30)
    row = watcher.row("queue", "sales")
    waited = engine_of(world).clock.now() - datetime.fromisoformat(row["oldest"])
    assert row["waiting"] == 1
    assert timedelta(seconds=28) <= waited < timedelta(seconds=33)
    await world.logs_in("1001")
    await world.passes(seconds=2)
    row = watcher.row("queue", "sales")
    assert (row["waiting"], row["ready"], row["logged_in"]) == (0, 0, 1)
    assert (row["now"]["answered"], row["now"]["within"], row["now"]["level"]) == (1, 0, 0.0)
    alice.hangs_up()
    await world.passes(seconds=20)
    assert watcher.row("queue", "sales")["ready"] == 1
    bob = await waits(world, "+8613800000002")
    await world.passes(seconds=6)
    row = watcher.row("queue", "sales")
    assert (row["now"]["level"], row["today"]["level"]) == (0.5, 0.5)
    bob.hangs_up()
    await world.passes(minutes=31)
    row = watcher.row("queue", "sales")
    assert (row["now"]["level"], row["today"]["level"]) == (None, 0.5)


async def test_levels_and_open_calls_are_known_after_a_restart(world: World) -> None:
    live = await live_of(world)
    await world.logs_in("1001")
    alice = await waits(world)
    await world.passes(seconds=5)
    alice.hangs_up()
    await world.passes(seconds=20)
    bob = await waits(world, "+8613800000002")
    await world.passes(seconds=5)
    lost = Watcher(live)
    lost.connect()
    await world.passes(seconds=1)
    await lost.cut()
    assert lost.row("queue", "sales")["now"]["answered"] == 2
    await engine_of(world).projector.settled()
    await world.engine_dies()
    await live.stop()
    await world.start()
    live = await live_of(world)
    lost.live = live
    lost.connect()
    await world.passes(seconds=2)
    assert lost.board.whys == ["first", "restarted"]
    row = lost.row("queue", "sales")
    assert (row["now"]["answered"], row["today"]["answered"]) == (2, 2)
    states = {row["caller"]: row["state"] for row in lost.board.rows["call"].values()}
    assert states == {"+8613800000002": "talking"}
    [row] = lost.board.rows["call"].values()
    assert row["since"] == row["talking_since"]  # not since the restart
    bob.hangs_up()
    await world.passes(seconds=3)
    assert lost.row("queue", "sales")["now"]["answered"] == 2  # the same two, counted once
    assert not lost.board.rows["call"]
    await lost.cut()
    await live.stop()


async def test_the_board_counts_as_the_reports_do(world: World, watcher: Watcher) -> None:
    impatient = await waits(world, "+8613800000001")
    await world.passes(seconds=2)
    impatient.hangs_up()
    patient = await waits(world, "+8613800000002")
    await world.passes(seconds=40)
    patient.hangs_up()
    late = await waits(world, "+8613800000003")
    await world.passes(seconds=25)
    await world.logs_in("1001")
    await world.passes(seconds=5)
    late.hangs_up()
    await world.passes(seconds=15)
    quick = await waits(world, "+8613800000004")
    await world.passes(seconds=6)
    quick.hangs_up()
    await world.passes(seconds=2)
    sums: Counter[str] = Counter()
    for cdr in await world.cdrs():
        for counts in tally_of(cdr).rows.get(Counts.QUEUES, {}).values():
            sums.update(counts)
    shown = watcher.row("queue", "sales")["today"]
    assert (shown["answered"], shown["abandoned"]) == (sums["answered"], sums["abandoned"])
    assert (shown["within"], shown["short"]) == (
        sums["answered_within_20"],
        sums["abandoned_within_5"],
    )
    assert shown["level"] == round(1 / 3, 4)  # 1 of 2 answered and 1 who gave up late
    assert shown["wait"] == round(sums["wait_ms"] / 1000 / sums["answered"], 1)


async def test_seats_and_queues_come_and_go_with_the_plan(world: World, watcher: Watcher) -> None:
    with world.database.begin() as connection:
        save_tenant(connection, Tenant(id="other", name="Other"))
        save_seat(connection, SeatPlan(number="2001", tenant="other", name="Ola", pin_hash=""))
        save_queue(connection, QueuePlan(name="help", tenant="other", seats=(("2001", 1),)))
    mine = Watcher(watcher.live, Actor(name="s", role=Role.SUPERVISOR, tenants=frozenset({"acme"})))
    mine.connect()
    await engine_of(world).reload()
    await world.passes(seconds=1)
    assert set(watcher.board.rows["seat"]) == {"1001", "1002", "2001"}
    assert set(watcher.board.rows["queue"]) == {"sales", "help"}
    assert set(mine.board.rows["seat"]) == {"1001", "1002"}
    assert set(mine.board.rows["queue"]) == {"sales"}
    assert not mine.board.rows["machine"]
    assert not mine.board.rows["trunk"]
    assert mine.board.engine is not None  # that the PBX is away concerns everybody
    await mine.cut()


async def test_trunks_the_pbx_and_the_machine(world: World, watcher: Watcher) -> None:
    trunk = Trunk(name="world", match="127.0.0.3", contact="127.0.0.3:5060")
    with world.database.begin() as connection:
        save_trunk(connection, trunk)
    await engine_of(world).reload()
    world.pbx.trunks_seen["world"] = TrunkSeen(
        state=TrunkState.REACHABLE, round_trip=timedelta(milliseconds=12)
    )
    await world.passes(seconds=3)
    row = watcher.row("trunk", "world")
    assert (row["state"], row["round_trip"], row["contact"]) == (
        "reachable",
        0.012,
        "127.0.0.3:5060",
    )
    alice = world.calls()
    await world.passes(seconds=3)
    assert watcher.row("trunk", "world")["calls"] == 1
    machine = watcher.board.machine
    assert machine is not None
    assert (machine["calls"], machine["channels"]) == (1, 1)
    assert 0 < machine["memory"] < 100
    alice.hangs_up()
    await world.passes(seconds=3)
    assert watcher.row("trunk", "world")["calls"] == 0
    engine_of(world).conductor.link = LinkDown(node="fake", why="the cable is cut")
    await world.passes(seconds=1)
    assert watcher.board.engine is not None
    assert watcher.board.engine["pbx_why"] == "the cable is cut"
