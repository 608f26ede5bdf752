"""The whole way, over real SIP: register, log in, dial, menu, wait, ring, talk, hang up, CDR."""

import pytest

from tests.support.site import DIALLED, Site

pytestmark = pytest.mark.live


async def test_caller_and_seat_talk(site: Site) -> None:
    agent = await site.agent("1001")
    caller = await site.caller("13800000001")
    call = await caller.dial(DIALLED)
    await call.hears(site.prompt("welcome"), within=8)
    await call.press("1")
    await call.hears(site.prompt("please-wait"), within=8)
    ringing = await agent.rings(within=10)
    await call.hears_sound(within=5)
    await ringing.answer()
    call.play_tone(440)
    ringing.play_tone(880)
    await ringing.hears_tone(440, within=3, lasting=0.8)
    await call.hears_tone(880, within=3)
    assert (await site.seat_is("1001", state="talking"))["call"]
    await call.hang_up()
    await ringing.ended(within=5)
    await site.seat_is("1001", state="wrap_up")
    await site.seat_is("1001", state="idle")
    cdr = await site.cdr_of("13800000001")
    assert cdr["result"] == "answered"
    assert cdr["seat"] == "1001"
    assert cdr["ended_by"] == "caller"
    assert [leg["kind"] for leg in cdr["legs"]] == ["caller", "seat"]
    assert cdr["recording_seconds"] > 0.3
    assert cdr["caller_rms"] > -40
    assert cdr["seat_rms"] > -40
    assert (site.settings.recordings / cdr["recording"]).is_file()
    await site.nothing_left()
