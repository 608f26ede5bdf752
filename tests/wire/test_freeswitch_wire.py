"""Each rule of the port, kept by the FreeSWITCH adapter on its wire; no FreeSWITCH is needed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.every import Rule
from tests.wire.freeswitch_rig import FreeswitchWireRig
from tests.wire.left_out import FREESWITCH, rules
from tests.wire.telling import keeps


@pytest.fixture
async def fs_rig(tmp_path: Path, prompts: Path) -> AsyncIterator[FreeswitchWireRig]:
    made = FreeswitchWireRig(tmp_path, prompts)
    await made.switch.start()
    await made.engine_returns()
    yield made
    await made.close()


@pytest.mark.parametrize("story", rules(FREESWITCH))
async def test_rule(fs_rig: FreeswitchWireRig, story: Rule) -> None:
    await keeps(fs_rig, story)
