"""The simulator, that is the production dispatcher, against theory; its clock; its errors.

The full size, a million calls each, is ``tests/bench/sim.py``.
"""

import asyncio

import numpy as np
import pytest

from callcenter.acd import StrategyName
from callcenter.sim import Figures, Scenario, simulate
from callcenter.sim.clock import HeapClock
from callcenter.sim.figures import mean_and_error


def _agrees(figures: Figures, share: float) -> None:
    theory = figures.theory
    assert theory is not None
    assert theory.p_wait is not None
    assert theory.mean_wait is not None
    near = max(share * theory.p_wait, 3 * figures.stderr_p_wait)
    assert abs(figures.p_wait - theory.p_wait) <= near
    near = max(share * theory.mean_wait, 3 * figures.stderr_mean_wait)
    assert abs(figures.mean_wait - theory.mean_wait) <= near


@pytest.mark.parametrize(("seats", "load"), [(1, 0.7), (5, 0.9), (20, 0.7), (100, 0.9)])
def test_erlang_c(seats: int, load: float) -> None:
    scenario = Scenario(
        seats=seats, arrival_rate=seats * load / 100, handle_time=100, calls=30_000, seed=seats
    )
    _agrees(simulate(scenario), 0.02)


@pytest.mark.parametrize("strategy", list(StrategyName))
def test_the_strategy_does_not_change_how_long_callers_wait(strategy: StrategyName) -> None:
    """Seats are equal here, so whoever is chosen, callers wait the same."""
    scenario = Scenario(seats=5, arrival_rate=0.04, handle_time=100, calls=8_000, strategy=strategy)
    _agrees(simulate(scenario), 0.02)


@pytest.mark.parametrize("rate", [0.09, 0.2])
def test_erlang_a_also_with_more_work_than_seats(rate: float) -> None:
    scenario = Scenario(seats=10, arrival_rate=rate, handle_time=100, calls=30_000, patience=80.0)
    figures = simulate(scenario)
    _agrees(figures, 0.03)
    assert figures.theory is not None
    assert figures.abandon_rate == pytest.approx(figures.theory.abandon_rate, rel=0.05)


def test_wrap_up_counts_as_work() -> None:
    figures = simulate(
        Scenario(seats=3, arrival_rate=0.02, handle_time=60, wrap_up=60.0, calls=20_000)
    )
    assert figures.occupancy == pytest.approx(0.8, abs=0.03)


def test_real_arrivals() -> None:
    figures = simulate(
        Scenario(
            seats=1,
            arrival_rate=1.0,
            handle_time=1.0,
            calls=3,
            arrivals=(100.0, 110.0, 300.0),
            talks=(30.0, 5.0, 5.0),
        )
    )
    assert (figures.calls, figures.theory) == (3, None)
    assert figures.mean_wait == pytest.approx(20 / 3)
    assert figures.p_wait == pytest.approx(1 / 3)


def test_the_same_seed_gives_the_same_day() -> None:
    scenario = Scenario(seats=3, arrival_rate=0.02, handle_time=100, calls=2000, patience=60.0)
    one, two = simulate(scenario), simulate(scenario)
    assert (one.mean_wait, one.abandon_rate) == (two.mean_wait, two.abandon_rate)


def test_errors_know_that_neighbours_wait_together() -> None:
    lot = np.random.default_rng(1)
    errors, naive = [], []
    for _ in range(30):
        alike = np.repeat(lot.normal(size=400), 100)
        errors.append(mean_and_error(alike)[1])
        naive.append(alike.std() / np.sqrt(len(alike)))
    assert np.mean(errors) == pytest.approx(1 / np.sqrt(400), rel=0.1)
    assert np.mean(errors) > 5 * np.mean(naive)


def test_the_clock_makes_calls_in_order_and_forgets_cancelled_ones() -> None:
    clock, made = HeapClock(), []
    clock.call_later(2, lambda: made.append("b"))
    clock.call_later(1, lambda: made.append("a"))
    clock.call_later(1.5, lambda: made.append("never")).cancel()
    clock.call_later(2, lambda: made.append("c"))
    clock.run(until=5)
    assert made == ["a", "b", "c"]
    assert clock.monotonic() == 5
    with pytest.raises(NotImplementedError):
        asyncio.run(clock.sleep(1))
