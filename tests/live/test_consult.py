"""S2 at real phones: consult and join, consult and come back; who is sent on is not lost."""

import asyncio
from typing import Any

import pytest

from tests.support.phone import Call, OutgoingCall, Phone, never
from tests.support.site import Site, until

pytestmark = pytest.mark.live
QUEUE = "4008000001"  # straight to the queue
CALLER, FIRST, SECOND = 440.0, 880.0, 1500.0


async def desk(site: Site, seat: str) -> Phone:
    """A phone whose agent is logged in."""
    phone = await site.phone(seat)
    await asyncio.to_thread(site.client.log_in, seat, seat)
    await site.seat_is(seat, status="ready", state="idle")
    return phone


async def talking(site: Site, number: str, agent: Phone) -> tuple[OutgoingCall, Call]:
    """A caller of the queue who talks with this agent."""
    caller = await site.caller(number)
    call = await caller.dial(QUEUE)
    ringing = await agent.rings(within=10)
    await ringing.answer()
    call.play_tone(CALLER)
    ringing.play_tone(FIRST)
    await call.hears_tone(FIRST, within=3)
    await ringing.hears_tone(CALLER, within=3)
    return call, ringing


async def asks(agent: Phone, colleague: Phone) -> tuple[OutgoingCall, Call]:
    """The agent dials a colleague on a second line, who answers."""
    asking = agent.invite(colleague.agent.user)
    asked = await colleague.rings(within=5)
    await asked.answer()
    asked.play_tone(SECOND)
    asking.play_tone(FIRST)
    await asking.hears_tone(SECOND, within=3)
    return asking, asked


def talks(cdr: dict[str, Any]) -> list[tuple[str, float]]:
    return [(leg["seat"], leg["talk_seconds"]) for leg in cdr["legs"][1:]]


def joined(call: Call, until_: Call) -> float:
    """Seconds that the phones saw from the answer of one to the end of the other."""
    return until_.when("ended") - call.when("200")


async def test_agents_consult_and_send_callers_on(site: Site) -> None:
    numbers = {"tenant": "demo", "destination": "queue:sales"}
    await asyncio.to_thread(site.client.ask, "PUT", f"/v1/numbers/{QUEUE}", numbers)
    ada, grace = await desk(site, "1001"), await desk(site, "1002")
    site.client.busy("1002", "break")

    # A consultation that comes to nothing: the caller hears music, then the first agent again.
    call, first = await talking(site, "13800000001", ada)
    await first.hold()
    await site.seat_is("1001", state="on_hold")
    await call.hears_sound(within=3)
    asking, asked = await asks(ada, grace)
    await asking.hang_up()
    await asked.ended(within=2)
    await first.resume()
    await call.hears_tone(FIRST, within=3)
    await site.seat_is("1001", state="talking")

    # Another one, and the two are joined: the caller talks with the second agent.
    await first.hold()
    asking, asked = await asks(ada, grace)
    await asyncio.sleep(0.8)
    assert await first.refer_to(asking) == 202
    await call.hears_tone(SECOND, within=4)
    await asked.hears_tone(CALLER, within=3)
    await first.ended(within=2)
    await site.seat_is("1001", state="wrap_up", within=2)
    row = await site.call_is("13800000001", state="talking")
    await site.seat_is("1002", state="talking", call=row["call"])
    await asyncio.sleep(1.0)
    await call.hang_up()
    await asked.ended(within=2)
    await site.seat_is("1002", state="wrap_up")
    cdr = await site.cdr_of("13800000001")
    assert [seat for seat, _ in talks(cdr)] == ["1001", "1002"]
    seen = [joined(first, first), asked.when("ended") - first.when("ended")]
    assert [seconds for _, seconds in talks(cdr)] == pytest.approx(seen, abs=0.4)
    assert cdr["legs"][1]["hold_seconds"] > 0.8
    calls = [row for row in site.client.cdrs() if row["source"] == "trunk"]
    assert len(calls) == 1

    # Sent blind to a queue's number: the next free agent has the caller.
    call, first = await talking(site, "13800000002", ada)
    site.client.ready("1002")
    await first.refer(QUEUE)
    second = await grace.rings(within=5)
    await second.answer()
    second.play_tone(SECOND)
    await call.hears_tone(SECOND, within=3)
    await site.seat_is("1002", state="talking")

    # Sent blind to an agent who does not answer: the caller waits where they waited before.
    ada.on_ring = never
    site.client.ask("PATCH", "/v1/queues/sales/plan", {"ring": 3})
    await site.seat_is("1001", state="idle")
    rung = len(ada.incoming)
    await second.refer("1001")
    await until(lambda: len(ada.incoming) > rung, why="the colleague's phone to ring")
    site.client.busy("1001", "break")
    ada.incoming[-1].reject(486)
    third = await grace.rings(within=8)
    await third.answer()
    third.play_tone(FIRST)
    await call.hears_tone(FIRST, within=3)
    await call.hang_up()
    cdr = await site.cdr_of("13800000002")
    outcomes = [(leg["seat"], leg["outcome"]) for leg in cdr["legs"][1:]]
    assert outcomes == [
        ("1001", "answered"),
        ("1002", "answered"),
        ("1001", "rejected"),
        ("1002", "answered"),
    ]
    await site.seat_is("1002", state="idle")
    told = site.client.status()["offers"]
    assert (told["double_offers"], told["expired_leases"]) == (0, 0)
    await site.nothing_left()
