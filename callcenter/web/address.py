"""Where the engine is, as a client sees it: a socket of this machine, or a URL and a token."""

import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from callcenter.kernel.errors import BadSettings, EngineAway
from callcenter.web.door import check_length
from callcenter.web.tcp import is_loopback

_AWAY = "No engine is running; start it with `callcenter up`."


@dataclass(frozen=True, kw_only=True)
class Address:
    """``url`` "" is the socket. A ``token`` goes with every request, at either of them.

    ``authority`` is a PEM file with the certificate that the engine's is signed with, or its own.
    """

    socket: Path
    url: str = ""
    token: str = field(default="", repr=False)
    authority: Path | None = None

    @classmethod
    def of(cls, where: "Path | Address") -> "Address":
        """An address, or that of a socket."""
        return where if isinstance(where, Address) else cls(socket=where)

    def check(self) -> None:
        """Make sure that it can be asked, and that no stranger reads the token on its way.

        Raises:
            BadSettings: what is wrong.
        """
        if not self.url:
            check_length(self.socket)
            return
        url = urlsplit(self.url)
        if url.scheme not in ("http", "https") or not url.hostname or url.path.strip("/"):
            raise BadSettings(
                f"{self.url!r} is no address of an engine; write one like https://host:8443."
            )
        if not self.token:
            raise BadSettings(
                "An engine is asked over TCP with a token; set CALLCENTER_TOKEN to one that "
                "`callcenter token create` has made there."
            )
        if url.scheme == "http" and not is_loopback(url.hostname):
            raise BadSettings(
                f"A token is not sent to {url.hostname} in the clear; use https:// there."
            )

    def require_reached(self) -> None:
        """Tell what is wrong before httpx tries: its transport leaks a socket it cannot connect.

        Raises:
            EngineAway: nobody answers on the socket.
        """
        if self.url:
            return
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(self.socket))
            except PermissionError:
                raise EngineAway(
                    f"The engine's socket {self.socket} belongs to another user; ask as that user."
                ) from None
            except TimeoutError:
                raise EngineAway("The engine does not take requests; see its log.") from None
            except OSError:
                raise EngineAway(_AWAY) from None

    def away(self, error: httpx.ConnectError) -> EngineAway:
        """Why it cannot be reached, as a sentence."""
        if not self.url:
            return EngineAway(_AWAY)
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return EngineAway(
                f"The certificate of {self.url} is not trusted; set CALLCENTER_ENGINE_AUTHORITY to "
                "the file it is signed with."
            )
        return EngineAway(f"No engine answers at {self.url}; see that it runs and listens there.")

    def client(self, timeout: float) -> httpx.Client:
        """For requests that block."""
        if self.url:
            return httpx.Client(verify=self._verify(), **self._options(timeout))
        transport = httpx.HTTPTransport(uds=str(self.socket), verify=False)
        return httpx.Client(transport=transport, **self._options(timeout))

    def async_client(self, timeout: httpx.Timeout) -> httpx.AsyncClient:
        """For an event loop."""
        if self.url:
            return httpx.AsyncClient(verify=self._verify(), **self._options(timeout))
        transport = httpx.AsyncHTTPTransport(uds=str(self.socket), verify=False)
        return httpx.AsyncClient(transport=transport, **self._options(timeout))

    def _options(self, timeout: float | httpx.Timeout) -> dict[str, Any]:
        return {
            "base_url": self.url or "http://engine",
            "timeout": timeout,
            "trust_env": False,  # no proxy or password file has a say here
            "headers": {"Authorization": f"Bearer {self.token}"} if self.token else {},
        }

    def _verify(self) -> ssl.SSLContext | bool:
        if self.authority is None:
            return True
        try:
            return ssl.create_default_context(cafile=self.authority)
        except (OSError, ssl.SSLError):
            raise BadSettings(
                f"The file {self.authority} (setting 'engine_authority') is no certificate."
            ) from None
