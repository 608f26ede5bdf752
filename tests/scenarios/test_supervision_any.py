"""Fifty acts of supervisors at any moment of a hundred short calls: no call sticks, every CDR is
right."""

import asyncio
import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from callcenter.acd import QueuePlan, SeatPlan, SeatState, save_queue, save_seat
from callcenter.calls import EndedBy
from callcenter.calls.cdr import Cdr, Result
from callcenter.kernel.errors import CallCenterError
from callcenter.kernel.pins import hash_pin
from callcenter.numbers import Destination, Extension, save_extension
from callcenter.pbx.fake import FakeCaller
from callcenter.supervision import LISTENING, Act
from callcenter.supervision.model import POSSIBLE
from tests.support.world import World

CALLS, ACTS, SEATS = 100, 50, 10
_PIN_HASH = hash_pin("1")
_NUMBERS = [str(2000 + n) for n in range(SEATS)]


class Storm:
    """One day of a call center in which supervisors do whatever comes to their minds."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.lot = random.Random(seed)
        self.callers: list[FakeCaller] = []
        self.hung_up: Counter[str] = Counter()
        self.told: Counter[str] = Counter()

    async def set_up(self) -> None:
        with self.world.database.begin() as connection:
            for number in _NUMBERS:
                save_extension(connection, Extension(number=number, tenant="acme", secret="x"))
                seat = SeatPlan(number=number, tenant="acme", name=number, pin_hash=_PIN_HASH)
                save_seat(connection, seat)
            for name, wrap_up in (("sales", 2), ("support", 1)):
                save_queue(
                    connection,
                    QueuePlan(
                        name=name,
                        tenant="acme",
                        ring=timedelta(seconds=6),
                        wrap_up=timedelta(seconds=wrap_up),
                        rest_after_miss=timedelta(seconds=1),
                        most_misses=1000,
                        seats=tuple((number, 1) for number in _NUMBERS),
                    ),
                )
        engine = self.world.engine
        assert engine is not None
        await engine.reload()
        for number in _NUMBERS:
            self.world.phone(number).answers_after = self.lot.choice([0.5, 1, 3, 7])
            engine.dispatcher.phone_seen(number, self.world.phone(number).state)
            engine.dispatcher.log_in(number, number, by="test")

    async def run(self) -> None:
        lives = [asyncio.create_task(self.live(n)) for n in range(CALLS)]
        acts = [asyncio.create_task(self.act()) for _ in range(ACTS)]
        await asyncio.gather(*lives, *acts)
        await self.world.passes(seconds=120)

    async def live(self, n: int) -> None:
        """A caller comes, presses a key, and leaves when they have had enough."""
        await asyncio.sleep(self.lot.uniform(0, 60))
        caller = self.world.calls(f"+86{n}")
        self.callers.append(caller)
        caller.presses("1")
        await asyncio.sleep(self.lot.choice([2.0, 8.0, 15.0, 25.0, 40.0]))
        if caller.is_up and self.lot.random() < 0.5 and caller.ring is not None:
            caller.ring.phone.hang_up()
            await asyncio.sleep(5)
        caller.hangs_up()

    async def act(self) -> None:
        """A supervisor picks any call, also one that is over, and does something to it."""
        await asyncio.sleep(self.lot.uniform(5, 70))
        if not self.callers:
            return
        live = [caller for caller in self.callers if caller.is_up and caller.call]
        caller = self.lot.choice(live if live and self.lot.random() < 0.9 else self.callers)
        call, seat = caller.call or "c-none", self.lot.choice(_NUMBERS)
        what = self.lot.choice(self.possible(call) if self.lot.random() < 0.8 else list(Act))
        try:
            await self.do(what, call, seat)
        except CallCenterError as error:
            self.told[error.code if str(error).endswith(".") else "no sentence"] += 1
        else:
            self.told["done"] += 1

    def possible(self, call: str) -> list[Act]:
        assert self.world.engine is not None
        found = self.world.engine.ledger.open.get(call)
        fit = [act for act, states in POSSIBLE.items() if found and found.state in states]
        return fit or list(Act)

    async def do(self, what: Act, call: str, seat: str) -> None:
        assert self.world.engine is not None
        conductor = self.world.engine.conductor
        stepping, by = conductor.stepping, f"chief {what}"
        if what in LISTENING:
            await conductor.listening.listen(call, what, seat, by)
            if self.lot.random() < 0.5:
                await asyncio.sleep(self.lot.uniform(0, 5))
                self.world.phone(seat).hang_up()
            return
        match what:
            case Act.HANGUP | Act.RECORD:
                await stepping.hang_up(call, by)
                self.hung_up[call] += 1
            case Act.TRANSFER:
                to = self.lot.choice([f"seat:{seat}", "queue:support", f"extension:{seat}"])
                await stepping.transfer(call, Destination.parse(to), by)
            case Act.PICKUP:
                await stepping.pick_up(call, seat, by)
            case Act.TAKEOVER:
                await stepping.take_over(call, seat, by)
            case Act.CONFERENCE:
                more = self.lot.choice(self.callers).call
                calls = [call, more] if more and self.lot.random() < 0.3 else [call]
                await conductor.conferring.confer(calls, [seat], by)
            case Act.MOVE:
                await stepping.move(call, self.lot.choice(["sales", "support"]), by)
            case Act.PRIORITISE:
                await stepping.prioritise(call, self.lot.choice([None, 3, -3]), by)


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_sticks_and_every_record_is_right(world: World, seed: int) -> None:
    storm = Storm(world, seed)
    await storm.set_up()
    await storm.run()
    engine = world.engine
    assert engine is not None
    cdrs = await world.cdrs()
    assert sorted(cdr.caller for cdr in cdrs) == sorted(f"+86{n}" for n in range(CALLS))
    for cdr in cdrs:
        assert_right(cdr, storm.hung_up[cdr.id])
    assert sum(storm.hung_up.values()) == sum(c.ended_by is EndedBy.SUPERVISOR for c in cdrs)
    # nothing is left over
    assert not engine.ledger.open
    assert not world.pbx.callers
    assert not world.pbx.talks.listening
    assert not world.pbx.talks.rooms
    assert engine.conductor.listening.book.all() == []
    assert {world.state(number) for number in _NUMBERS} == {SeatState.IDLE}
    metrics = engine.dispatcher.metrics
    assert (metrics.double_offers, metrics.expired_leases) == (0, 0)
    assert storm.told["done"] > 15, storm.told
    assert not storm.told["no sentence"]


def assert_right(cdr: Cdr, hung_up: int) -> None:
    """The record agrees with itself and with who said that they had hung up."""
    forced = cdr.ended_by is EndedBy.SUPERVISOR
    assert forced == (hung_up == 1), (cdr.id, cdr.ended_by, hung_up)
    assert bool(cdr.ended_by_name) == forced
    assert all(leg.ended_at is not None and leg.outcome for leg in cdr.legs), cdr.legs
    talked = [leg for leg in cdr.legs[1:] if leg.answered_at is not None]
    assert (cdr.result is Result.ANSWERED) == bool(talked)
    for before, after in pairwise(talked):
        assert before.ended_at is not None
        assert after.answered_at is not None
        assert before.ended_at <= after.answered_at, "two seats talked at once"
    assert cdr.legs[0].ended_at == cdr.ended_at
    assert all(leg.ended_at <= cdr.ended_at for leg in cdr.legs if leg.ended_at)
