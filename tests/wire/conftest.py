"""The contract of the port on wires: adapters speak TCP with PBXs in memory."""

import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.quick import QuickLoop
from tests.wire.freeswitch_rig import FreeswitchWireRig

_SECONDS = {"welcome": 0.8, "menu-main": 2.0, "goodbye": 0.4, "apology": 0.4}


def pytest_asyncio_loop_factories() -> dict[str, type[QuickLoop]]:
    """Every test of this folder waits a part of its time only."""
    return {"quick": QuickLoop}


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files as long as prompts may be: who plays one is kept so long."""
    folder = tmp_path_factory.mktemp("prompts")
    for language in ("en", "zh", "ja"):
        (folder / language).mkdir()
        for name, seconds in _SECONDS.items():
            with wave.open(str(folder / language / f"{name}.wav"), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", ""))
                file.writeframes(bytes(int(seconds * 16_000)))
    return folder


@pytest.fixture
async def fs_rig(tmp_path: Path, prompts: Path) -> AsyncIterator[FreeswitchWireRig]:
    """A FreeSWITCH in memory with an engine's side connected."""
    made = FreeswitchWireRig(tmp_path, prompts)
    await made.switch.start()
    await made.engine_returns()
    yield made
    await made.close()
