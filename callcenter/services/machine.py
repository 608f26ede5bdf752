"""What the machine has left: processor, memory, disk. Read every few seconds, in no call's way."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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

    def sample(self) -> Sample:
        """How it is; shares of time are those since the sample before."""
        import psutil

        if self._process is None:
            self._process = psutil.Process()
            psutil.cpu_percent()  # the first has nothing to compare with
            self._process.cpu_percent()
        memory, disk = psutil.virtual_memory(), psutil.disk_usage(str(self._home))
        return Sample(
            cpu=psutil.cpu_percent(),
            cores=psutil.cpu_count() or 1,
            load=round(psutil.getloadavg()[0], 2),
            memory=memory.percent,
            memory_total=memory.total,
            disk=disk.percent,
            disk_free=disk.free,
            engine_cpu=self._process.cpu_percent(),
            engine_memory=self._process.memory_info().rss,
        )
