"""The other door: REST over TCP, for those who are not on this machine; tokens are required there.

Off unless the setting ``http`` names an address. Addresses that others can reach need TLS.
"""

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callcenter.kernel.errors import BadSettings

_BACKLOG = 256
MOST_CONNECTIONS = 500
"""More are answered 503: strangers must not use up the engine's files."""


@dataclass(frozen=True, kw_only=True)
class TcpDoor:
    """Where to listen; with ``certificate`` (PEM, with the chain) and ``key`` over TLS."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    @classmethod
    def of(cls, address: str, certificate: Path | None, key: Path | None) -> "TcpDoor | None":
        """As the settings say; ``None`` when it is off.

        Raises:
            BadSettings: it is no address, or one that needs a certificate.
        """
        if not address:
            return None
        host, colon, port = address.rpartition(":")
        if not colon or not host or not port.isdigit() or int(port) > 65_535:
            raise BadSettings(
                f"Setting 'http' is {address!r}; write an address and a port like 127.0.0.1:8080."
            )
        door = cls(host=host.strip("[]"), port=int(port), certificate=certificate, key=key)
        if bool(certificate) is not bool(key):
            raise BadSettings("Set both 'http_certificate' and 'http_key', or none of them.")
        if certificate is None and not is_loopback(door.host):
            raise BadSettings(
                f"Setting 'http' is {address!r}, which others can reach: set 'http_certificate' "
                "and 'http_key', or use 127.0.0.1."
            )
        return door

    def listen(self) -> socket.socket:
        """Bind and listen.

        Raises:
            BadSettings: somebody else does, or it is no address of this machine.
        """
        try:
            [family, kind, _, _, where] = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            door = socket.socket(family, kind)
        except OSError as error:
            raise self._unusable(error) from None
        try:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind(where)
            door.listen(_BACKLOG)
            door.setblocking(False)
        except OSError as error:
            door.close()
            raise self._unusable(error) from None
        return door

    def tls(self) -> dict[str, Any]:
        """What uvicorn has to know of it.

        Raises:
            BadSettings: certificate and key cannot be used.
        """
        if self.certificate is None or self.key is None:
            return {}
        try:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.certificate, self.key, password="")
        except (OSError, ssl.SSLError) as error:
            why = error.strerror or getattr(error, "reason", "") or str(error)
            raise BadSettings(
                f"The certificate {self.certificate} and key {self.key} cannot be used: {why}."
            ) from None
        return {"ssl_certfile": self.certificate, "ssl_keyfile": self.key}

    def _unusable(self, error: OSError) -> BadSettings:
        return BadSettings(
            f"The engine cannot listen on {self.host} port {self.port}: {error.strerror}; change "
            "the setting 'http'."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
