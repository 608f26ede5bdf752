"""Who gets through and where to, over real SIP, changed while the engine runs (N4, N5, N6, N7)."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from callcenter.demo.seed import TENANT
from tests.support.command import Command
from tests.support.phone import Phone
from tests.support.site import DIALLED, Site

pytestmark = pytest.mark.live

FLOW = """
name: {name}
tenant: demo
start: say
nodes:
  say: {{kind: hangup, prompts: [{prompt}]}}
"""
EFFECTIVE_SECONDS = 0.2


def _flow(site: Site, name: str, prompt: str) -> None:
    report = site.client.ask(
        "POST", "/v1/flows", {"document": FLOW.format(name=name, prompt=prompt), "tenant": TENANT}
    )
    assert report["ok"], report
    site.client.ask("POST", f"/v1/flows/{name}/publish", {"version": 0})


async def _refused(phone: Phone, within: float = 5) -> int:
    """The final answer to a call that must not be answered with 200."""
    call = await phone.dial(DIALLED)
    status = await call.decided(within=within)
    assert not call.answered_200
    return status


async def _hears(phone: Phone, site: Site, prompt: str) -> None:
    call = await phone.dial(DIALLED)
    await call.hears(site.prompt(prompt), within=8)
    await call.hang_up()


async def test_blacklist_refuses_the_next_call_before_answer(site: Site) -> None:
    caller = await site.caller("13800000001")
    await _hears(caller, site, "welcome")
    entry = {"number": "138*", "tenant": TENANT, "note": "fax"}
    await asyncio.to_thread(site.client.ask, "POST", "/v1/lists/black", entry)
    done = time.monotonic()
    call = await caller.dial(DIALLED)
    assert time.monotonic() - done < EFFECTIVE_SECONDS  # the INVITE is on its way
    assert await call.decided(within=5) == 403
    assert not call.answered_200
    cdr = await site.cdr_of("13800000001", calls=2)
    assert (cdr["result"], cdr["rule"]) == ("refused", "blacklist: +86138*")
    assert (cdr["answered_at"], cdr["cause"]) == (None, 21)
    await asyncio.to_thread(
        site.client.ask, "DELETE", f"/v1/lists/black?number=138*&tenant={TENANT}"
    )
    await _hears(caller, site, "welcome")
    await site.nothing_left()


async def test_a_command_changes_the_next_call_too(site: Site) -> None:
    run = Command(home=site.home, extra={})
    caller = await site.caller("13900000002")
    told = await asyncio.to_thread(run, "number", "set", DIALLED, "--whitelist-only")
    assert (told.status, told.err) == (0, "")
    assert await _refused(caller) == 403
    told = await asyncio.to_thread(run, "list", "add", "white", "13900000002", "--tenant", TENANT)
    assert told.status == 0, told.err
    await _hears(caller, site, "welcome")
    told = await asyncio.to_thread(run, "number", "set", DIALLED, "--state", "sealed")
    assert await _refused(caller) == 403
    await site.nothing_left()


async def test_callers_of_a_region_hear_their_branch(site: Site) -> None:
    await asyncio.to_thread(_flow, site, "south", "goodbye")
    rule = {"tenant": TENANT, "region": "CN/广东", "destination": "flow:south"}
    await asyncio.to_thread(site.client.ask, "PUT", "/v1/regions", rule)
    blocked = {"tenant": TENANT, "region": "JP", "destination": "refuse:rejected"}
    await asyncio.to_thread(site.client.ask, "PUT", "/v1/regions", blocked)
    await _hears(await site.caller("075786543210"), site, "goodbye")
    await _hears(await site.caller("01012345678"), site, "welcome")
    assert await _refused(await site.caller("+81312345678")) == 403
    await site.nothing_left()


async def test_closed_hours_at_a_turned_clock(site: Site) -> None:
    ask = site.client.ask
    await asyncio.to_thread(_flow, site, "night", "goodbye")
    office = {"weekly": {"mon": "09:00-18:00"}, "zone": "Asia/Shanghai", "holidays": ["CN"]}
    await asyncio.to_thread(ask, "PUT", f"/v1/hours/{TENANT}/office", office)
    number = {"hours": "office", "closed_to": "flow:night"}
    await asyncio.to_thread(ask, "PUT", f"/v1/numbers/{DIALLED}", number)
    caller = await site.caller("13800000001")
    for at, prompt in (
        ("2027-03-01T10:00+08:00", "welcome"),  # a Monday
        ("2027-03-01T23:00+08:00", "goodbye"),
        ("2027-10-04T10:00+08:00", "goodbye"),  # a Monday in the National Day week
    ):
        site.clock_offset = (datetime.fromisoformat(at) - datetime.now(UTC)).total_seconds()
        await site.kill_engine()
        await site.start_engine()
        await _hears(caller, site, prompt)
    await site.nothing_left()
