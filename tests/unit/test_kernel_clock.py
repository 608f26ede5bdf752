"""The clock and the loop with turned time: hours pass at once, and in the right order."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.kernel.clock import LoopClock
from callcenter.kernel.turned import Stalled
from tests.support.turned import turned

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_a_year_of_waiting_takes_no_time() -> None:
    async def story() -> float:
        clock = LoopClock(START)
        await clock.sleep(365 * 86400)
        assert clock.now() == START + timedelta(days=365)
        return clock.monotonic()

    began = time.monotonic()
    assert turned(story()) == pytest.approx(365 * 86400)
    assert time.monotonic() - began < 5


def test_timers_fire_in_order_and_at_their_moment() -> None:
    async def story() -> list[tuple[str, float]]:
        clock, seen = LoopClock(START), []
        for name, after in (("late", 30.0), ("early", 0.1), ("middle", 3.0)):
            clock.call_later(after, lambda name=name: seen.append((name, clock.monotonic())))
        clock.call_later(5, lambda: seen.append(("never", 0))).cancel()
        await clock.sleep(60)
        return seen

    assert turned(story()) == [
        ("early", pytest.approx(0.1)),
        ("middle", pytest.approx(3.0)),
        ("late", pytest.approx(30.0)),
    ]


def test_what_is_ready_goes_before_time_moves() -> None:
    async def story() -> list[str]:
        seen: list[str] = []

        async def count(name: str, steps: int) -> None:
            for _ in range(steps):
                await asyncio.sleep(0)
            seen.append(name)

        busy = asyncio.create_task(count("a thousand steps", 1000))
        async with asyncio.timeout(0.001):
            await busy
        return seen

    assert turned(story()) == ["a thousand steps"]


def test_timeouts_and_waits_follow_the_turned_time() -> None:
    async def story() -> float:
        clock = LoopClock(START)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.Event().wait()
        return clock.monotonic()

    assert turned(story()) == pytest.approx(3600)


def test_work_for_threads_is_done_at_once_and_its_errors_come_back() -> None:
    async def story() -> tuple[int, float]:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)
        return await asyncio.to_thread(max, 1, 2), asyncio.get_running_loop().time()

    assert turned(story()) == (2, 0.0)


def test_waiting_for_what_never_comes_is_told_instead_of_hanging() -> None:
    async def story() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Stalled):
        turned(story())


async def test_on_a_plain_loop_the_clock_is_the_machines() -> None:
    clock = LoopClock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().tzinfo is UTC
    before = clock.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() - before >= 0.009


async def test_monotonic_can_be_read_in_another_thread() -> None:
    clock = LoopClock()
    assert await asyncio.to_thread(clock.monotonic) >= 0
    assert await asyncio.to_thread(clock.now) <= clock.now()


async def _ticks() -> AsyncIterator[float]:
    while True:
        await asyncio.sleep(1)
        yield asyncio.get_running_loop().time()


def test_a_day_of_seconds_adds_up() -> None:
    async def story() -> float:
        count = 0
        async for now in _ticks():
            count += 1
            if count == 86_400:
                return now
        raise AssertionError

    assert turned(story()) == pytest.approx(86_400, abs=1e-3)
