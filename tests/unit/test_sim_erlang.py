"""Erlang's formulas against published values and against themselves done another way."""

from math import factorial, fsum

import pytest

from callcenter.sim.erlang import erlang_b, erlang_c, theory_a, theory_c


@pytest.mark.parametrize(
    ("load", "seats", "blocked"),
    [  # the usual Erlang B table: traffic that a group carries at this loss
        (0.0101, 1, 0.01),
        (1.0, 1, 0.5),
        (1.3608, 5, 0.01),
        (4.4612, 10, 0.01),
        (12.0306, 20, 0.01),
        (37.9014, 50, 0.01),
        (84.0642, 100, 0.01),
    ],
)
def test_erlang_b_is_the_table(load: float, seats: int, blocked: float) -> None:
    assert erlang_b(seats, load) == pytest.approx(blocked, rel=0.01)


def _by_the_book(seats: int, load: float) -> float:
    last = load**seats / factorial(seats) * seats / (seats - load)
    return last / (fsum(load**k / factorial(k) for k in range(seats)) + last)


@pytest.mark.parametrize("seats", [1, 2, 5, 20, 100])
@pytest.mark.parametrize("share", [0.1, 0.7, 0.9, 0.99])
def test_erlang_c_is_the_textbook_sum(seats: int, share: float) -> None:
    assert erlang_c(seats, share * seats) == pytest.approx(_by_the_book(seats, share * seats))


def test_a_published_call_center() -> None:
    """360 calls in half an hour of 240 s each (48 erlang) with 55 agents: 23.9 % wait, mean wait
    8.2 s, 84.6 % within 15 s (the worked example of the usual Erlang C tutorials)."""
    found = theory_c(55, 360 / 1800, 240, within=15)
    assert found.p_wait == pytest.approx(0.239, abs=0.001)
    assert found.mean_wait == pytest.approx(8.2, abs=0.1)
    assert found.p_wait_20s is not None
    assert found.p_wait_20s == pytest.approx(0.846, abs=0.003)


def test_thousands_of_seats_are_no_trouble() -> None:
    assert 0.0 < erlang_c(1000, 990.0) < 1.0
    assert erlang_c(10_000, 9_900.0) == pytest.approx(0.2228, abs=0.0001)
    assert erlang_b(1000, 1.0) == 0.0
    assert theory_a(1000, 100.0, 10.0, 60.0).p_wait == pytest.approx(0.5, abs=0.3)
    assert theory_a(1000, 500.0, 10.0, 60.0).abandon_rate == pytest.approx(0.8, abs=1e-3)


def test_more_work_than_seats_has_no_answer() -> None:
    assert erlang_c(3, 3.0) == 1.0
    assert theory_c(3, 1.0, 4.0).mean_wait is None


@pytest.mark.parametrize(("seats", "rate"), [(1, 0.5), (5, 0.9), (50, 9.0), (50, 12.0)])
def test_erlang_a_solves_its_balance_equations(seats: int, rate: float) -> None:
    handle, patience = 5.0, 20.0
    weights = [1.0]
    for state in range(1, 600):
        down = min(state, seats) / handle + max(0, state - seats) / patience
        weights.append(weights[-1] * rate / down)
    total = fsum(weights)
    waiting = fsum(w * max(0, n - seats) for n, w in enumerate(weights)) / total
    found = theory_a(seats, rate, handle, patience)
    assert found.mean_wait == pytest.approx(waiting / rate)
    assert found.p_wait == pytest.approx(fsum(weights[seats:]) / total)
    assert found.abandon_rate == pytest.approx(waiting / patience / rate)


def test_endless_patience_is_erlang_c() -> None:
    c, a = theory_c(5, 0.8, 5.0), theory_a(5, 0.8, 5.0, 1e9)
    assert a.mean_wait == pytest.approx(c.mean_wait, rel=1e-4)
