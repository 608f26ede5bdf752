"""S2, Q1: a colleague's ringing call is picked up at real phones; of several, one's refusal is its
own."""

import asyncio

import pytest

from tests.support.phone import OutgoingCall, Phone, never, reject
from tests.support.site import Site

pytestmark = pytest.mark.live
QUEUE = "4008000001"  # straight to the queue
CALLER, OTHER = 440.0, 880.0


async def waits(site: Site, number: str) -> OutgoingCall:
    """A caller in the queue."""
    caller = await site.caller(number)
    return await caller.dial(QUEUE)


async def desk(site: Site, seat: str) -> Phone:
    """A phone whose agent is logged in."""
    phone = await site.phone(seat)
    await asyncio.to_thread(site.client.log_in, seat, seat)
    await site.seat_is(seat, status="ready", state="idle")
    return phone


async def talk_at(call: OutgoingCall, picking: OutgoingCall) -> None:
    """They hear each other."""
    call.play_tone(CALLER)
    picking.play_tone(OTHER)
    await call.hears_tone(OTHER, within=3)
    await picking.hears_tone(CALLER, within=3)


async def test_ringing_calls_are_picked_up(site: Site) -> None:
    numbers = {"tenant": "demo", "destination": "queue:sales"}
    await asyncio.to_thread(site.client.ask, "PUT", f"/v1/numbers/{QUEUE}", numbers)
    rules = {"strategy": "ring-all", "most_rejected": 1}
    await asyncio.to_thread(site.client.ask, "PATCH", "/v1/queues/sales/plan", rules)
    ada, grace, spare = await desk(site, "1001"), await desk(site, "1002"), await site.phone("1003")
    ada.on_ring, grace.on_ring = reject(486), never

    # Ada rejects and is set aside for that; Grace's phone rings on and the spare one picks up.
    call = await waits(site, "13800000001")
    refused, rings = await ada.rings(within=5), await grace.rings(within=5)
    await refused.ended(within=5)
    await site.seat_is("1001", status="busy", reason="rejected", state="idle")
    await site.seat_is("1002", state="ringing")
    picking = await spare.dial("*81002")
    await rings.ended(within=5)
    assert rings.status == 487
    await talk_at(call, picking)
    await site.seat_is("1002", state="idle", status="ready")
    await picking.hang_up()
    cdr = await site.cdr_of("13800000001")
    assert sorted((leg["endpoint"], leg["outcome"]) for leg in cdr["legs"][1:]) == [
        ("1001", "rejected"),
        ("1002", "withdrawn"),
        ("1003", "answered"),
    ]

    # From her own desk it is her call: her seat talks, and wraps up.
    ada.on_ring = never
    site.client.ready("1001")
    site.client.busy("1002", "break")
    call = await waits(site, "13800000002")
    rings = await ada.rings(within=5)
    begun = asyncio.get_running_loop().time()
    picking = await grace.dial("*8")
    await rings.ended(within=5)
    await talk_at(call, picking)
    await site.seat_is("1002", state="talking")
    await site.seat_is("1001", state="idle", status="ready")
    await call.hang_up()
    await picking.ended(within=3)
    length = asyncio.get_running_loop().time() - begun
    await site.seat_is("1002", state="wrap_up")
    cdr = await site.cdr_of("13800000002")
    legs = [(leg["seat"], leg["outcome"]) for leg in cdr["legs"][1:]]
    assert legs == [("1001", "withdrawn"), ("1002", "answered")]
    assert cdr["seat"] == "1002"
    assert cdr["talk_seconds"] == pytest.approx(length, abs=0.8)
    await site.seat_is("1002", state="idle")

    late = await spare.dial("*8")
    await late.hears(site.prompt("nothing-to-pick-up"), within=5)
    await late.ended(within=8)
    metrics = site.client.status()["offers"]
    assert (metrics["double_offers"], metrics["expired_leases"]) == (0, 0)
    await site.nothing_left()
