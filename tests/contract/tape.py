"""What a recording holds, however the PBX has written it."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np

from callcenter.pbx.port import record_files
from tests.contract.rig import until

Samples = np.ndarray[Any, np.dtype[np.int16]]
_HEADER = 44


async def finished(path: Path) -> None:
    """Wait until there is a recording that is closed."""
    await until(lambda: all(file.exists() for file in record_files(path)), 3)
    await asyncio.sleep(0.3)


def sides(path: Path) -> tuple[Samples, Samples]:
    """What the caller said and what it heard."""
    files = record_files(path)
    for file in files:
        assert file.read_bytes()[:4] == b"RIFF"
    channels = 2 // len(files)
    data = [np.frombuffer(file.read_bytes()[_HEADER:], dtype="<i2") for file in files]
    split = [one[at::channels] for one in data for at in range(channels)]
    return split[0], split[1]
