"""The engine beside a PBX that it neither starts nor configures, named in the settings."""

import pytest

from callcenter.pbx import embedded
from tests.support.site import DIALLED, Site

pytestmark = pytest.mark.live


def own(site: Site) -> dict[str, str]:
    """The running PBX as a stranger's."""
    if site.settings.pbx == "freeswitch":
        return {
            "CALLCENTER_OWN_FREESWITCH__EVENT_PORT": str(site.pbx.ami_port),
            "CALLCENTER_OWN_FREESWITCH__EVENT_PASSWORD": site.pbx.ami_secret,
            "CALLCENTER_OWN_FREESWITCH__CALL_PORT": str(site.pbx.fastagi_port),
            "CALLCENTER_OWN_FREESWITCH__CALL_KEY": site.pbx.fastagi_key,
        }
    return {
        "CALLCENTER_ASTERISK__AMI_PORT": str(site.pbx.ami_port),
        "CALLCENTER_ASTERISK__AMI_USER": site.pbx.ami_user,
        "CALLCENTER_ASTERISK__AMI_SECRET": site.pbx.ami_secret,
        "CALLCENTER_ASTERISK__FASTAGI_PORT": str(site.pbx.fastagi_port),
        "CALLCENTER_ASTERISK__FASTAGI_KEY": site.pbx.fastagi_key,
    }


async def test_it_serves_calls_and_is_left_running(site: Site) -> None:
    await site.kill_engine()
    site.variables = own(site)
    await site.start_engine()
    agent = await site.agent("1001")
    call = await (await site.caller("13800000001")).dial(DIALLED)
    await call.hears(site.prompt("welcome"), within=8)
    await call.press("1")
    ringing = await agent.rings(within=10)
    await ringing.answer()
    call.play_tone(440)
    await ringing.hears_tone(440, within=3)
    await call.hang_up()
    assert (await site.cdr_of("13800000001"))["result"] == "answered"
    site.client.reload()
    assert "phones register" not in site.engine_says().rpartition("The engine is up")[2][:60]
    assert embedded.running(site.settings) == site.pbx
