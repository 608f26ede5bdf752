"""The contract of the port, on the fake PBX and turned time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.kernel.turned import TurnedLoop
from tests.contract.fake_rig import FakeRig


def pytest_asyncio_loop_factories() -> dict[str, type[TurnedLoop]]:
    """Every test of this folder runs on turned time."""
    return {"turned": TurnedLoop}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[FakeRig]:
    """The fake with an engine's side connected."""
    made = FakeRig(tmp_path)
    await made.engine_returns()
    yield made
    await made.close()
