"""Scenario tests: the whole engine on the fake PBX, on turned time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.kernel.turned import TurnedLoop
from tests.support.world import World


def pytest_asyncio_loop_factories() -> dict[str, type[TurnedLoop]]:
    """Every test of this folder runs on turned time."""
    return {"turned": TurnedLoop}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running engine with two seats, one number, one menu, one queue."""
    made = World(tmp_path)
    await made.start()
    yield made
    await made.stop()
