"""Lives a scenario through: callers, agents and time are ours, every decision is the production
dispatcher's, by its public methods."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from callcenter.acd import Dispatcher, Offer, Plan, QueuePlan, SeatPlan, Waiting
from callcenter.pbx.port import DeviceState
from callcenter.sim.clock import HeapClock
from callcenter.sim.erlang import theory_a, theory_c
from callcenter.sim.figures import mean_and_error
from callcenter.sim.model import Figures, Scenario, Theory

_BLOCK = 65536
_QUEUE = "simulated"


@dataclass
class _Book:
    """What became of each call, by its number: how long it waited, and whether it gave up."""

    wait: list[float] = field(default_factory=list)
    gave_up: bytearray = field(default_factory=bytearray)
    talked: float = 0.0


class _World:
    """Callers who arrive, wait, talk and give up; agents who always pick up at once."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.clock = HeapClock()
        self.book = _Book()
        self._random = np.random.default_rng(scenario.seed)
        self._talks = _draws(self._random, scenario.handle_time, scenario.talks)
        self._gaps = self._arrivals()
        self._patience = _draws(self._random, scenario.patience, ()) if scenario.patience else None
        self.dispatcher = Dispatcher(
            self.clock,
            lambda _event: None,
            explain=False,
            lot=random.Random(scenario.seed),  # noqa: S311 - a simulation
        )
        self._open()

    def run(self) -> None:
        self.clock.call_later(next(self._gaps), self._arrive)
        self.clock.run()

    def _open(self) -> None:
        scenario = self.scenario
        numbers = [f"s{number:05d}" for number in range(scenario.seats)]
        queue = QueuePlan(
            name=_QUEUE,
            tenant="",
            wrap_up=timedelta(seconds=scenario.wrap_up),
            strategy=scenario.strategy,
            seats=tuple((number, 1) for number in numbers),
        )
        seats = {n: SeatPlan(number=n, tenant="", name=n, pin_hash="") for n in numbers}
        self.dispatcher.configure(Plan(seats=seats, queues={_QUEUE: queue}))
        for number in numbers:
            self.dispatcher.phone_seen(number, DeviceState.IDLE)
            self.dispatcher.log_in(number, number, by="sim")

    def _arrive(self) -> None:
        book, clock, dispatcher = self.book, self.clock, self.dispatcher
        call = len(book.wait)
        book.wait.append(-1.0)
        book.gave_up.append(0)
        if call + 1 < self.scenario.calls:
            clock.call_later(next(self._gaps), self._arrive)
        arrived = clock.monotonic()

        def offered(offer: Offer) -> None:
            book.wait[call] = clock.monotonic() - arrived
            talk = next(self._talks)
            book.talked += talk
            dispatcher.answered(offer)
            clock.call_later(talk, lambda: dispatcher.talk_ended(offer))

        waiting = dispatcher.join(str(call), _QUEUE, clock.now(), offered)
        if self._patience is not None and not waiting.gone:
            clock.call_later(next(self._patience), lambda: self._give_up(waiting, call, arrived))

    def _give_up(self, waiting: Waiting, call: int, arrived: float) -> None:
        if not waiting.gone:
            self.dispatcher.leave(waiting)
            self.book.wait[call] = self.clock.monotonic() - arrived
            self.book.gave_up[call] = 1

    def _arrivals(self) -> Iterator[float]:
        real = self.scenario.arrivals
        if real:
            return iter(np.diff(np.array(real), prepend=min(real)).tolist())
        return _draws(self._random, 1.0 / self.scenario.arrival_rate, ())


def _draws(source: np.random.Generator, mean: float, given: tuple[float, ...]) -> Iterator[float]:
    """The given values, or exponential ones of this mean, without end."""
    yield from given
    while True:
        yield from source.exponential(mean, _BLOCK).tolist()


def simulate(scenario: Scenario) -> Figures:
    """Live it through and count (about 20 µs a call)."""
    began = time.perf_counter()
    world = _World(scenario)
    world.run()
    waits = np.array(world.book.wait)
    gave_up = np.frombuffer(world.book.gave_up, dtype=np.uint8).astype(bool)
    mean_wait, error = mean_and_error(waits)
    p_wait, p_error = mean_and_error((waits > 0).astype(np.float64))
    answered = waits[~gave_up]
    total = len(waits)
    return Figures(
        calls=total,
        mean_wait=mean_wait,
        p_wait=p_wait,
        p_wait_20s=float((answered <= 20.0).sum() / total) if total else 0.0,
        abandon_rate=float(gave_up.mean()) if total else 0.0,
        stderr_mean_wait=error,
        stderr_p_wait=p_error,
        wall_seconds=time.perf_counter() - began,
        mean_wait_answered=float(answered.mean()) if len(answered) else 0.0,
        occupancy=_occupancy(world),
        theory=_theory(scenario),
    )


def _occupancy(world: _World) -> float:
    scenario = world.scenario
    worked = world.book.talked + scenario.wrap_up * len(world.book.wait)
    span = world.clock.monotonic() * scenario.seats
    return min(1.0, worked / span) if span else 0.0


def _theory(scenario: Scenario) -> Theory | None:
    if scenario.arrivals:
        return None  # real arrivals keep to no formula
    handle = scenario.handle_time + scenario.wrap_up
    if scenario.patience:
        return theory_a(scenario.seats, scenario.arrival_rate, handle, scenario.patience)
    return theory_c(scenario.seats, scenario.arrival_rate, handle)
