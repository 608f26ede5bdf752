"""A block of ports for one embedded PBX, so that several can run on one machine.

The SIP port is the first of its block: while Asterisk holds it, nobody else takes the block. From
the choice until then a claim stands for it, a socket name that vanishes with our process.
"""

import contextlib
import os
import secrets
import socket

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded.model import EmbeddedState

BLOCK = 1000
_FIRST, _LAST = 10_000, 32_000  # above well-known services, below ports lent to outgoing traffic
_claims: dict[int, int] = {}  # open file descriptors by block
_RTP = 10  # offset of the first RTP port in the block; even, as RTP wants it


def new_state() -> EmbeddedState:
    """Choose a free block at random and fresh secrets; the block stays claimed until released."""
    blocks = list(range(_FIRST, _LAST, BLOCK))
    secrets.SystemRandom().shuffle(blocks)
    for base in blocks:
        if claim(base):
            return EmbeddedState(
                sip_port=base,
                ami_port=base + 1,
                ami_user="callcenter",
                ami_secret=secrets.token_hex(24),
                fastagi_port=base + 2,
                fastagi_key=secrets.token_hex(16),
                rtp_start=base + _RTP,
                rtp_end=base + BLOCK - 1,
            )
    raise PbxProblem(
        f"No {BLOCK} free ports in a row between {_FIRST} and {_LAST} on 127.0.0.1: "
        "stop a PBX that is no longer needed ('callcenter pbx stop') and try again."
    )


def claim(base: int) -> bool:
    """Take the block if it is free and nobody else is about to use it."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0callcenter-pbx-{base}")  # abstract: no file, gone with the process
    except OSError:
        name.close()
        return False
    _claims[base] = name.detach()
    if is_free(base):
        return True
    release(base)
    return False


def release(base: int) -> None:
    """Asterisk holds the block itself now, or it is not needed; harmless when not claimed."""
    if base in _claims:
        os.close(_claims.pop(base))


def is_free(base: int) -> bool:
    """Whether every port of the block can be bound on loopback."""
    try:
        for port in (base + 1, base + 2):
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(("127.0.0.1", port))
        for port in range(base, base + BLOCK):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def bound(port: int, kind: socket.SocketKind) -> bool:
    """Whether somebody holds this loopback port."""
    with contextlib.closing(socket.socket(socket.AF_INET, kind)) as probe:
        if kind is socket.SOCK_STREAM:  # connections that just ended do not count, listeners do
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False
