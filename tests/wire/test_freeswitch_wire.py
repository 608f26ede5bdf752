"""Each rule of the port, kept by the FreeSWITCH adapter on its wire; no FreeSWITCH is needed."""

import pytest

from tests.contract.every import Rule
from tests.wire.freeswitch_rig import FreeswitchWireRig
from tests.wire.left_out import FREESWITCH, rules
from tests.wire.telling import keeps


@pytest.mark.parametrize("story", rules(FREESWITCH))
async def test_rule(fs_rig: FreeswitchWireRig, story: Rule) -> None:
    await keeps(fs_rig, story)
