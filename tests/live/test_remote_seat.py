"""S3: a seat at a telephone in the world, which has to press 1 before anybody is joined."""

import asyncio

import pytest

from tests.live.test_lines import world_of
from tests.support.phone import answer_after
from tests.support.site import DIALLED, Site

pytestmark = pytest.mark.live
HOME = "13800000000"
TONE = 1700.0  # not in the music


async def test_only_after_key_1_the_two_talk(site: Site) -> None:
    exchange = await world_of(site, to="flow:demo")
    exchange.behaviours = {HOME: answer_after(0.3, tone=TONE)}
    where = "/v1/seats/1001/login"
    await asyncio.to_thread(site.client.ask, "POST", where, {"outside": HOME})
    await site.seat_is("1001", status="ready", state="idle")
    caller = await site.caller("13800000001")
    call = await caller.dial(DIALLED)
    await call.hears(site.prompt("welcome"), within=8)
    await call.press("1")
    await site.seat_is("1001", state="ringing", within=8)
    for _ in range(100):
        if exchange.calls(HOME) and exchange.calls(HOME)[0].talking:
            break
        await asyncio.sleep(0.05)
    [home] = exchange.calls(HOME)
    await home.hears(site.prompt("confirm-call"), within=8)
    await site.seat_is("1001", state="ringing")
    assert call.heard.level(TONE, last=0.5) < -50
    await home.press("1")
    await site.seat_is("1001", state="talking")
    await call.hears_tone(TONE, within=5)
    await call.hang_up()
    await home.ended(within=3)
    await site.seat_is("1001", state="wrap_up")
    cdr = await site.cdr_of("13800000001")
    assert (cdr["result"], cdr["seat"]) == ("answered", "1001")
    await site.nothing_left()
