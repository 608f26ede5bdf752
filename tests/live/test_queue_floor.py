"""Q6, Q8 over real SIP: ten phones, forty callers at once, and phones that misbehave.

Nobody is lost, nobody is offered twice, no seat is stuck: every caller talks, each offer in the
journal is a ring at a phone, and every seat is ready again within its wrap-up.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callcenter.acd import QueuePlan, SeatPlan, save_queue, save_seat
from callcenter.demo.seed import TENANT
from callcenter.kernel.database import open_database
from callcenter.numbers import (
    Destination,
    Extension,
    HostedNumber,
    save_extension,
    save_number,
)
from tests.support.phone import IncomingCall, OutgoingCall, Phone
from tests.support.seeded import seeded
from tests.support.site import Site, until

pytestmark = pytest.mark.live

NUMBER = "4008009999"
SEATS = [f"20{n:02d}" for n in range(1, 11)]
CALLERS = [f"139000000{n:02d}" for n in range(40)]
RING, WRAP_UP = 3.0, 1.0


class Floor(Site):
    """Ten seats at one queue, reached by a number of its own."""

    def _open_pbx(self) -> None:
        self.secrets = seeded(self.settings)
        sip = {number: secrets.token_urlsafe(12) for number in SEATS}
        self.secrets = replace(self.secrets, sip={**self.secrets.sip, **sip})
        database = open_database(self.settings.database_url)
        with database.begin() as connection:
            for number, secret in sip.items():
                extension = Extension(number=number, tenant=TENANT, secret=secret)
                save_extension(connection, extension)
                seat = SeatPlan(number=number, tenant=TENANT, name=f"S{number}", pin_hash="")
                save_seat(connection, seat)
            save_queue(
                connection,
                QueuePlan(
                    name="floor",
                    tenant=TENANT,
                    ring=timedelta(seconds=RING),
                    wrap_up=timedelta(seconds=WRAP_UP),
                    rest_after_miss=timedelta(seconds=1),
                    most_misses=1000,
                    record=False,
                    seats=tuple((number, 1) for number in SEATS),
                ),
            )
            to = Destination.parse("queue:floor")
            save_number(connection, HostedNumber(number=NUMBER, tenant=TENANT, destination=to))
        database.dispose()
        self.start_pbx()

    async def agents(self) -> dict[str, Phone]:
        """Ten phones that serve whoever they get: pick up, talk for a moment, hang up."""
        phones = {number: await self.phone(number) for number in SEATS}
        for number, phone in phones.items():
            phone.on_ring = serves
            await until(lambda n=number: self.client.log_in(n, n))  # type: ignore[misc]
        await until(lambda: all(self.is_free(n) for n in SEATS), why="ten free seats")
        return phones

    def is_free(self, number: str) -> bool:
        """Ready and idle."""
        row = self._seat(number)
        return bool(row["status"] == "ready" and row["state"] == "idle")

    async def forty_call(self) -> list[OutgoingCall]:
        """Forty callers at once, from one trunk."""
        world = await self.caller("world")
        return [world.invite(NUMBER, caller=number) for number in CALLERS]

    async def cdrs_of_all(self) -> list[dict[str, Any]]:
        """A CDR of each caller, and no other of the number."""

        def found() -> list[dict[str, Any]]:
            rows = [row for row in self.client.cdrs(most=200) if row["dialled"] == NUMBER]
            return rows if len(rows) >= len(CALLERS) else []

        rows = await until(found, within=10, why="forty CDRs")
        assert Counter(row["caller"] for row in rows) == Counter(CALLERS)
        return rows


async def serves(call: IncomingCall) -> None:
    """Pick up soon, talk shortly."""
    call.ring()
    await asyncio.sleep(0.2)
    if call.alive and call.status is None:
        await call.answer()
        await asyncio.sleep(0.5)
        call.drop()


async def rejects(call: IncomingCall) -> None:
    """Press the red key."""
    call.reject(486)


async def never_answers(call: IncomingCall) -> None:
    """Nobody sits there."""
    call.ring()


async def answers_late(call: IncomingCall) -> None:
    """In the very moment in which the ring is over."""
    call.ring()
    await asyncio.sleep(RING)
    if call.alive and call.status is None:
        call.pick_up()
        await asyncio.sleep(0.5)
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


async def all_are_served(floor: Floor) -> list[dict[str, Any]]:
    """Forty call; each one talks with a seat."""
    calls = await floor.forty_call()
    await asyncio.gather(*(call.ended(within=45) for call in calls))
    rows = await floor.cdrs_of_all()
    assert {row["result"] for row in rows} == {"answered"}
    return rows


def offers(rows: list[dict[str, Any]], *, rang: bool = False) -> Counter[str]:
    """Offers in the journal by extension, or those whose phone was seen ringing.

    The CDR's legs are made of them.
    """
    legs = [leg for row in rows for leg in row["legs"] if leg["kind"] == "seat"]
    legs = [leg for leg in legs if leg["rang_at"] or not rang]
    return Counter(leg["endpoint"] for leg in legs)


async def nothing_is_stuck(floor: Floor, ready: list[str]) -> None:
    """Within the wrap-up, and a little for the telling, every seat takes calls."""
    free = lambda: all(floor.is_free(number) for number in ready)  # noqa: E731
    await until(free, within=WRAP_UP + 2, why="every seat to be ready within its wrap-up")
    told = floor.client.status()["offers"]
    assert told["double_offers"] == told["expired_leases"] == told["stuck_seat_seconds"] == 0
    assert floor.client.queues()[0]["waiting"] == 0
    await floor.nothing_left()


async def test_forty_callers_and_ten_phones(floor: Floor) -> None:
    phones = await floor.agents()
    rows = await all_are_served(floor)
    await nothing_is_stuck(floor, SEATS)
    rings = Counter({number: len(phone.incoming) for number, phone in phones.items()})
    assert offers(rows) == rings
    assert sum(rings.values()) == len(CALLERS)


@pytest.mark.parametrize("behaviour", [rejects, never_answers, answers_late])
async def test_three_phones_misbehave(floor: Floor, behaviour: Any) -> None:
    phones = await floor.agents()
    for number in SEATS[:3]:
        phones[number].on_ring = behaviour
    rows = await all_are_served(floor)
    await nothing_is_stuck(floor, SEATS)
    rings = Counter({number: len(phone.incoming) for number, phone in phones.items()})
    assert offers(rows) == rings
    assert sum(rings[number] for number in SEATS[:3]) > 0


async def test_three_phones_vanish(floor: Floor) -> None:
    phones = await floor.agents()
    for number in SEATS[:3]:
        phones[number].vanish()
    rows = await all_are_served(floor)
    await nothing_is_stuck(floor, SEATS[3:])
    for number in SEATS[:3]:
        await floor.seat_is(number, within=6, state="unreachable")
    rings = Counter({number: len(phones[number].incoming) for number in SEATS[3:]})
    made = offers(rows)
    assert {number: made[number] for number in SEATS[3:]} == rings


async def test_callers_give_up_while_phones_ring(floor: Floor) -> None:
    phones = await floor.agents()
    for phone in phones.values():
        phone.on_ring = never_answers
    calls = await floor.forty_call()
    await asyncio.gather(*(phone.rings(within=15) for phone in phones.values()))
    for call in calls:
        call.drop()
    await asyncio.gather(*(call.ended(within=10) for call in calls))
    rows = await floor.cdrs_of_all()
    assert {row["result"] for row in rows} <= {"abandoned", "gave_up"}
    await nothing_is_stuck(floor, SEATS)
    rings = Counter({number: len(phone.incoming) for number, phone in phones.items()})
    # Who gives up in the moment of an offer was offered a seat whose phone never heard of it.
    assert offers(rows, rang=True) <= rings <= offers(rows)
