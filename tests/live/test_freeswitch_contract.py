"""Each rule of the port, kept by a real FreeSWITCH; skipped where there is none."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from callcenter.pbx import embedded
from callcenter.pbx.embedded import freeswitch
from callcenter.settings import Settings, load
from tests.contract.every import RULES, Rule
from tests.live.asterisk_rig import SEATS, WORLD
from tests.live.freeswitch_rig import FreeswitchRig

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


@pytest.mark.parametrize("story", RULES, ids=lambda story: story.__name__)
async def test_rule(fs_rig: FreeswitchRig, story: Rule) -> None:
    await story(fs_rig)
