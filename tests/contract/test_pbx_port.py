"""Each rule of the port, kept by the fake. ``tests/live`` runs the same rules on Asterisk."""

import pytest

from tests.contract.every import RULES, Rule
from tests.contract.fake_rig import FakeRig


@pytest.mark.parametrize("story", RULES, ids=lambda story: story.__name__)
async def test_rule(rig: FakeRig, story: Rule) -> None:
    await story(rig)
