"""SIP transactions over UDP: retransmission and matching (RFC 3261 section 17).

Below it the socket, above it the agent, who is told of each new request once and of the responses
to its own. ACK and re-ACK for refused INVITEs happen here; for accepted ones in the call.
"""

import asyncio
from collections.abc import Callable

from tests.support.phone import sip
from tests.support.phone.wire import Udp, WireLog

T1, T2 = 0.5, 4.0
GIVE_UP = 64 * T1

Address = tuple[str, int]
Heard = Callable[[sip.Response | None], None]
"""Called with each response; ``None`` once when there was none in time."""


class Client:
    """A request of ours on its way."""

    def __init__(self, layer: "Transactions", request: sip.Request, to: Address, heard: Heard):
        self.request, self.to = request, to
        self._layer, self._heard = layer, heard
        self._invite = request.method == "INVITE"
        self._interval = T1
        self._resend_timer: asyncio.TimerHandle | None = None
        self._end_timer: asyncio.TimerHandle | None = None
        self._final = False

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._end_timer = loop.call_later(GIVE_UP, self._time_is_up)
        self._resend_timer = loop.call_later(self._interval, self._resend)
        self._layer.send(self.request, self.to)

    def receive(self, response: sip.Response) -> None:
        if response.status < 200:
            if self._invite:
                self.stop()
            if not self._final:
                self._heard(response)
            return
        if self._invite and response.status >= 300:
            self._layer.send(self._ack(response), self.to)
        if not self._final or (self._invite and response.status < 300):
            self.stop()
            self._final = True
            self._heard(response)

    def stop(self) -> None:
        for timer in (self._resend_timer, self._end_timer):
            if timer is not None:
                timer.cancel()

    def _resend(self) -> None:
        self._layer.send(self.request, self.to)
        self._interval *= 2
        if not self._invite:
            self._interval = min(self._interval, T2)
        loop = asyncio.get_running_loop()
        self._resend_timer = loop.call_later(self._interval, self._resend)

    def _time_is_up(self) -> None:
        self.stop()
        self._final = True
        self._heard(None)

    def _ack(self, response: sip.Response) -> sip.Request:
        kept = [
            (name, value)
            for name, value in self.request.headers
            if name in ("Via", "From", "Call-ID", "Route", "Max-Forwards")
        ]
        number, _ = self.request.cseq
        kept += [("To", response.get("To")), ("CSeq", f"{number} ACK")]
        return sip.Request("ACK", self.request.uri, headers=kept)


class Server:
    """A request from the other side, to be responded to."""

    def __init__(self, layer: "Transactions", request: sip.Request, source: Address) -> None:
        self.request, self.source = request, source
        self.last: sip.Response | None = None
        self.ack: sip.Request | None = None
        self.on_ack: Callable[[], None] | None = None
        self._layer = layer
        self._interval = T1
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0

    def respond(self, response: sip.Response) -> None:
        self.last = response
        self._layer.send(response, self.source)
        if self.request.method == "INVITE" and response.status >= 200 and self._timer is None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.time() + GIVE_UP
            self._timer = loop.call_later(self._interval, self._resend)

    def repeated(self) -> None:
        """The other side sent it again: so do we, unless a final one is on its timer anyway."""
        if self.last is not None and self.ack is None:
            self._layer.send(self.last, self.source)

    def acked(self, ack: sip.Request) -> None:
        self.stop()
        if self.ack is None:
            self.ack = ack
            if self.on_ack is not None:
                self.on_ack()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _resend(self) -> None:
        loop = asyncio.get_running_loop()
        if self.last is None or loop.time() > self._deadline:
            return
        self._layer.send(self.last, self.source)
        self._interval = min(2 * self._interval, T2)
        self._timer = loop.call_later(self._interval, self._resend)


class Transactions:
    """All transactions of one phone."""

    def __init__(self, ip: str, port: int, log: WireLog, on_request: Callable[[Server], None]):
        self.udp = Udp(ip, port, self._receive)
        self.lose: Callable[[sip.Message], bool] = lambda _: False
        """Tests may have messages of ours lost on the way."""
        self._log = log
        self._on_request = on_request
        self._clients: dict[tuple[str, str], Client] = {}
        self._servers: dict[tuple[str, str], Server] = {}
        self._invites: dict[tuple[str, int], Server] = {}

    def send(self, message: sip.Message, to: Address) -> None:
        lost = self.lose(message)
        self._log.add("x>" if lost else "->", _shown(message))
        if not lost:
            self.udp.send(message.format(), to)

    def request(self, request: sip.Request, to: Address, heard: Heard) -> Client:
        """Send a request and tell ``heard`` each response."""
        client = Client(self, request, to, heard)
        self._clients[request.branch, request.method] = client
        client.start()
        return client

    def invite_of(self, cancel: sip.Request) -> Server | None:
        """The INVITE that a CANCEL means."""
        return self._servers.get((cancel.branch, "INVITE"))

    def close(self) -> None:
        for client in self._clients.values():
            client.stop()
        for server in self._servers.values():
            server.stop()
        self.udp.close()

    def _receive(self, data: bytes, source: Address) -> None:
        if not data.strip():
            return  # keep-alive
        try:
            message = sip.parse(data)
            self._log.add("<-", _shown(message))
            if isinstance(message, sip.Response):
                client = self._clients.get((message.branch, message.cseq[1]))
                if client is not None:
                    client.receive(message)
            else:
                self._request(message, source)
        except sip.BadMessage as error:
            self._log.add("--", f"not understood: {error}")

    def _request(self, request: sip.Request, source: Address) -> None:
        number, method = request.cseq
        if request.method == "ACK":
            acked = self._invites.get((request.call_id, number))
            if acked is not None:
                acked.acked(request)
            return
        known = self._servers.get((request.branch, method))
        if known is not None:
            known.repeated()
            return
        server = Server(self, request, source)
        self._servers[request.branch, method] = server
        if method == "INVITE":
            self._invites[request.call_id, number] = server
        self._on_request(server)


def _shown(message: sip.Message) -> str:
    number, method = message.cseq
    call = message.call_id.partition("@")[0][:8]
    if isinstance(message, sip.Response):
        return f"{message.status} {message.reason} ({number} {method}) call {call}"
    return f"{message.first_line.removesuffix(' SIP/2.0')} ({number}) call {call}"
