"""One real Asterisk for all live tests of a run; it ends with them, however they end."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import embedded
from callcenter.pbx.embedded import freeswitch
from callcenter.settings import Settings, load
from tests.live.asterisk_rig import SEATS, WORLD, AsteriskRig
from tests.support.site import Site


@pytest.fixture(scope="session")
def pbx_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with a home of their own."""
    return load(home=tmp_path_factory.mktemp("home"), pbx="asterisk")


@pytest.fixture(scope="session")
def asterisk(pbx_settings: Settings) -> Iterator[embedded.EmbeddedState]:
    """A running Asterisk with the extensions 1001 and 1002 and the world at 127.0.0.3."""
    try:
        embedded.write_config(pbx_settings, SEATS, [WORLD])
        state = embedded.start(pbx_settings, die_with_parent=True)
    except PbxProblem as problem:
        pytest.fail(str(problem))
    yield state
    embedded.stop(pbx_settings)


@pytest.fixture
async def rig(
    pbx_settings: Settings, asterisk: embedded.EmbeddedState, tmp_path: Path
) -> AsyncIterator[AsteriskRig]:
    """Asterisk with an engine's side connected."""
    made = AsteriskRig(pbx_settings, asterisk, tmp_path)
    await made.engine_returns()
    yield made
    await made.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A running site, with an engine, of its own; everything of it ends with the test."""
    made = Site()
    if made.settings.pbx == "freeswitch" and freeswitch.find(made.settings) is None:
        pytest.skip("there is no FreeSWITCH on this machine (PATH, CALLCENTER_FREESWITCH)")
    try:
        await made.open()
        yield made
    finally:
        print(made.engine_says())  # shown when the test failed
        await made.close()
