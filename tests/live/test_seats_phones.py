"""Transfers, hold and codes at real phones (S1, S2, Q7): three phones and their tones."""

import asyncio

import pytest

from tests.support.phone import Call
from tests.support.site import DIALLED, Site

pytestmark = pytest.mark.live
CALLER, FIRST, SECOND = 440.0, 880.0, 1500.0


async def talking(site: Site) -> tuple[Call, Call]:
    """A caller and the seat 1001, joined, with tones."""
    agent = await site.agent("1001")
    caller = await site.caller("13800000001")
    call = await caller.dial(DIALLED)
    await call.hears(site.prompt("welcome"), within=8)
    await call.press("1")
    ringing = await agent.rings(within=15)
    await ringing.answer()
    call.play_tone(CALLER)
    ringing.play_tone(FIRST)
    await call.hears_tone(FIRST, within=3)
    await ringing.hears_tone(CALLER, within=3)
    return call, ringing


@pytest.mark.parametrize("way", ["command", "phone"])
async def test_a_caller_is_sent_to_a_colleague(site: Site, way: str) -> None:
    call, first = await talking(site)
    colleague = await site.agent("1002")
    if way == "command":
        row = await site.call_is("13800000001", state="talking")
        path = f"/v1/calls/{row['call']}/transfer"
        await asyncio.to_thread(site.client.ask, "POST", path, {"to": "seat:1002"})
    else:
        await first.refer("1002")
    second = await colleague.rings(within=8)
    await site.seat_is("1001", state="wrap_up", within=5)
    await second.answer()
    second.play_tone(SECOND)
    await call.hears_tone(SECOND, within=3)
    await second.hears_tone(CALLER, within=3)
    await site.seat_is("1002", state="talking")
    await asyncio.sleep(1.0)
    await call.hang_up()
    await second.ended(within=5)
    await site.seat_is("1002", state="wrap_up")
    cdr = await site.cdr_of("13800000001")
    assert [(leg["kind"], leg["seat"]) for leg in cdr["legs"][1:]] == [
        ("seat", "1001"),
        ("seat", "1002"),
    ]
    assert all(leg["answered_at"] and leg["ended_at"] for leg in cdr["legs"][1:])
    assert cdr["legs"][1]["ended_at"] <= cdr["legs"][2]["answered_at"]
    assert cdr["recording_seconds"] > 2
    await site.nothing_left()


async def test_hold_is_seen_and_counted(site: Site) -> None:
    call, first = await talking(site)
    await first.hold()
    await site.seat_is("1001", state="on_hold")
    await asyncio.sleep(1.0)
    await first.resume()
    await site.seat_is("1001", state="talking")
    await call.hang_up()
    cdr = await site.cdr_of("13800000001")
    assert 0.8 < cdr["legs"][1]["hold_seconds"] < 4
    await site.nothing_left()


async def test_codes_from_a_real_phone(site: Site) -> None:
    phone = await site.agent("1001")
    call = await phone.dial("*14")
    await call.hears_sound(within=5)
    await call.press("2")
    await site.seat_is("1001", status="busy", reason="meal")
    await call.ended(within=10)
    await asyncio.to_thread(
        site.client.ask, "POST", "/v1/seats/1001/message", {"sender": "9000", "text": "你好"}
    )
    await site.nothing_left()
