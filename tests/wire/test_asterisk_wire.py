"""Each rule of the port, kept by the Asterisk adapter on its two wires; no Asterisk is needed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.every import Rule
from tests.wire.asterisk_rig import AsteriskWireRig
from tests.wire.left_out import ASTERISK, rules
from tests.wire.telling import keeps


@pytest.fixture
async def rig(tmp_path: Path, prompts: Path) -> AsyncIterator[AsteriskWireRig]:
    made = AsteriskWireRig(tmp_path, prompts)
    await made.switch.start()
    await made.engine_returns()
    yield made
    await made.close()


@pytest.mark.parametrize("story", rules(ASTERISK))
async def test_rule(rig: AsteriskWireRig, story: Rule) -> None:
    await keeps(rig, story)
