"""Each rule of the port, kept by the adapter on a real Asterisk with real SIP phones."""

import pytest

from tests.contract import (
    rules_call,
    rules_dial,
    rules_health,
    rules_lamp,
    rules_lines,
    rules_message,
    rules_node,
    rules_pickup,
    rules_record,
    rules_talk,
    rules_whisper,
)
from tests.contract.rig import RULES, Rule
from tests.live.asterisk_rig import AsteriskRig

assert rules_call, (
    rules_dial,
    rules_health,
    rules_lamp,
    rules_lines,
    rules_message,
    rules_node,
    rules_pickup,
    rules_record,
    rules_talk,
    rules_whisper,
)  # fill the list

pytestmark = pytest.mark.live


@pytest.mark.parametrize("story", RULES, ids=lambda story: story.__name__)
async def test_rule(rig: AsteriskRig, story: Rule) -> None:
    await story(rig)
