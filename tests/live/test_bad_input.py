"""Whatever people and phones do wrong: a clear CDR, no seat and no channel left behind."""

import asyncio
import contextlib
import json
import socket

import pytest

from tests.support.phone import PhoneRefused, answer_after, never, reject
from tests.support.site import DIALLED, Site

pytestmark = pytest.mark.live
ALICE = "13800000001"


async def test_unknown_number_is_refused_before_answer(site: Site) -> None:
    caller = await site.caller(ALICE)
    call = await caller.dial("4009999999")
    assert call.status == 404
    assert not call.answered_200
    cdr = await site.cdr_of(ALICE)
    assert (cdr["result"], cdr["answered_at"]) == ("refused", None)
    assert "4009999999 is not hosted" in cdr["rule"]
    await site.nothing_left()


async def test_wrong_sip_password_does_not_register(site: Site) -> None:
    with pytest.raises(PhoneRefused) as refused:
        await site.phone("1001", password="wrong-password")
    assert refused.value.status in (401, 403)


async def test_wrong_pin_leaves_the_seat_logged_out(site: Site) -> None:
    phone = await site.phone("1001")
    call = await phone.dial("*11")
    await call.hears_sound(within=5)
    await call.press("1001#")
    await call.press("99999#")
    await call.hears(site.prompt("login-failed"), within=10)
    await call.hang_up()
    await site.seat_is("1001", status="logged_out")
    cdr = await site.cdr_of("1001")
    assert (cdr["dialled"], cdr["result"]) == ("*11", "gave_up")
    await site.nothing_left()


async def test_unregistered_seat_is_not_rung_and_the_caller_waits(site: Site) -> None:
    agent = await site.agent("1001")
    await agent.unregister()
    await site.seat_is("1001", state="unreachable")
    call = await (await site.caller(ALICE)).dial(DIALLED)
    await call.hears_sound(within=5)
    await call.press("1")
    await site.call_is(ALICE, state="waiting")
    await agent.register()
    ringing = await agent.rings(within=8)
    await ringing.answer()
    await call.hang_up()
    cdr = await site.cdr_of(ALICE)
    assert (cdr["result"], len(cdr["legs"])) == ("answered", 2)
    await site.nothing_left()


async def test_phone_that_vanishes_is_noticed_within_seconds(site: Site) -> None:
    agent = await site.agent("1001")
    agent.vanish()
    await site.seat_is("1001", state="unreachable", within=5.5)


async def test_seat_rejects_then_answers_the_second_offer(site: Site) -> None:
    agent = await site.agent("1001")
    agent.on_ring = reject(486)
    call = await (await site.caller(ALICE)).dial(DIALLED)
    await call.hears_sound(within=5)
    await call.press("1")
    await agent.rings()
    agent.on_ring = answer_after(0.1, tone=880)
    await call.hears_tone(880, within=12)
    await call.hang_up()
    cdr = await site.cdr_of(ALICE)
    assert [leg["outcome"] for leg in cdr["legs"][1:]] == ["rejected", "answered"]
    await site.nothing_left()


@pytest.mark.parametrize("step", ["at-once", "in-menu", "waiting", "ringing"])
async def test_caller_hangs_up_at_any_step(site: Site, step: str) -> None:
    agent = await site.agent("1001") if step == "ringing" else None
    if agent is not None:
        agent.on_ring = never
    caller = await site.caller(ALICE)
    call = caller.invite(DIALLED)
    if step != "at-once":
        await call.answered()
        await call.hears_sound(within=5)
    if step in ("waiting", "ringing"):
        await call.press("1")
    if step == "waiting":
        await site.call_is(ALICE, state="waiting")
    if agent is not None:
        ringing = await agent.rings()
        await call.hang_up()
        await ringing.ended(within=5)
        await site.seat_is("1001", state="idle")
    await call.hang_up()
    cdr = await site.cdr_of(ALICE)
    expected = "abandoned" if step in ("waiting", "ringing") else "gave_up"
    assert cdr["result"] == expected, json.dumps(cdr)
    assert cdr["ended_by"] == "caller"
    await site.nothing_left()


@pytest.mark.parametrize("late", [-0.01, -0.002, 0.0, 0.002, 0.01])
async def test_caller_hangs_up_in_the_instant_of_the_answer(site: Site, late: float) -> None:
    agent = await site.agent("1001")
    agent.on_ring = never
    call = await (await site.caller(ALICE)).dial(DIALLED)
    await call.hears_sound(within=5)
    await call.press("1")
    ringing = await agent.rings()

    async def hang_up() -> None:
        await asyncio.sleep(max(late, 0))
        await call.hang_up()

    async def pick_up() -> None:
        await asyncio.sleep(max(-late, 0))
        if ringing.alive and ringing.status is None:
            ringing.pick_up()

    await asyncio.gather(hang_up(), pick_up())
    await ringing.ended(within=5)
    cdr = await site.cdr_of(ALICE)
    assert cdr["result"] in ("answered", "abandoned")
    assert cdr["ended_by"] == "caller"
    await site.seat_is("1001", state="idle", status="ready", within=8)
    await site.nothing_left()


async def test_garbage_on_the_fastagi_port_harms_no_running_call(site: Site) -> None:
    agent = await site.agent("1001")
    call = await (await site.caller(ALICE)).dial(DIALLED)
    await call.hears_sound(within=5)
    strangers = [socket.create_connection(("127.0.0.1", site.pbx.fastagi_port)) for _ in range(20)]
    for stranger, garbage in zip(
        strangers,
        [b"", b"x" * (1 << 20), bytes(range(256)) * 64, b"agi_network: yes\n", b"HANGUP\n"] * 4,
        strict=True,
    ):
        stranger.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            stranger.send(garbage)
    await call.press("1")
    ringing = await agent.rings()
    await ringing.answer()
    call.play_tone(440)
    await ringing.hears_tone(440, within=3, lasting=0.3)
    for stranger in strangers:
        stranger.close()
    await call.hang_up()
    assert (await site.cdr_of(ALICE))["result"] == "answered"
    await site.nothing_left()
