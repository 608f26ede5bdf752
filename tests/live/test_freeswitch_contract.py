"""Each rule of the port, kept by a real FreeSWITCH; skipped where there is none."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from callcenter.pbx import embedded
from callcenter.pbx.embedded import freeswitch
from callcenter.pbx.port import Dial, DialStatus, Transferred
from callcenter.settings import Settings, load
from tests.contract.every import Rule
from tests.contract.rig import until
from tests.contract.rules_lines import Dialling
from tests.contract.rules_talk import talking
from tests.live.asterisk_rig import SEATS, WORLD, SipCaller, SipSeat
from tests.live.freeswitch_rig import FreeswitchRig
from tests.wire.left_out import rules

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def fs_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load(home=tmp_path_factory.mktemp("fs"), pbx="freeswitch")


@pytest.fixture(scope="module")
def fs_state(fs_settings: Settings) -> Iterator[embedded.EmbeddedState]:
    if freeswitch.find(fs_settings) is None:
        pytest.skip("no FreeSWITCH on this machine (PATH or CALLCENTER_FREESWITCH)")
    freeswitch.write_config(fs_settings, SEATS, [WORLD])
    state = freeswitch.start(fs_settings, die_with_parent=True)
    yield state
    freeswitch.stop(fs_settings)


@pytest.fixture
async def fs_rig(
    fs_settings: Settings, fs_state: embedded.EmbeddedState, tmp_path: Path
) -> AsyncIterator[FreeswitchRig]:
    made = FreeswitchRig(fs_settings, fs_state, tmp_path)
    await made.engine_returns()
    yield made
    await made.close()


@pytest.mark.parametrize("story", rules({"rules_handed": "it is refused to the phone, see below"}))
async def test_rule(fs_rig: FreeswitchRig, story: Rule) -> None:
    await story(fs_rig)


async def test_who_is_not_in_a_talk_yet_is_not_joined(fs_rig: FreeswitchRig) -> None:
    """FreeSWITCH would park the caller outside our dialplan; the phone is refused and keeps it."""
    talk = await talking(fs_rig)
    assert isinstance(talk.seat, SipSeat)
    assert isinstance(talk.caller, SipCaller)
    phone, colleague = talk.seat.phone, await fs_rig.seat("1002")
    colleague.never_answers()
    await talk.seat.calls("1002")
    consulting = await fs_rig.next_call()
    await consulting.adopt("call-2")

    def notified() -> int:
        """How often of this talk; a lamp's NOTIFY is of none."""
        own = f"call {phone.incoming[-1].dialog.call_id[:8]}"
        return sum("NOTIFY sip:" in one.text and own in one.text for one in phone.wire.lines)

    async def is_refused(times: int) -> None:
        await talk.seat.joins()
        await until(lambda: notified() == times)
        assert talk.seat.is_talking

    second = Dialling(consulting, Dial(extension="1002", ring=timedelta(seconds=1)))
    await until(lambda: colleague.is_ringing)
    await is_refused(1)
    assert (await second.result()).status is DialStatus.NO_ANSWER
    await consulting.answer()
    await is_refused(2)
    phone.incoming[-1].play_tone(880.0)
    await talk.caller.call.hears_tone(880.0, within=3)
    assert not [one for one in fs_rig.events if isinstance(one, Transferred)]
    await talk.caller.hang_up()
