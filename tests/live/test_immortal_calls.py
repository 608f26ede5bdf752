"""The engine is killed with -9; nobody at a phone notices, and the records are whole."""

import asyncio

import pytest

from tests.support.phone import OutgoingCall, Phone, answer_after
from tests.support.site import DIALLED, Site

pytestmark = pytest.mark.live


async def waiting_caller(site: Site, number: str) -> tuple[Phone, OutgoingCall]:
    """A caller who has reached the queue and hears music."""
    caller = await site.caller(number)
    call = await caller.dial(DIALLED)
    await call.hears_sound(within=5)
    await call.press("1")
    await site.call_is(number, state="waiting")
    return caller, call


async def test_waiting_caller_is_served_once_with_the_first_arrival_time(site: Site) -> None:
    _, first = await waiting_caller(site, "13800000001")
    before = site.client.calls()[0]["waiting_seconds"]
    await site.kill_engine()
    first_gap_from = asyncio.get_running_loop().time()
    await asyncio.sleep(2)  # the outage: the caller goes on hearing music meanwhile
    assert first.talking
    await site.start_engine()
    row = await site.call_is("13800000001", state="waiting")
    assert row["waiting_seconds"] > before + 2
    _, second = await waiting_caller(site, "13800000002")

    agent = await site.agent("1001")
    ringing = await agent.rings(within=10)
    assert ringing.caller == "13800000001"
    assert not first.heard.silence_gaps(1.0, since=first_gap_from)
    await ringing.answer()
    first.play_tone(440)
    ringing.play_tone(880)
    await ringing.hears_tone(440, within=3)
    await first.hears_tone(880, within=3)
    assert len(agent.incoming) == 1
    await first.hang_up()
    cdr = await site.cdr_of("13800000001")
    assert cdr["resumed"] == 1
    assert cdr["result"] == "answered"
    assert cdr["wait_seconds"] > row["waiting_seconds"]
    await second.hang_up()
    assert (await site.cdr_of("13800000002"))["result"] == "abandoned"
    await site.nothing_left()


async def test_talk_goes_on_and_its_cdr_is_complete(site: Site) -> None:
    agent = await site.agent("1001")
    _, call = await waiting_or_served(site, "13800000001")
    ringing = await agent.rings()
    await ringing.answer()
    call.play_tone(440)
    ringing.play_tone(880)
    await ringing.hears_tone(440, within=3)
    await call.hears_tone(880, within=3)
    since = asyncio.get_running_loop().time()
    await site.kill_engine()
    await ringing.hears_tone(440, within=3, lasting=2.0)
    await call.hears_tone(880, within=3, lasting=1.0)
    # What the seat's phone itself said late (a busy machine) is nobody's gap.
    assert not call.heard.silence_gaps(0.1 + ringing.longest_pause(since), since=since)
    await site.start_engine()
    assert (await site.seat_is("1001", state="talking"))["call"]
    assert call.talking
    await call.hang_up()
    await ringing.ended(within=2)
    await site.seat_is("1001", state="wrap_up")
    await site.seat_is("1001", state="idle")
    cdr = await site.cdr_of("13800000001")
    assert cdr["result"] == "answered"
    assert cdr["ended_by"] == "caller"
    talked = ringing.when("ended") - ringing.when("200")
    assert talked > 2.0
    assert cdr["talk_seconds"] == pytest.approx(talked, abs=0.3)
    assert cdr["recording_seconds"] == pytest.approx(cdr["talk_seconds"], abs=0.3)
    assert [leg["outcome"] for leg in cdr["legs"]] == ["caller", "answered"]
    await site.nothing_left()


async def test_talk_that_ended_while_the_engine_was_away(site: Site) -> None:
    agent = await site.agent("1001")
    _, call = await waiting_or_served(site, "13800000001")
    ringing = await agent.rings()
    await ringing.answer()
    call.play_tone(440)
    await ringing.hears_tone(440, within=3, lasting=0.5)
    await site.kill_engine()
    await ringing.hears_tone(440, within=3, lasting=0.5)
    await call.hang_up()
    await ringing.ended(within=2)
    talked = ringing.when("ended") - ringing.when("200")
    await site.start_engine()
    cdr = await site.cdr_of("13800000001")
    assert cdr["result"] == "answered"
    assert cdr["talk_seconds"] == pytest.approx(talked, abs=0.3)
    await site.seat_is("1001", state="idle", status="ready")
    await site.nothing_left()


async def test_seat_that_answers_while_the_engine_is_away(site: Site) -> None:
    agent = await site.agent("1001")
    _, call = await waiting_or_served(site, "13800000001")
    ringing = await agent.rings()
    await site.kill_engine()
    await ringing.answer()
    call.play_tone(440)
    await ringing.hears_tone(440, within=3, lasting=0.5)
    await site.start_engine()
    await site.seat_is("1001", state="talking")  # though the engine has not seen the answer
    await ringing.hang_up()
    await call.hears(site.prompt("goodbye"), within=8)
    await call.ended(within=5)
    cdr = await site.cdr_of("13800000001")
    assert cdr["result"] == "answered"
    assert cdr["talk_seconds"] > 0.5
    await site.seat_is("1001", state="idle", status="ready")
    await site.nothing_left()


async def waiting_or_served(site: Site, number: str) -> tuple[Phone, OutgoingCall]:
    """A caller who has pressed 1 while a seat is free."""
    caller = await site.caller(number)
    call = await caller.dial(DIALLED)
    await call.hears_sound(within=5)
    await call.press("1")
    return caller, call


async def test_caller_who_dials_while_no_engine_runs_is_served_when_it_comes(site: Site) -> None:
    agent = await site.agent("1001")
    agent.on_ring = answer_after(0.2, tone=880)
    await site.kill_engine()
    caller = await site.caller("13800000001")
    call = caller.invite(DIALLED)
    await call.ringing(within=3)
    await site.start_engine()
    await call.answered(within=15)
    # On a busy machine it took so long that the apology is heard first; keys do not count there.
    await call.hears(site.prompt("welcome"), within=25)
    await call.press("1")
    await call.hears_tone(880, within=12)
    await call.hang_up()
    assert (await site.cdr_of("13800000001"))["result"] == "answered"
    await site.nothing_left()
