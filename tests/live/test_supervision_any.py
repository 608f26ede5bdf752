"""Fifty acts at random moments over a hundred short calls, over real SIP: nothing sticks.

The same as ``tests/scenarios/test_supervision_any.py``, in which many more days are tried.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from callcenter.kernel.errors import CallCenterError
from tests.live.test_queue_floor import NUMBER, SEATS, Floor, nothing_is_stuck
from tests.support.phone import IncomingCall, OutgoingCall
from tests.support.site import until

pytestmark = pytest.mark.live

CALLS, ACTS, SECONDS = 100, 50, 8.0
ACTS_OF_ALL = ["listen", "hangup", "transfer", "pickup", "takeover", "conference", "prioritise"]
OF_TALKS = ["listen", "hangup", "transfer", "takeover", "conference"]
OF_WAITING = ["hangup", "transfer", "pickup", "prioritise"]


class Storm:
    """Callers who come and go, and supervisors who do what they like."""

    def __init__(self, floor: Floor, seed: int) -> None:
        self.floor, self.lot = floor, random.Random(seed)
        self.told: Counter[str] = Counter()
        self.hung_up: list[str] = []

    async def run(self) -> list[OutgoingCall]:
        world = await self.floor.caller("world")
        lives = [self.live(world, f"139{n:08d}") for n in range(CALLS)]
        acts = [self.act() for _ in range(ACTS)]
        done = await asyncio.gather(*lives, *acts)
        return [call for call in done if call is not None]

    async def live(self, world: Any, number: str) -> OutgoingCall:
        await asyncio.sleep(self.lot.uniform(0, SECONDS))
        call: OutgoingCall = world.invite(NUMBER, caller=number)
        await asyncio.sleep(self.lot.uniform(1.5, 6))
        call.drop()
        return call

    async def act(self) -> None:
        await asyncio.sleep(self.lot.uniform(1, SECONDS + 2))
        for _ in range(3):  # on a busy machine a short call may be over before it is acted on
            if await self.acted(await asyncio.to_thread(self.floor.client.calls)):
                return

    async def acted(self, rows: list[dict[str, Any]]) -> bool:
        """Act on one of them; whether it was done."""
        if not rows:
            return False
        row = self.lot.choice(rows)
        fit = OF_TALKS if row["state"] == "talking" else OF_WAITING
        what = self.lot.choice(fit if self.lot.random() < 0.8 else ACTS_OF_ALL)
        try:
            await asyncio.to_thread(self.do, what, row["call"], self.lot.choice(SEATS))
        except CallCenterError as error:
            self.told[error.code] += 1
            return False
        self.told["done"] += 1
        if what == "hangup":
            self.hung_up.append(row["call"])
        return True

    def do(self, what: str, call: str, seat: str) -> None:
        bodies: dict[str, dict[str, Any]] = {
            "listen": {"mode": self.lot.choice(["monitor", "whisper", "barge"]), "who": seat},
            "hangup": {},
            "transfer": {"to": self.lot.choice([f"seat:{seat}", "queue:floor"])},
            "pickup": {"seat": seat},
            "takeover": {"seat": seat},
            "conference": {"guests": [seat]},
            "prioritise": {"first": True},
        }
        self.floor.client.ask("POST", f"/v1/calls/{call}/{what}", bodies[what])


async def serves_or_listens(call: IncomingCall) -> None:
    """Pick up soon, talk or listen for a moment, hang up."""
    call.ring()
    await asyncio.sleep(0.15)
    if call.alive and call.status is None:
        await call.answer()
        await asyncio.sleep(1.2)
        call.drop()


@pytest.fixture
async def floor() -> AsyncIterator[Floor]:
    """A running floor; everything of it ends with the test."""
    made = Floor()
    try:
        await made.open()
        yield made
    finally:
        print(made.engine_says())
        await made.close()


async def test_fifty_acts_over_a_hundred_calls(floor: Floor) -> None:
    for phone in (await floor.agents()).values():
        phone.on_ring = serves_or_listens
    storm = Storm(floor, seed=5)
    calls = await storm.run()
    await asyncio.gather(*(call.ended(within=10) for call in calls))

    def all_written() -> list[dict[str, Any]]:
        rows = [row for row in floor.client.cdrs(most=500) if row["dialled"] == NUMBER]
        return rows if len(rows) >= CALLS else []

    rows = await until(all_written, within=10, why="a hundred CDRs")
    assert len({row["caller"] for row in rows}) == len(rows) == CALLS
    by_force = sorted(row["id"] for row in rows if row["ended_by"] == "supervisor")
    assert by_force == sorted(storm.hung_up)
    for row in rows:
        assert bool(row["ended_by_name"]) == (row["ended_by"] == "supervisor")
        assert all(leg["ended_at"] and leg["outcome"] for leg in row["legs"]), row["legs"]
        talked = [leg for leg in row["legs"][1:] if leg["answered_at"]]
        assert (row["result"] == "answered") == bool(talked), row
    assert storm.told["done"] >= 10, storm.told
    assert not await asyncio.to_thread(floor.client.ask, "GET", "/v1/listeners")
    await nothing_is_stuck(floor, SEATS)
