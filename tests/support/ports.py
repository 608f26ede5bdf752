"""Ports to listen on that no connection of ours is given by chance as its own end."""

import random
import socket


def port_below() -> int:
    """A free port of loopback below those that systems give to outgoing connections.

    And above the blocks of embedded PBXs (``pbx/embedded/ports.py``).
    """
    for _ in range(200):
        port = random.randint(32_000, 32_767)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port on loopback")
