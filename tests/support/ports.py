"""Ports to listen on that nobody else is given by chance, nor a connection of ours as its own end.

Each process that asks has a block of its own, below the blocks of embedded PBXs
(``pbx/embedded/ports.py``) and those that systems give to outgoing connections. A socket name that
vanishes with the process stands for the block.
"""

import random
import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle

_FIRST, _LAST, _BLOCK = 3_000, 10_000, 100


def port_below() -> int:
    """A free port of loopback."""
    for _ in range(_BLOCK):
        port = next(_ports())
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"none of {_BLOCK} ports is free")


@cache
def _ports() -> Iterator[int]:
    blocks = list(range(_FIRST, _LAST, _BLOCK))
    random.shuffle(blocks)
    for base in blocks:
        name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            name.bind(f"\0callcenter-test-{base}")
        except OSError:
            name.close()
            continue
        name.detach()  # open as long as the process lives
        return cycle(range(base, base + _BLOCK))
    raise RuntimeError("no block of ports is free")
