"""Each rule of the port, kept by the adapter on a real Asterisk with real SIP phones."""

import pytest

from tests.contract.every import RULES, Rule
from tests.live.asterisk_rig import AsteriskRig

pytestmark = [
    pytest.mark.live,
    pytest.mark.asterisk_only("FreeSWITCH keeps the same rules in test_freeswitch_contract"),
]


@pytest.mark.parametrize("story", RULES, ids=lambda story: story.__name__)
async def test_rule(rig: AsteriskRig, story: Rule) -> None:
    await story(rig)
