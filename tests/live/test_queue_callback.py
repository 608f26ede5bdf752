"""Q5 over real SIP: a key, a confirmation, a hang-up; called back in turn and joined to a seat."""

import asyncio

import pytest

from callcenter.kernel.database import open_database
from callcenter.numbers import Trunk, save_trunk
from tests.live.test_queue_voices import queue, waits
from tests.support.exchange import WORLD, Exchange, free_port
from tests.support.phone import answer_after
from tests.support.site import Site, until

pytestmark = pytest.mark.live

ALICE = "13800000001"


async def world_of(site: Site) -> Exchange:
    """Numbers of the world can be called from now on."""
    port = free_port()

    def write() -> None:
        database = open_database(site.settings.database_url)
        with database.begin() as connection:
            save_trunk(connection, Trunk(name="world", match=WORLD, contact=f"{WORLD}:{port}"))
        database.dispose()

    await asyncio.to_thread(write)
    await asyncio.to_thread(site.client.reload)
    exchange = await Exchange.open(port, ("127.0.0.1", site.pbx.sip_port))
    site._phones.append(exchange.phone)
    return exchange


@pytest.mark.parametrize("killed", [False, True], ids=["engine lives", "engine killed meanwhile"])
async def test_called_back_in_turn_and_joined(site: Site, killed: bool) -> None:
    exchange = await world_of(site)
    queue(site, limits={"key": "5", "key_to": "callback"})
    call = await waits(site, ALICE)
    await call.hears_part_of(site.settings.prompts / "music" / "default" / "tune.wav")
    await call.press("5")
    await call.hears(site.prompt("callback-number"), within=8)
    await call.hears(site.prompt("callback-confirm"), within=15)
    await call.press("1")
    await call.hears(site.prompt("callback-kept"), within=8)
    await call.ended(within=5)
    await until(lambda: site.client.calls()[0]["state"] == "callback", why="the place to be kept")
    if killed:
        await site.kill_engine()
        await site.start_engine()
    exchange.behaviours[ALICE] = answer_after(0.5, tone=880)
    ada = await site.agent("1001")
    ringing = await ada.rings(within=15)
    await ringing.answer()
    await ringing.hears_tone(880, within=5)
    [home] = exchange.calls(ALICE)
    ringing.play_tone(440)
    await home.hears_tone(440, within=5)
    await ringing.hang_up()
    await home.ended(within=10)
    cdr = await site.cdr_of(ALICE)
    assert (cdr["result"], cdr["seat"]) == ("answered", "1001")
    told = [moment["what"] for moment in site.client.explain(cdr["id"])["moments"]]
    assert f"Is called back at {ALICE}." in told
    assert len(exchange.calls(ALICE)) == 1
    await site.seat_is("1001", state="idle", status="ready")
    await site.nothing_left()


async def test_nobody_there_is_not_called_again(site: Site) -> None:
    exchange = await world_of(site)
    queue(site, limits={"key": "5", "key_to": "callback"})
    call = await waits(site, ALICE)
    await call.hears_part_of(site.settings.prompts / "music" / "default" / "tune.wav")
    await call.press("5")
    await call.hears(site.prompt("callback-confirm"), within=20)
    await call.press("1")
    await call.ended(within=10)

    async def busy(incoming: object) -> None:
        incoming.reject(486)  # type: ignore[attr-defined]

    exchange.behaviours[ALICE] = busy
    await site.agent("1001")
    cdr = await site.cdr_of(ALICE)
    assert cdr["result"] == "flowed_out"
    assert len(exchange.calls(ALICE)) == 1
    await site.seat_is("1001", state="idle", status="ready")
    await site.nothing_left()
