"""V1, V2: a supervisor at a third phone, by command over the API; tones measured at each phone."""

import asyncio
import time
from typing import Any

import pytest

from callcenter.kernel.errors import CallCenterError
from tests.contract.rig import until
from tests.support.phone import Call, Phone
from tests.support.site import DIALLED, Site

pytestmark = pytest.mark.live
CALLER, AGENT, CHIEF = 600.0, 1000.0, 1700.0  # hertz
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
    asked = asyncio.create_task(ask(site, f"calls/{call}/listen", mode=mode, who=who))
    ringing = await chief.rings(within=5)
    await ringing.answer()
    ringing.play_tone(CHIEF, dbfs=SENT)
    row = await asked
    assert (row["mode"], row["ringing"]) == (mode, False)
    return ringing


async def test_who_hears_whom_and_what_becomes_of_the_supervisor(site: Site) -> None:
    agent, chief = await site.agent("1001"), await site.agent("1002")
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
    # again, then the call ends: freed within a second
    listening = await listens(site, call, chief, "whisper", "1002")
    began = time.monotonic()
    await caller.hang_up()
    await listening.ended(within=1)
    assert time.monotonic() - began < 1
    await site.seat_is("1002", state="idle", status="busy")
    cdr = await site.cdr_of("13800000001")
    assert (cdr["result"], cdr["ended_by"]) == ("answered", "caller")
    await site.nothing_left()
