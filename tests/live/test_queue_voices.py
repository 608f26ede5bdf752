"""Q1, Q3, Q4, Q10 over real SIP: several phones ring, agents are told, callers are told."""

import pytest

from tests.support.phone import OutgoingCall
from tests.support.site import DIALLED, Site, until

pytestmark = pytest.mark.live


def queue(site: Site, **rules: object) -> None:
    """Change the demo's queue; it counts from the next decision."""
    site.client.ask("PATCH", "/v1/queues/sales/plan", rules)


async def waits(site: Site, number: str = "13800000001") -> OutgoingCall:
    """A caller who is being put into the queue."""
    caller = await site.caller(number)
    call = await caller.dial(DIALLED)
    await call.hears(site.prompt("welcome"), within=8)
    await call.press("1")
    await call.hears(site.prompt("please-wait"), within=8)
    return call


async def test_two_phones_ring_and_one_answers(site: Site) -> None:
    queue(site, strategy="ring-all")
    ada, grace = await site.agent("1001"), await site.agent("1002")
    call = await waits(site)
    at_ada, at_grace = await ada.rings(), await grace.rings()
    await call.hears_sound(within=5)
    await at_grace.answer()
    await at_ada.ended(within=2)
    assert at_ada.status == 487
    call.play_tone(440)
    await at_grace.hears_tone(440, within=3)
    await site.seat_is("1002", state="talking")
    await site.seat_is("1001", state="idle", status="ready")
    await call.hang_up()
    cdr = await site.cdr_of("13800000001")
    legs = sorted((leg["seat"], leg["outcome"]) for leg in cdr["legs"][1:])
    assert legs == [("1001", "withdrawn"), ("1002", "answered")]
    assert (len(ada.incoming), len(grace.incoming)) == (1, 1)
    await site.seat_is("1002", state="idle")
    await site.nothing_left()


async def test_the_agent_hears_the_whisper_and_the_caller_music(site: Site) -> None:
    whispered = site.prompt("closed", "en")
    queue(site, whisper=["closed"])
    ada = await site.agent("1001")
    call = await waits(site)
    ringing = await ada.rings()
    await ringing.answer()
    await ringing.hears(whispered, within=8)
    call.play_tone(440)
    await ringing.hears_tone(440, within=3)
    ringing.play_tone(880)
    await call.hears_tone(880, within=3)
    assert not call.heard_prompt(whispered)
    await site.seat_is("1001", state="talking")
    await call.hang_up()
    cdr = await site.cdr_of("13800000001")
    assert cdr["result"] == "answered"
    told = site.client.explain(cdr["id"])
    assert any(moment["what"].startswith("Seat 1001 is chosen") for moment in told["moments"])
    await site.nothing_left()


async def test_the_place_is_told_music_goes_on_and_a_key_leaves(site: Site) -> None:
    limits = {"key": "5", "key_to": "announcement:closed"}
    queue(site, announce_every=30, comfort=["all-seats-busy"], limits=limits)
    call = await waits(site)
    await call.hears(site.prompt("queue/position-before"), within=8)
    await call.hears(site.prompt("all-seats-busy"), within=12)
    await call.hears_sound(within=3)
    assert site.client.calls()[0]["state"] == "waiting"
    await call.press("5")
    await call.hears(site.prompt("closed"), within=5)
    await call.ended(within=10)
    cdr = await site.cdr_of("13800000001")
    assert cdr["result"] == "flowed_out"
    await site.nothing_left()


async def test_an_offer_breaks_off_an_announcement(site: Site) -> None:
    queue(site, announce_every=60, comfort=["apology"])
    ada = await site.agent("1001")
    site.client.busy("1001", "lunch")
    call = await waits(site)
    await call.hears(site.prompt("queue/position-before"), within=8)
    site.client.ready("1001")
    ringing = await ada.rings(within=2)  # the announcement would go on for eight seconds
    await ringing.answer()
    call.play_tone(440)
    await ringing.hears_tone(440, within=3)
    assert not call.heard_prompt(site.prompt("apology"))
    await call.hang_up()
    await until(lambda: not site.client.calls(), why="the call to be over")
    await site.nothing_left()
