"""Q3: the expected wait that is announced is believed because it comes true."""

import math
import random
from datetime import timedelta

import pytest

from callcenter.acd import Estimate, Offer, Waiting
from callcenter.acd.estimates import Pace, _quantile
from callcenter.ivr.say import wait_minutes
from tests.support.floor import Floor

DAY = 24 * 3600


class Day(Floor):
    """A day of two shared queues: load swells and ebbs, shifts come and go, talks lengthen."""

    def __init__(self, seed: int, patience: float) -> None:
        super().__init__()
        self.lot = random.Random(seed)
        self.patience = patience
        self.numbers = [str(n) for n in range(30)]
        self.seats(*self.numbers)
        wrap_up = timedelta(seconds=15)
        self.queue("q", *self.numbers, wrap_up=wrap_up)
        self.queue("r", *self.numbers[:12], wrap_up=wrap_up)
        self.log_in(*self.numbers[:10])
        self.announced: list[tuple[Waiting, Estimate, float]] = []
        self.hits = self.spoken_hits = self.served = self.unknown = 0
        self.came = 0
        for hour in range(24):
            self.clock.call_later(hour * 3600, lambda hour=hour: self._shift(hour))  # type: ignore[misc]
        self._next_caller()

    def live(self) -> float:
        """To the end; the share of callers served inside what they were told."""
        self.clock.run(DAY)
        return self.hits / self.served

    def _load(self) -> float:
        """Calls per second: two humps, over and under what the seats can do."""
        hour = self.clock.monotonic() / 3600
        return (
            0.03
            + 0.09 * math.exp(-(((hour - 10) / 2.5) ** 2))
            + 0.07 * math.exp(-(((hour - 16) / 2) ** 2))
        )

    def _shift(self, hour: int) -> None:
        wanted = 10 if hour < 8 or hour >= 19 else 26 if hour < 14 else 22
        for at, number in enumerate(self.numbers):
            if at < wanted:
                self.dispatcher.log_in(number, number, by="shift") if not self.dispatcher.seat(
                    number
                ).logged_in else None
            elif self.dispatcher.seat(number).logged_in:
                self.dispatcher.log_out(number, by="shift")

    def _next_caller(self) -> None:
        self.clock.call_later(self.lot.expovariate(self._load()), self._comes)

    def _comes(self) -> None:
        self._next_caller()
        self.came += 1
        call = f"c{self.came}"
        came_at = self.clock.monotonic()
        told: list[Estimate] = []

        def offered(offer: Offer) -> None:
            self.clock.call_later(self.lot.uniform(2, 8), lambda: picked_up(offer))

        def picked_up(offer: Offer) -> None:
            if self.dispatcher.answered(offer):
                if told:
                    self.served += 1
                    wait = self.clock.monotonic() - came_at
                    self.hits += told[0].low <= wait <= told[0].high
                    low, high = wait_minutes(told[0].low, told[0].high)
                    self.spoken_hits += 60 * low <= wait <= 60 * max(1, high)
                talk = self.lot.lognormvariate(4.9 + 0.3 * (came_at > 13 * 3600), 0.7)
                self.clock.call_later(talk, lambda: self.dispatcher.talk_ended(offer))

        queue = "q" if self.lot.random() < 0.7 else "r"
        waiting = self.dispatcher.join(call, queue, self.clock.now(), offered)
        if waiting.offer is None:
            estimate = self.dispatcher.estimate(waiting)
            if estimate is None:
                self.unknown += 1
            else:
                told.append(estimate)
        self.clock.call_later(
            self.lot.expovariate(1 / self.patience), lambda: self.dispatcher.leave(waiting)
        )


@pytest.mark.parametrize(("seed", "patience"), [(1, 900), (2, 300), (3, 20_000)])
def test_the_announced_interval_holds_for_85_of_100_callers_in_a_changing_day(
    seed: int, patience: float
) -> None:
    day = Day(seed, patience)
    share = day.live()
    print(f"{share:.1%} of {day.served} inside; {day.unknown} were told nothing; {day.came} came")
    assert day.served > 300
    assert day.unknown < 20
    assert share >= 0.85
    assert day.spoken_hits >= day.hits, "what is spoken is in whole minutes around it"


def test_nothing_is_said_while_nothing_is_known() -> None:
    assert Pace().estimate(3, 5) is None
    pace = Pace()
    pace.freed(100)
    assert pace.estimate(3, 0) is None
    found = pace.estimate(0, 5)
    assert found is not None
    assert found.mean == pytest.approx(20)


def test_more_calls_ahead_make_the_interval_longer_and_relatively_narrower() -> None:
    pace = Pace()
    for number in range(100):
        pace.answered(number * 10.0, 5, 10)
    near, far = pace.estimate(0, 10), pace.estimate(30, 10)
    assert near is not None
    assert far is not None
    assert near.low < near.mean < near.high < far.high
    assert far.mean == pytest.approx(310)
    assert far.high / far.low < near.high / max(near.low, 1)


@pytest.mark.parametrize(("shape", "q05", "q95"), [(1, 0.0513, 2.996), (5, 0.394, 1.831)])
def test_quantiles_are_near_the_tables(shape: float, q05: float, q95: float) -> None:
    assert _quantile(shape, -1.645) == pytest.approx(q05, abs=0.02)
    assert _quantile(shape, 1.645) == pytest.approx(q95, abs=0.03)
