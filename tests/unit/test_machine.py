"""The machine as the board shows it: shares are of the time since the sample before."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from callcenter.services.machine import Machine


class Times(NamedTuple):
    """Seconds of all cores, as Linux counts them: a guest's are the user's too."""

    user: float
    system: float
    idle: float
    iowait: float
    guest: float
    guest_nice: float


def test_a_share_is_of_the_time_since_the_sample_before_whatever_thread_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(
        (Times(10, 10, 80, 0, 5, 0), Times(13, 11, 84, 2, 6, 0), Times(13, 11, 94, 2, 6, 0))
    )
    monkeypatch.setattr(psutil, "cpu_times", lambda: next(seconds))
    machine = Machine(tmp_path)
    shares = []
    for _ in range(3):
        with ThreadPoolExecutor(1) as apart:  # each in a thread of its own
            shares.append(apart.submit(machine.sample).result().cpu)
    assert shares == [20.0, 40.0, 0.0]


def test_the_rest_is_of_this_machine(tmp_path: Path) -> None:
    sample = Machine(tmp_path).sample()
    assert sample.memory_total > 1 << 28
    assert 0 < sample.memory < 100
    assert 0 < sample.disk <= 100
    assert sample.engine_memory > 1 << 20
    assert sample.cores >= 1
