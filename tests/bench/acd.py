"""What one decision of the dispatcher costs, with many seats, callers and queues.

Two kinds are timed, each as a whole, explanation and telling included: a seat hangs up and is given
the first of all who wait; a caller joins and is given the best of all free seats. Each seat serves
five queues (or all, if there are fewer), a third of the seats in a second tier; a tenth of the
callers needs a skill that half of the seats have.
"""

import argparse
import json
import random
import time
from collections import deque
from datetime import timedelta

from callcenter.acd import Dispatcher, Offer, Plan, QueuePlan, SeatPlan, Skill
from callcenter.pbx.port import DeviceState
from callcenter.sim.clock import HeapClock

SIZES = (  # seats, waiting, queues: the one asked for, then each axis alone
    (2_000, 1_000, 200),
    (100, 1_000, 20),
    (1_000, 1_000, 20),
    (10_000, 1_000, 20),
    (1_000, 100, 20),
    (1_000, 10_000, 20),
    (1_000, 50_000, 20),
    (10_000, 50_000, 200),
)
_EACH = 5
_NEED = (Skill(name="ja", level=2),)


class Floor:
    """Seats that talk, callers who wait."""

    def __init__(self, seats: int, waiting: int, queues: int) -> None:
        self.lot = random.Random(seats + waiting + queues)
        self.clock = HeapClock()
        self.dispatcher = Dispatcher(self.clock, lambda _event: None)
        self.talks: deque[Offer] = deque()
        self.names = [f"q{number}" for number in range(queues)]
        self.calls = 0
        numbers = [f"s{number}" for number in range(seats)]
        self.dispatcher.configure(self._plan(numbers))
        for number in numbers:
            self.dispatcher.phone_seen(number, DeviceState.IDLE)
            self.dispatcher.log_in(number, number, by="bench")
        while len(self.talks) < seats:  # any skill, any queue: until all seats talk
            self.join(self.names[self.calls % queues], ())
        for _ in range(waiting):
            self.comes()
        self.lot.shuffle(self.talks)

    def _plan(self, numbers: list[str]) -> Plan:
        queues = len(self.names)
        members: dict[str, list[tuple[str, int]]] = {name: [] for name in self.names}
        for at, number in enumerate(numbers):
            for step in range(min(_EACH, queues)):
                name = self.names[(at + step * 7) % queues]
                members[name].append((number, 2 if at % 3 == 0 else 1))
        return Plan(
            seats={
                n: SeatPlan(
                    number=n,
                    tenant="t",
                    name=n,
                    pin_hash="",
                    skills=_NEED if at % 2 else (),
                )
                for at, n in enumerate(numbers)
            },
            queues={
                name: QueuePlan(
                    name=name,
                    tenant="t",
                    wrap_up=timedelta(0),
                    seats=tuple(dict(members[name]).items()),
                )
                for name in self.names
            },
        )

    def _offered(self, offer: Offer) -> None:
        self.dispatcher.answered(offer)
        self.talks.append(offer)

    def join(self, queue: str, skills: tuple[Skill, ...]) -> None:
        self.calls += 1
        self.dispatcher.join(
            f"c{self.calls}", queue, self.clock.now(), self._offered, skills=skills
        )

    def comes(self) -> None:
        """One more caller, any queue, a tenth with a need."""
        self.clock.run(self.clock.monotonic() + 0.01)
        self.join(self.lot.choice(self.names), _NEED if self.lot.random() < 0.1 else ())

    def hangs_up(self) -> None:
        """The talk that has lasted longest ends."""
        self.dispatcher.talk_ended(self.talks.popleft())


def measure(seats: int, waiting: int, queues: int, decisions: int) -> dict[str, float]:
    """Time decisions in a room of this size, the number of waiting callers kept."""
    floor, spent = Floor(seats, waiting, queues), []
    for _ in range(decisions):
        floor.comes()
        began = time.perf_counter()
        floor.hangs_up()
        spent.append(time.perf_counter() - began)
    floor = Floor(seats, 0, queues)
    for _ in range(seats // 2):
        floor.hangs_up()
    for _ in range(decisions):
        floor.clock.run(floor.clock.monotonic() + 0.01)
        name = floor.lot.choice(floor.names)
        need = _NEED if floor.lot.random() < 0.1 else ()
        began = time.perf_counter()
        floor.join(name, need)
        spent.append(time.perf_counter() - began)
        floor.hangs_up()
    spent.sort()
    return {
        "seats": seats,
        "waiting": waiting,
        "queues": queues,
        "p50_ms": round(spent[len(spent) // 2] * 1000, 4),
        "p99_ms": round(spent[len(spent) * 99 // 100] * 1000, 4),
        "decisions_per_second": round(len(spent) / sum(spent)),
    }


def main(arguments: list[str] | None = None) -> int:
    """Print a row for each size; 1 when the size asked for is too slow."""
    parser = argparse.ArgumentParser(prog="scripts/bench acd", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print a list of rows as JSON")
    parser.add_argument("--decisions", type=int, default=5000, help="of each kind and size")
    given = parser.parse_args(arguments)
    rows = []
    for size in SIZES:
        rows.append(measure(*size, given.decisions))
        if not given.json:
            print("  ".join(f"{name} {value:,}" for name, value in rows[-1].items()), flush=True)
    if given.json:
        print(json.dumps(rows, indent=2))
    return 0 if rows[0]["p99_ms"] < 1.0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
