"""Runs one coroutine on turned time, for tests that are not async themselves."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from callcenter.kernel.turned import TurnedLoop

T = TypeVar("T")


def turned(work: Coroutine[Any, Any, T]) -> T:
    """Waits in it take no time."""
    with asyncio.Runner(loop_factory=TurnedLoop) as runner:
        return runner.run(work)
