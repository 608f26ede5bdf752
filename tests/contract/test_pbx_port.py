"""Each rule of the port, kept by the fake. ``tests/live`` runs the same rules on Asterisk."""

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
from tests.contract.fake_rig import FakeRig
from tests.contract.rig import RULES, Rule

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


@pytest.mark.parametrize("story", RULES, ids=lambda story: story.__name__)
async def test_rule(rig: FakeRig, story: Rule) -> None:
    await story(rig)
