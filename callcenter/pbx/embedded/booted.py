"""Waits for Asterisk's own word that it is ready: AMI's event ``FullyBooted`` after a login."""

import contextlib
import socket
import time
from collections.abc import Callable

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded.model import EmbeddedState

_RETRY_SECONDS = 0.05  # there is no event for "the port is open now"


def wait_booted(state: EmbeddedState, deadline: float, alive: Callable[[], bool]) -> None:
    """Return once Asterisk says ``FullyBooted``.

    Raises:
        PbxProblem: its process ended, the login was refused, or ``deadline`` (monotonic) passed.
    """
    while alive():
        if time.monotonic() > deadline:
            raise PbxProblem("Asterisk did not become ready in time.")
        with contextlib.suppress(ConnectionError, TimeoutError):
            with socket.create_connection(("127.0.0.1", state.ami_port), timeout=1) as link:
                _log_in_and_wait(link, state, deadline)
            return
        time.sleep(_RETRY_SECONDS)
    raise PbxProblem("Asterisk ended while it was starting.")


def _log_in_and_wait(link: socket.socket, state: EmbeddedState, deadline: float) -> None:
    link.sendall(
        f"Action: Login\r\nUsername: {state.ami_user}\r\nSecret: {state.ami_secret}\r\n"
        "Events: system\r\n\r\n".encode()
    )
    heard = b""
    while b"FullyBooted" not in heard:
        if b"Response: Error" in heard:
            raise PbxProblem(f"The program on AMI port {state.ami_port} refused our login.")
        link.settimeout(max(0.01, deadline - time.monotonic()))
        part = link.recv(4096)
        if not part:
            raise ConnectionResetError
        heard += part
    link.sendall(b"Action: Logoff\r\n\r\n")
