"""Q1, Q3, Q4, Q10 over real SIP: several phones ring, agents are told, callers are told."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from callcenter.demo import ears
from callcenter.settings import load
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
    await at_ada.ended(within=5)
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


@pytest.fixture
async def hasty() -> AsyncIterator[Site]:
    """A site whose music is over after a second."""
    made = Site()
    folder = made.home / "prompts"
    (folder / "music" / "default").mkdir(parents=True)
    for language in made.settings.prompts.iterdir():
        if language.name != "music":
            (folder / language.name).symlink_to(language)
    ears.write_wav(folder / "music" / "default" / "tune.wav", ears.tone(440, 1.0))
    made.settings = load(home=made.home, prompts=folder)
    made.variables["CALLCENTER_PROMPTS"] = str(folder)
    try:
        await made.open()
        yield made
    finally:
        print(made.engine_says())
        await made.close()


async def test_music_that_is_over_begins_again_at_once(hasty: Site) -> None:
    call = await waits(hasty)
    await call.hears_tone(440, within=8)
    since = asyncio.get_running_loop().time()
    await call.hears_sound(within=5)
    await asyncio.sleep(3.5)
    assert call.heard.level(440, last=0.5) > -40
    assert not call.heard.silence_gaps(0.2, since=since)
    await call.hang_up()
    await hasty.nothing_left()
