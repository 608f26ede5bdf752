"""What the machine has left: processor, memory, disk. Read every few seconds, in no call's way."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psutil


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Shares in percent, sizes in bytes; ``engine_cpu`` is percent of one core."""

    cpu: float
    cores: int
    load: float
    memory: float
    memory_total: int
    disk: float
    disk_free: int
    engine_cpu: float
    engine_memory: int


class Machine:
    """Blocking, but quick: /proc and one statvfs."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._process: psutil.Process | None = None
        self._before = (0.0, 0.0)  # seconds of all cores: busy, all

    def sample(self) -> Sample:
        """How it is; shares of time are those since the sample before."""
        import psutil

        if self._process is None:
            self._process = psutil.Process()
            self._process.cpu_percent()  # the first has nothing to compare with
        memory, disk = psutil.virtual_memory(), psutil.disk_usage(str(self._home))
        return Sample(
            cpu=self._cpu(psutil.cpu_times()),
            cores=psutil.cpu_count() or 1,
            load=round(psutil.getloadavg()[0], 2),
            memory=memory.percent,
            memory_total=memory.total,
            disk=disk.percent,
            disk_free=disk.free,
            engine_cpu=self._process.cpu_percent(),
            engine_memory=self._process.memory_info().rss,
        )

    def _cpu(self, times: Any) -> float:
        """Percent of all cores since the sample before.

        Not psutil's own: that compares with the last time *this thread* asked, and samples are
        taken by whichever thread is free.
        """
        whole = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        busy = whole - times.idle - getattr(times, "iowait", 0.0)
        before, self._before = self._before, (busy, whole)
        passed = whole - before[1]
        return round(100 * max(0.0, busy - before[0]) / passed, 1) if passed > 0 else 0.0
