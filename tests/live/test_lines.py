"""Lines behind a real trunk, colour rings on the wire, members and last agents by real keys."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from callcenter.demo.seed import TENANT, TRUNK_ADDRESS
from callcenter.ivr import Flow, publish
from callcenter.kernel.database import open_database
from callcenter.lines import Line, LineGroup, LineKind, Order, save_group
from callcenter.members import Member, hash_pin, save_member
from callcenter.numbers import (
    Destination,
    HostedNumber,
    Trunk,
    save_number,
    save_trunk,
)
from tests.support.exchange import Exchange, free_port
from tests.support.phone import answer_after, never, reject
from tests.support.site import Site

pytestmark = pytest.mark.live
NUMBER = "4008009999"
FIRST, SECOND, THIRD = "2025550111", "2025550122", "2025550133"


def outside(number: str, ring: float = 3.0, calls: int = 1) -> Line:
    ringing = timedelta(seconds=ring)
    return Line(
        name=f"to-{number[-2:]}", kind=LineKind.OUTSIDE, number=number, ring=ringing, calls=calls
    )


async def world_of(
    site: Site,
    *lines: Line,
    order: Order = Order.ORDERED,
    to: str = "lines:office",
    flow: dict[str, Any] | None = None,
    colour_ring: str = "",
    member: Member | None = None,
) -> Exchange:
    """The number leads to these lines (or a flow); the exchange has their telephones."""
    port = free_port()

    def write() -> None:
        database = open_database(site.settings.database_url)
        with database.begin() as connection:
            contact = f"{TRUNK_ADDRESS}:{port}"
            save_trunk(connection, Trunk(name="world", match=TRUNK_ADDRESS, contact=contact))
            save_group(
                connection,
                LineGroup(
                    name="office", tenant=TENANT, order=order, lines=lines, colour_ring=colour_ring
                ),
            )
            if flow is not None:
                publish(connection, Flow.model_validate({"name": "people", **flow}))
            if member is not None:
                save_member(connection, member)
            save_number(
                connection,
                HostedNumber(number=NUMBER, tenant=TENANT, destination=Destination.parse(to)),
            )
        database.dispose()

    await asyncio.to_thread(write)
    await asyncio.to_thread(site.client.reload)
    exchange = await Exchange.open(port, ("127.0.0.1", site.pbx.sip_port))
    site._phones.append(exchange.phone)
    return exchange


def legs(cdr: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(leg["kind"], leg["endpoint"], leg["outcome"]) for leg in cdr["legs"][1:]]


async def test_busy_then_no_answer_then_answer(site: Site) -> None:
    exchange = await world_of(site, outside(FIRST), outside(SECOND, 2.0), outside(THIRD, 10))
    exchange.behaviours = {FIRST: reject(486), SECOND: never, THIRD: answer_after(0.5, tone=880)}
    caller = await site.caller("13800000001")
    call = caller.invite(NUMBER)
    await call.answered(within=15)
    await call.hears_tone(880, within=5)
    [talk] = exchange.calls(THIRD)
    call.play_tone(440)
    await talk.hears_tone(440, within=3, lasting=0.5)
    assert talk.caller == "13800000001"
    assert [len(exchange.calls(number)) for number in (FIRST, SECOND, THIRD)] == [1, 1, 1]
    assert call.when("200") > exchange.calls(SECOND)[0].when("cancelled")
    await talk.hang_up()
    await call.ended(within=5)
    cdr = await site.cdr_of("13800000001")
    assert cdr["result"] == "answered"
    assert legs(cdr) == [
        ("line", FIRST, "rejected"),
        ("line", SECOND, "no_answer"),
        ("line", THIRD, "answered"),
    ]
    assert cdr["talk_seconds"] == pytest.approx(talk.when("ended") - talk.when("200"), abs=0.3)
    assert cdr["recording_seconds"] == pytest.approx(cdr["talk_seconds"], abs=0.5)
    await site.nothing_left()


async def test_a_group_of_two_takes_two_calls(site: Site) -> None:
    exchange = await world_of(site, outside(FIRST, 10, calls=2), outside(SECOND, 10))
    exchange.behaviours = dict.fromkeys((FIRST, SECOND), answer_after(0.1))
    calls = []
    for number in ("13800000001", "13800000002", "13800000003"):
        call = (await site.caller(number)).invite(NUMBER)
        await call.answered(within=10)
        calls.append(call)
    assert [len(exchange.calls(number)) for number in (FIRST, SECOND)] == [2, 1]
    fourth = (await site.caller("13800000004")).invite(NUMBER)
    await fourth.hears(site.prompt("all-seats-busy"), within=10)
    for call in (*calls, fourth):
        await call.hang_up()
    await site.nothing_left()


async def test_a_trunk_that_moves_is_dialled_where_it_is(site: Site) -> None:
    before = await world_of(site, outside(FIRST, 10, calls=2))
    before.behaviours = {FIRST: answer_after(0.1)}
    caller = await site.caller("13800000001")
    call = caller.invite(NUMBER)
    await call.answered(within=10)
    moved = await world_of(site, outside(FIRST, 10, calls=2))
    moved.behaviours = {FIRST: answer_after(0.1, tone=880)}
    again = caller.invite(NUMBER)
    await again.hears_tone(880, within=10)
    assert [len(before.calls(FIRST)), len(moved.calls(FIRST))] == [1, 1]
    assert call.alive  # the talk over the old way goes on
    await call.hang_up()
    await again.hang_up()
    await site.nothing_left()


async def test_all_ring_and_the_first_to_answer_has_the_call(site: Site) -> None:
    exchange = await world_of(site, outside(FIRST, 15), outside(SECOND, 15), order=Order.ALL)
    exchange.behaviours = {FIRST: never, SECOND: answer_after(1.5, tone=880)}
    call = (await site.caller("13800000001")).invite(NUMBER)
    await call.answered(within=10)
    await call.hears_tone(880, within=5)
    await exchange.calls(FIRST)[0].ended(within=3)
    await call.hang_up()
    cdr = await site.cdr_of("13800000001")
    assert legs(cdr) == [("line", FIRST, "withdrawn"), ("line", SECOND, "answered")]
    await site.nothing_left()


async def test_the_colour_ring_is_early_media_and_no_answer(site: Site) -> None:
    exchange = await world_of(site, outside(FIRST, 20), colour_ring="en/welcome")
    call = (await site.caller("13800000001")).invite(NUMBER)
    await call.hears(site.prompt("welcome"), within=10)
    assert 183 in call.provisional
    assert not call.answered_200
    [ringing] = exchange.calls(FIRST)
    await ringing.answer()
    await call.answered(within=3)
    assert call.when("200") > call.when("183") + 1.0
    ringing.play_tone(880)
    await call.hears_tone(880, within=5)
    await call.hang_up()
    cdr = await site.cdr_of("13800000001")
    assert cdr["answered_at"] > cdr["started_at"]
    await site.nothing_left()


async def test_a_talk_on_a_line_outlives_kill_9(site: Site) -> None:
    exchange = await world_of(site, outside(FIRST, 10), outside(SECOND, 10))
    exchange.behaviours = {FIRST: answer_after(0.2, tone=880)}
    call = (await site.caller("13800000001")).invite(NUMBER)
    await call.answered(within=10)
    await call.hears_tone(880, within=5)
    [talk] = exchange.calls(FIRST)
    call.play_tone(440)
    await talk.hears_tone(440, within=3, lasting=0.5)
    since = asyncio.get_running_loop().time()
    await site.kill_engine()
    await talk.hears_tone(440, within=5, lasting=2.0)
    # What the line's phone itself said late (a busy machine) is nobody's gap.
    assert not call.heard.silence_gaps(0.1 + talk.longest_pause(since), since=since)
    await site.start_engine()
    await site.call_is("13800000001", state="talking")
    await talk.hang_up()
    await call.ended(within=8)
    cdr = await site.cdr_of("13800000001")
    assert cdr["result"] == "answered"
    assert legs(cdr) == [("line", FIRST, "answered")]
    assert cdr["talk_seconds"] == pytest.approx(talk.when("ended") - talk.when("200"), abs=0.3)
    assert exchange.calls(SECOND) == []
    await site.nothing_left()


CLUB: dict[str, Any] = {
    "start": "card",
    "nodes": {
        "card": {"kind": "member", "next": "ok", "locked": "locked", "otherwise": "bye"},
        "ok": {"kind": "hangup", "prompts": ["please-wait"]},
        "locked": {"kind": "hangup", "prompts": ["pin-locked"]},
        "bye": {"kind": "hangup", "prompts": ["goodbye"]},
    },
}


async def test_member_pin_right_wrong_and_locked(site: Site) -> None:
    card = Member(tenant=TENANT, number="77", pin_hash=await asyncio.to_thread(hash_pin, "1234"))
    await world_of(site, to="flow:people", flow=CLUB, member=card)
    call = await (await site.caller("13800000001")).dial(NUMBER)
    await call.hears_sound(within=5)
    await call.press("77#")
    await call.press("1234#")
    await call.hears(site.prompt("please-wait"), within=10)
    await call.ended(within=10)
    call = await (await site.caller("13800000002")).dial(NUMBER)
    for pin in ("1111#", "2222#", "3333#"):
        await call.hears(site.prompt("member-number"), within=10)
        await call.press("77#")
        await call.press(pin)
    await call.hears(site.prompt("pin-locked"), within=25)
    await call.ended(within=10)
    [row] = site.client.ask("GET", f"/v1/members?tenant={TENANT}")
    assert row["locked"]
    call = await (await site.caller("13800000003")).dial(NUMBER)
    await call.hears_sound(within=5)
    await call.press("77#")
    await call.press("1234#")
    await call.hears(site.prompt("pin-locked"), within=15)
    await call.hang_up()
    await site.nothing_left()


AGAIN: dict[str, Any] = {
    "start": "again",
    "nodes": {
        "again": {"kind": "last-agent", "next": "bye", "otherwise": "sales"},
        "sales": {"kind": "queue", "queue": "sales", "next": "bye"},
        "bye": {"kind": "hangup", "prompts": ["goodbye"]},
    },
}


async def test_the_last_agent_is_asked_for_and_offered(site: Site) -> None:
    await world_of(site, to="flow:people", flow=AGAIN)
    grace = await site.agent("1002")
    caller = await site.caller("13800000001")
    call = await caller.dial(NUMBER)
    ringing = await grace.rings()
    await ringing.answer()
    await call.hang_up()
    await site.cdr_of("13800000001")
    await site.seat_is("1002", state="idle", within=10)
    ada = await site.agent("1001")
    call = await caller.dial(NUMBER)
    await call.hears(site.prompt("last-agent"), within=8)
    await call.press("1")
    ringing = await grace.rings()
    ringing.play_tone(880)
    await ringing.answer()
    await call.hears_tone(880, within=5)
    assert ada.incoming == []
    await call.hang_up()
    await site.nothing_left()
