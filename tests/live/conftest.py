"""One real PBX, that of the settings, for all live tests of a run; it ends with them, however."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import embedded
from callcenter.settings import Settings, load
from tests.live.asterisk_rig import SEATS, WORLD, AsteriskRig
from tests.support.site import Site, skip_without_pbx

_LONG = (
    *("demo", "prompts", "day", "people", "queue_callback", "voices", "flows", "engine_away"),
    *("lines", "supervision", "supervision_any", "recordings", "queue_floor", "queue_voices"),
)
"""Modules whose tests take longest; they come first, so that none is left alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first; and what is about Asterisk itself is not asked of a FreeSWITCH."""
    places = {f"test_{name}.py": place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))
    if load().pbx == "asterisk":
        return
    for item in items:
        for marker in item.iter_markers("asterisk_only"):
            item.add_marker(pytest.mark.skip(reason=f"on Asterisk only: {marker.args[0]}"))


@pytest.fixture(scope="session")
def pbx_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with a home of their own."""
    return load(home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def pbx(pbx_settings: Settings) -> Iterator[embedded.EmbeddedState]:
    """A running PBX with the extensions 1001, 1002 and 1003 and the world at 127.0.0.3."""
    skip_without_pbx(pbx_settings)
    try:
        embedded.write_config(pbx_settings, SEATS, [WORLD])
        state = embedded.start(pbx_settings, die_with_parent=True)
    except PbxProblem as problem:
        pytest.fail(str(problem))
    yield state
    embedded.stop(pbx_settings)


@pytest.fixture
async def rig(
    pbx_settings: Settings, pbx: embedded.EmbeddedState, tmp_path: Path
) -> AsyncIterator[AsteriskRig]:
    """The PBX with an engine's side connected."""
    kind = AsteriskRig
    if pbx_settings.pbx == "freeswitch":
        from tests.live.freeswitch_rig import FreeswitchRig as kind  # noqa: N813 - it is heavy
    made = kind(pbx_settings, pbx, tmp_path)
    await made.engine_returns()
    yield made
    await made.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A running site, with an engine, of its own; everything of it ends with the test."""
    made = Site()
    try:
        await made.open()
        yield made
    finally:
        print(made.engine_says())  # shown when the test failed
        await made.close()
