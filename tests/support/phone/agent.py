"""The user agent under a phone: its address, its account, and requests answered to the end.

Above it :mod:`phone` and the calls, below it the transactions.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from tests.support.phone import digest, sip
from tests.support.phone.transactions import Address, Server, Transactions
from tests.support.phone.wire import WireLog

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, NOTIFY, INFO, UPDATE, REFER"


class PhoneRefused(Exception):
    """The other side refused; ``status`` is 408 when it did not respond at all."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status, self.reason = status, reason


@dataclass(kw_only=True)
class Dialog:
    """Both ends of a conversation, seen from ours (RFC 3261 section 12)."""

    call_id: str
    local: str  # From of our requests, with our tag
    remote: str  # To of our requests, with their tag once they have one
    target: str  # URI that our requests go to
    routes: list[str] = field(default_factory=list)
    number: int = 0

    def next_hop(self) -> Address:
        return sip.host_of(sip.uri_of(self.routes[0]) if self.routes else self.target)


class Agent:
    """One SIP account on one UDP port."""

    def __init__(
        self,
        *,
        ip: str,
        port: int,
        server: Address | None,
        user: str,
        password: str | None,
        on_request: Callable[[Server], None],
    ) -> None:
        self.user, self.password, self.server = user, password, server
        self.log = WireLog(f"{user}@{ip}")
        self.layer = Transactions(ip, port, self.log, on_request)
        self.ip, self.port = ip, self.layer.udp.port
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def contact(self) -> str:
        return f"<{sip.uri(self.user, self.ip, self.port)}>"

    @property
    def domain(self) -> Address:
        """Host and port that our addresses name: the server's, or our own without one."""
        return self.server or (self.ip, self.port)

    def dialog(self, target: str, *, caller: str | None = None, name: str = "") -> Dialog:
        """A new one, with nobody at the other end yet."""
        host, port = self.domain
        shown = '"' + name.replace('"', "'") + '" ' if name else ""
        return Dialog(
            call_id=f"{secrets.token_hex(8)}@{self.ip}",
            local=f"{shown}<{sip.uri(caller or self.user, host, port)}>;tag={secrets.token_hex(4)}",
            remote=f"<{target}>",
            target=target,
            number=secrets.randbelow(1000) + 1,
        )

    def build(self, method: str, dialog: Dialog, *, number: int | None = None) -> sip.Request:
        """The next request of a dialog; with ``number`` one that belongs to an earlier one."""
        if number is None:
            dialog.number += 1
            number = dialog.number
        headers = [
            ("Via", f"SIP/2.0/UDP {self.ip}:{self.port};rport;branch={new_branch()}"),
            ("Max-Forwards", "70"),
            *(("Route", route) for route in dialog.routes),
            ("From", dialog.local),
            ("To", dialog.remote),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{number} {method}"),
            ("Contact", self.contact),
            ("Allow", ALLOW),
            ("User-Agent", "test phone"),
        ]
        return sip.Request(method, dialog.target, headers=headers)

    def authorise(self, refused: sip.Response, request: sip.Request) -> bool:
        """Put our credentials for this challenge on the request; ``False`` when we cannot."""
        asked, given = ("WWW-Authenticate", "Authorization")
        if refused.status == 407:
            asked, given = ("Proxy-Authenticate", "Proxy-Authorization")
        challenges = [digest.parse_challenge(value) for value in refused.all(asked)]
        usable = [one for one in challenges if one.algorithm.upper() == "MD5"]
        if not usable or self.password is None:
            return False
        header = digest.authorization(
            usable[0],
            user=self.user,
            password=self.password,
            method=request.method,
            uri=request.uri,
            cnonce=secrets.token_hex(8),
        )
        request.put(given, header)
        return True

    async def ask(
        self, method: str, dialog: Dialog, change: Callable[[sip.Request], None] | None = None
    ) -> sip.Response:
        """Send any request but INVITE and return the final response, after one challenge at most.

        Raises:
            PhoneRefused: 408, nobody responded.
        """
        request = self._built(method, dialog, change)
        response = await self._final(request, dialog.next_hop())
        if response.status in (401, 407):
            again = self._built(method, dialog, change)
            if self.authorise(response, again):
                response = await self._final(again, dialog.next_hop())
        return response

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something beside everything else; its failure goes into the wire log."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.log.add("--", f"failed: {task.exception()!r}")

    async def quiet(self, within: float) -> None:
        """Wait until what was spawned is done, except for what sleeps longer than that."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)

    def close(self) -> None:
        """Stop everything at once."""
        for task in self._tasks:
            task.cancel()
        self.layer.close()

    def _built(
        self, method: str, dialog: Dialog, change: Callable[[sip.Request], None] | None
    ) -> sip.Request:
        request = self.build(method, dialog)
        if change is not None:
            change(request)
        return request

    async def _final(self, request: sip.Request, to: Address) -> sip.Response:
        got: asyncio.Future[sip.Response | None] = asyncio.get_running_loop().create_future()

        def heard(response: sip.Response | None) -> None:
            if not got.done() and (response is None or response.status >= 200):
                got.set_result(response)

        client = self.layer.request(request, to, heard)
        try:
            response = await got
        finally:
            client.stop()
        if response is None:
            raise PhoneRefused(408, f"no response to {request.method}")
        return response


def new_branch() -> str:
    """A transaction id with RFC 3261's magic cookie."""
    return "z9hG4bK" + secrets.token_hex(8)
