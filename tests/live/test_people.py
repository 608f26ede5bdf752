"""Extensions, ways out, hours of lines, members' PINs and a tenant's own greeting, by real SIP."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callcenter.demo.seed import TENANT
from callcenter.members import Member, hash_pin
from tests.live.test_lines import FIRST, NUMBER, SECOND, legs, outside, world_of
from tests.support.command import Command
from tests.support.phone import answer_after
from tests.support.site import Site

pytestmark = pytest.mark.live


async def command(site: Site, *words: str) -> str:
    """Run by an administrator, through the engine; returns what it prints."""
    run = Command(home=site.settings.home, extra={})
    told = await asyncio.to_thread(run.apart, *words)
    assert (told.status, told.err) == (0, "")
    return told.out


async def test_an_extension_talks_with_another(site: Site) -> None:
    ada, grace = await site.phone("1001"), await site.phone("1002")
    call = ada.invite("1002")
    ringing = await grace.rings()
    assert not call.answered_200
    ringing.play_tone(880)
    await ringing.answer()
    await call.answered(within=5)
    call.play_tone(440)
    await call.hears_tone(880, within=5, lasting=0.5)
    await ringing.hears_tone(440, within=5, lasting=0.5)
    await ringing.hang_up()
    await call.ended(within=5)
    cdr = await site.cdr_of("1001")
    assert cdr["result"] == "answered"
    assert legs(cdr) == [("extension", "1002", "answered")]
    await site.nothing_left()


async def test_only_who_may_dials_the_world(site: Site) -> None:
    exchange = await world_of(site)
    exchange.behaviours = {FIRST: answer_after(0.2, tone=880)}
    ada = await site.phone("1001")
    refused = ada.invite(FIRST)
    assert await refused.decided(within=5) == 403
    assert not refused.answered_200
    assert exchange.calls(FIRST) == []
    assert "may dial" in await command(site, "line", "extension", "1001", "--outside")
    call = ada.invite(FIRST)
    await call.answered(within=10)
    await call.hears_tone(880, within=5)
    [talk] = exchange.calls(FIRST)
    call.play_tone(440)
    await talk.hears_tone(440, within=5, lasting=0.5)
    assert talk.caller in (NUMBER, "4008001234")  # a number of the tenant, not the extension
    await call.hang_up()
    await site.nothing_left()


async def test_a_line_outside_its_hours_is_passed_over(site: Site) -> None:
    week = ("--zone=UTC", "--on=mon-fri=09:00-18:00")
    await command(site, "hours", "set", "office", f"--tenant={TENANT}", *week)
    exchange = await world_of(
        site, replace(outside(FIRST, 10), hours="office"), outside(SECOND, 10)
    )
    exchange.behaviours = dict.fromkeys((FIRST, SECOND), answer_after(0.1, tone=880))
    caller = await site.caller()
    for at, answers in (("2027-03-01T10:00", FIRST), ("2027-03-01T20:00", SECOND)):
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
        site.clock_offset = (moment - datetime.now(UTC)).total_seconds()
        await site.kill_engine()
        await site.start_engine()
        call = caller.invite(NUMBER)
        await call.answered(within=10)
        await call.hears_tone(880, within=5)
        assert len(exchange.calls(answers)) == 1
        await call.hang_up()
        await site.nothing_left()
    assert len(exchange.calls(FIRST)) == 1


async def test_a_tenants_own_greeting_is_the_colour_ring(site: Site) -> None:
    own = site.prompt("number-unknown", "zh")
    exchange = await world_of(site, outside(FIRST, 20), colour_ring="en/greeting")
    await command(site, "prompt", "upload", "greeting", str(own), f"--tenant={TENANT}")
    call = (await site.caller()).invite(NUMBER)
    await call.hears(own, within=10)
    assert 183 in call.provisional
    assert not call.answered_200
    [ringing] = exchange.calls(FIRST)
    await ringing.answer()
    await call.answered(within=3)
    ringing.play_tone(880)
    await call.hears_tone(880, within=5)
    await call.hang_up()
    await site.nothing_left()


PINS: dict[str, Any] = {
    "start": "card",
    "nodes": {
        "card": {"kind": "member", "next": "pin", "otherwise": "bye"},
        "pin": {"kind": "member-pin", "next": "ok", "otherwise": "bye"},
        "ok": {"kind": "hangup", "prompts": ["please-wait"]},
        "bye": {"kind": "hangup", "prompts": ["goodbye"]},
    },
}


async def test_a_member_changes_the_pin_by_phone(site: Site) -> None:
    card = Member(tenant=TENANT, number="77", pin_hash=await asyncio.to_thread(hash_pin, "1234"))
    await world_of(site, to="flow:people", flow=PINS, member=card)
    caller = await site.caller()
    call = await caller.dial(NUMBER)
    await call.hears(site.prompt("member-number"), within=8)
    await call.press("77#")
    await call.press("1234#")
    await call.hears(site.prompt("member-pin"), within=10)
    await call.press("1234#")
    await call.hears(site.prompt("pin-new"), within=10)
    await call.press("97531#")
    await call.press("97531#")
    await call.hears(site.prompt("pin-changed"), within=10)
    await call.hears(site.prompt("please-wait"), within=10)
    await call.ended(within=10)
    call = await caller.dial(NUMBER)
    await call.hears(site.prompt("member-number"), within=8)
    await call.press("77#")
    await call.press("1234#")
    await call.hears(site.prompt("member-wrong"), within=10)
    await call.hears(site.prompt("member-number"), within=10)
    await call.press("77#")
    await call.press("97531#")
    await call.hears(site.prompt("member-pin"), within=10)
    await call.hang_up()
    await site.nothing_left()


async def test_what_an_administrator_writes_counts_for_the_next_call(
    site: Site, tmp_path: Path
) -> None:
    exchange = await world_of(site, outside(FIRST, 10))
    exchange.behaviours = dict.fromkeys((FIRST, SECOND), answer_after(0.1, tone=880))
    shown = json.loads(await command(site, "line", "show", "office", "--json"))
    shown["lines"][0] |= {"number": SECOND, "name": "moved"}
    file = tmp_path / "office.json"
    file.write_text(json.dumps(shown))
    assert "1 lines" in await command(site, "line", "import", "office", str(file))
    call = (await site.caller()).invite(NUMBER)
    await call.hears_tone(880, within=10)
    assert [len(exchange.calls(number)) for number in (FIRST, SECOND)] == [0, 1]
    await call.hang_up()
    await command(site, "line", "ring", NUMBER, "en/welcome")
    await command(site, "member", "add", "77", f"--tenant={TENANT}", "--pin=1234")
    await command(site, "member", "lock", "77", f"--tenant={TENANT}")
    [row] = json.loads(await command(site, "member", "list", "--json"))
    assert row["locked"]
    await command(site, "member", "unlock", "77", f"--tenant={TENANT}")
    [row] = json.loads(await command(site, "member", "list", "--json"))
    assert not row["locked"]
    await site.nothing_left()
