"""Who is at the other end of a connection: a user of this machine, or an address."""

import functools
import pwd
import socket
import struct
from asyncio import BaseTransport, TimerHandle, Transport
from dataclasses import dataclass

from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_CREDENTIALS = struct.Struct("3i")  # struct ucred of unix(7): process, user, group
PATIENCE_SECONDS = 10.0
"""For the first request of somebody who comes over the network."""
KEY = "callcenter.peer"
"""Where a request's scope has its :class:`Peer`."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """``user`` is "" unless file rights of the local socket let it in; ``name`` goes on record."""

    name: str
    user: str = ""


STRANGER = Peer(name="unknown")


class NamedProtocol(H11Protocol):
    """HTTP whose requests say who is connected."""

    _patience: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Look once, for all requests of the connection."""
        super().connection_made(transport)
        peer = peer_of(transport)
        self.app = _named(self.app, peer)
        if not peer.user:
            self._patience = self.loop.call_later(PATIENCE_SECONDS, self._hurry)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        super().connection_lost(exc)
        if self._patience is not None:
            self._patience.cancel()

    def _hurry(self) -> None:
        """Whoever has not even said what it wants only keeps a connection from others."""
        asked: object | None = self.cycle
        if asked is None:
            self.transport.close()


def _named(app: ASGI3Application, peer: Peer) -> ASGI3Application:
    async def naming(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        scope[KEY] = peer  # type: ignore[literal-required]
        await app(scope, receive, send)

    return naming


def peer_of(transport: BaseTransport) -> Peer:
    """Whoever is connected."""
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.family == socket.AF_UNIX:
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        user = _user(_CREDENTIALS.unpack(raw)[1])
        return Peer(name=f"local {user}", user=user)
    address = transport.get_extra_info("peername")
    return Peer(name=str(address[0])) if address else STRANGER


@functools.lru_cache(maxsize=64)
def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
