"""V1, V2: a supervisor at a third phone, by command over the API; tones measured at each phone."""

import asyncio
import time
from typing import Any

import pytest

from callcenter.kernel.errors import CallCenterError
from tests.contract.rig import until
from tests.support.command import Command
from tests.support.phone import Call, Phone
from tests.support.site import DIALLED, Site

pytestmark = pytest.mark.live
CALLER, AGENT, CHIEF, SPARE = 600.0, 1000.0, 1700.0, 2300.0  # hertz
SENT = -15.0  # dBFS
HEARD, NOT_HEARD = SENT - 10, SENT - 40


async def ask(site: Site, path: str, **body: Any) -> Any:
    """An act, by the API."""
    return await asyncio.to_thread(site.client.ask, "POST", f"/v1/{path}", body)


async def refused(site: Site, path: str, **body: Any) -> str:
    """The code of the refusal."""
    with pytest.raises(CallCenterError) as told:
        await ask(site, path, **body)
    assert str(told.value).endswith("."), "one sentence"
    return told.value.code


async def hears(listener: Call, wanted: set[float], silent: set[float], within: float = 3) -> None:
    """Wait until half a second has exactly these tones at their levels."""

    def so() -> bool:
        levels = {tone: listener.heard.level(tone, last=0.5) for tone in wanted | silent}
        return all(levels[tone] > HEARD for tone in wanted) and all(
            levels[tone] < NOT_HEARD for tone in silent
        )

    try:
        await until(so, within)
    except TimeoutError:
        got = {tone: round(listener.heard.level(tone, last=0.5)) for tone in wanted | silent}
        pytest.fail(f"wanted {wanted}, not {silent}; heard {got}")


async def at_work(site: Site, seat: str) -> Phone:
    """A phone whose seat is logged in, without the feature code's words."""
    phone = await site.phone(seat)
    await asyncio.to_thread(site.client.log_in, seat, seat)
    await site.seat_is(seat, state="idle")
    return phone


async def talk(site: Site, agent: Phone, number: str = "13800000001") -> tuple[str, Call, Call]:
    """A caller and the agent, joined, each with a tone: the call's name, and both phones."""
    caller = await site.caller(number)
    call = await caller.dial(DIALLED)
    await call.hears(site.prompt("welcome"), within=8)
    await call.press("1")
    ringing = await agent.rings(within=15)
    await ringing.answer()
    call.play_tone(CALLER, dbfs=SENT)
    ringing.play_tone(AGENT, dbfs=SENT)
    row = await site.call_is(number, state="talking")
    return row["call"], call, ringing


async def listens(site: Site, call: str, chief: Phone, mode: str, who: str) -> Call:
    """The chief's phone is rung by command, and picked up."""
    run = Command(home=site.home, extra={})
    asked = asyncio.create_task(asyncio.to_thread(run, "call", mode, call, "--as", who))
    ringing = await chief.rings(within=8)
    await ringing.answer()
    ringing.play_tone(CHIEF, dbfs=SENT)
    ended = await asked
    assert ended.status == 0, ended.err
    assert ended.out.splitlines()[0] == f"{who} listens to {call}: {mode}."
    return ringing


async def test_who_hears_whom_and_what_becomes_of_the_supervisor(site: Site) -> None:
    agent, chief = await at_work(site, "1001"), await at_work(site, "1002")
    await ask(site, "seats/1002/force", status="busy", reason="meeting")
    call, caller, at_agent = await talk(site, agent)
    listening = await listens(site, call, chief, "monitor", "1002")
    await site.seat_is("1002", state="engaged", call=call)
    for mode, to_agent, to_caller in (
        ("monitor", False, False),
        ("whisper", True, False),
        ("barge", True, True),
        ("monitor", False, False),
    ):
        await ask(site, f"calls/{call}/mode", mode=mode)
        await asyncio.sleep(0.7)  # half a second of the mode before
        await hears(listening, {CALLER, AGENT}, {CHIEF})
        await hears(
            at_agent,
            {CALLER} | ({CHIEF} if to_agent else set()),
            {CHIEF} if not to_agent else set(),
        )
        await hears(
            caller, {AGENT} | ({CHIEF} if to_caller else set()), {CHIEF} if not to_caller else set()
        )
    # the supervisor's phone drops: the talk goes on
    await listening.hang_up()
    await site.seat_is("1002", state="idle")
    await hears(caller, {AGENT}, {CHIEF})
    # again where the law wants it told; then the call ends: freed within a second
    tenant = {"announce_listening": "both"}
    await asyncio.to_thread(site.client.ask, "PUT", "/v1/tenants/demo", tenant)
    caller.silence()
    at_agent.silence()
    listening = await listens(site, call, chief, "whisper", "1002")
    for told in (caller, at_agent):
        await told.hears(site.prompt("listening-announced"), within=1)
    began = time.monotonic()
    await caller.hang_up()
    await listening.ended(within=5)
    assert time.monotonic() - began < 1
    await site.seat_is("1002", state="idle", status="busy")
    cdr = await site.cdr_of("13800000001")
    assert (cdr["result"], cdr["ended_by"]) == ("answered", "caller")
    refused_now = await asyncio.to_thread(
        Command(home=site.home, extra={}), "call", "monitor", call, "--as", "1002"
    )
    assert refused_now.status == 1
    assert refused_now.sentence == f"There is no running call {call}; it has ended."
    await site.nothing_left()


async def test_calls_are_ended_sent_on_taken_over_and_picked_up(site: Site) -> None:
    agent, chief = await at_work(site, "1001"), await at_work(site, "1002")
    await ask(site, "seats/1002/force", status="busy", reason="meeting")
    call, caller, at_agent = await talk(site, agent)
    # taken over by who listens: one call, the agent left goes to wrap-up, the caller hears sound
    listening = await listens(site, call, chief, "monitor", "1002")
    began = asyncio.get_running_loop().time()
    await ask(site, f"calls/{call}/takeover", seat="1002")
    ringing = await chief.rings(within=5)
    assert not listening.alive
    await site.seat_is("1001", state="wrap_up", within=5)
    await at_agent.ended(within=5)
    await ringing.answer()
    ringing.play_tone(CHIEF, dbfs=SENT)
    await hears(caller, {CHIEF}, {AGENT})
    assert not caller.heard.silence_gaps(0.4, since=began)  # as long as MixMonitor takes to end
    # forced transfer back to the agent, once out of wrap-up
    await site.seat_is("1001", state="idle", within=8)
    assert await refused(site, f"calls/{call}/transfer", to="seat:1002") == "seat_taken"
    await ask(site, f"calls/{call}/transfer", to="seat:1001")
    again = await agent.rings(within=5)
    await again.answer()
    again.play_tone(AGENT, dbfs=SENT)
    await hears(caller, {AGENT}, {CHIEF})
    await asyncio.sleep(1.0)
    # forced hang-up: all legs gone within a second, the record says by whom
    began = asyncio.get_running_loop().time()
    hanging_up = asyncio.create_task(asyncio.to_thread(site.client.hang_up, call))
    for phone in (caller, again):
        await phone.ended(within=3)
        assert phone.when("ended") - began < 1
    await hanging_up
    cdr = await site.cdr_of("13800000001")
    assert (cdr["ended_by"], bool(cdr["ended_by_name"])) == ("supervisor", True)
    assert [leg["seat"] for leg in cdr["legs"][1:]] == ["1001", "1002", "1001"]
    assert [leg["ended_by"] for leg in cdr["legs"][1:]] == ["transfer", "transfer", "supervisor"]
    assert cdr["recording_seconds"] > 2
    assert await refused(site, f"calls/{call}/listen", mode="monitor", who="1002") == "call_ended"
    # picked up while it rings elsewhere, by a seat on a break
    await site.seat_is("1001", state="idle", within=8)
    second = await site.caller("13800000002")
    waiting = await second.dial(DIALLED)
    await waiting.hears(site.prompt("welcome"), within=8)
    await waiting.press("1")
    elsewhere = await agent.rings(within=15)
    row = await site.call_is("13800000002", state="ringing")
    call = row["call"]
    assert await refused(site, f"calls/{call}/listen", mode="barge", who="1002") == "not_talking"
    await ask(site, f"calls/{call}/pickup", seat="1002")
    await elsewhere.ended(within=5)
    ringing = await chief.rings(within=5)
    await ringing.answer()
    ringing.play_tone(CHIEF, dbfs=SENT)
    await hears(waiting, {CHIEF}, set())
    # two more join, and all hear all; the call has one agent and one record as before
    waiting.play_tone(CALLER, dbfs=SENT - 5)
    spare = await site.phone("1003")
    await site.seat_is("1001", state="idle")
    joining = asyncio.create_task(ask(site, f"calls/{call}/conference", guests=["1001", "1003"]))
    guests = [await agent.rings(within=5), await spare.rings(within=5)]
    for guest, tone in zip(guests, (AGENT, SPARE), strict=True):
        await guest.answer()
        guest.play_tone(tone, dbfs=SENT - 5)
    await joining
    ringing.play_tone(CHIEF, dbfs=SENT - 5)
    everybody = {CALLER: waiting, CHIEF: ringing, AGENT: guests[0], SPARE: guests[1]}
    await asyncio.sleep(0.5)
    for tone, phone in everybody.items():
        await hears(phone, set(everybody) - {tone}, {tone})
    await site.seat_is("1001", state="engaged", call=call)
    await waiting.hang_up()
    for phone in (ringing, *guests):
        await phone.ended(within=5)
    await site.seat_is("1001", state="idle")
    cdr = await site.cdr_of("13800000002")
    assert [leg["seat"] for leg in cdr["legs"][1:]] == ["1001", "1002"]
    await site.nothing_left()
