"""What both kinds of call share: the dialog once it stands, its end, and what the wire showed."""

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import quote

from tests.support.phone import sdp, sip
from tests.support.phone.agent import Agent, Dialog, PhoneRefused
from tests.support.phone.transactions import Server
from tests.support.phone.voice import Voice


@dataclass(frozen=True, kw_only=True)
class ByeInfo:
    """How a call ended. ``by`` is ``us`` or ``them``; ``cause`` a Q.850 number if one was told."""

    by: str
    status: int  # the final response to the INVITE
    cause: int | None = None
    text: str = ""


class Call(Voice):
    """One call of one phone, from the first INVITE to the end; ended calls stay readable."""

    def __init__(self, agent: Agent, dialog: Dialog) -> None:
        super().__init__(agent.ip, self.describe)
        self.agent, self.dialog = agent, dialog
        self.states: list[tuple[float, str]] = []
        self.status: int | None = None
        self.answered_200 = False
        self.bye: ByeInfo | None = None
        self.on_hold = False
        self._version = 1
        self._hanging_up = False

    @property
    def local_tag(self) -> str:
        return sip.param(self.dialog.local, "tag")

    @property
    def alive(self) -> bool:
        return self.bye is None

    @property
    def talking(self) -> bool:
        """Answered and not ended."""
        return self.answered_200 and self.alive

    def when(self, what: str) -> float:
        """Time of the first state of that name, see :attr:`states`."""
        return next(t for t, name in self.states if name == what)

    async def answered(self, within: float = 10.0) -> None:
        """Wait for the answer; raises :class:`PhoneRefused` when the call ends instead."""
        await self.changes.until(lambda: self.answered_200 or not self.alive, within, "the answer")
        if not self.answered_200:
            assert self.bye is not None
            raise PhoneRefused(self.bye.status, self.bye.text)

    async def ended(self, within: float = 10.0) -> ByeInfo:
        """Wait until the call is over, from whichever side."""
        await self.changes.until(lambda: not self.alive, within, "the end of the call")
        assert self.bye is not None
        return self.bye

    async def hang_up(self, within: float = 5.0) -> None:
        """End the call as a person would, whatever state it is in; harmless when it is over."""
        self.drop()
        await self.changes.until(lambda: not self.alive, within, "our hanging up")

    def drop(self) -> None:
        """Begin to hang up without waiting for anything."""
        if self.alive and not self._hanging_up:
            self._hanging_up = True
            self._hang_up_now()

    async def hold(self) -> None:
        """Put the other side on hold."""
        await self._reinvite("sendonly")

    async def resume(self) -> None:
        """Take the other side off hold."""
        await self._reinvite("sendrecv")

    async def refer(self, to: str, *, within: float = 5.0) -> int:
        """Send the other side to a number (blind transfer); returns the status, 202 when taken."""
        return await self._refer(sip.uri(to, *self.agent.domain), within)

    async def refer_to(self, other: "Call", *, within: float = 5.0) -> int:
        """Join the other sides of two calls and leave (attended transfer, RFC 3891)."""
        theirs = sip.param(other.dialog.remote, "tag")
        replaces = f"{other.dialog.call_id};to-tag={theirs};from-tag={other.local_tag}"
        target = sip.uri_of(other.dialog.remote)
        return await self._refer(f"{target}?Replaces={quote(replaces, safe='')}", within)

    async def _refer(self, target: str, within: float) -> int:
        def fill(request: sip.Request) -> None:
            request.put("Refer-To", f"<{target}>")
            request.put("Referred-By", f"<{sip.uri(self.agent.user, *self.agent.domain)}>")

        async with asyncio.timeout(within):
            return (await self.agent.ask("REFER", self.dialog, fill)).status

    async def _reinvite(self, direction: str, within: float = 5.0) -> None:
        """Ask for another direction of the sound and acknowledge what the other side says."""
        self._version += 1
        request = self.agent.build("INVITE", self.dialog)
        request.put("Content-Type", "application/sdp")
        request.body = self.local_description(direction)
        decided: asyncio.Future[sip.Response | None] = self._loop.create_future()

        def heard(response: sip.Response | None) -> None:
            if not decided.done() and (response is None or response.status >= 200):
                decided.set_result(response)

        self.agent.layer.request(request, self.dialog.next_hop(), heard)
        async with asyncio.timeout(within):
            response = await decided
        if response is None or response.status >= 300:
            raise PhoneRefused(response.status if response else 408, f"re-INVITE {direction}")
        ack = self.agent.build("ACK", self.dialog, number=request.cseq[0])
        self.agent.layer.send(ack, self.dialog.next_hop())
        self.connect(sdp.parse(response.body))

    def handle(self, server: Server) -> None:
        """A request inside the dialog."""
        method = server.request.method
        if method == "BYE":
            self._respond(server, 200)
            self._over("them", server.request)
        elif not self.alive:
            self._respond(server, 481)
        elif method == "INVITE" or (method == "UPDATE" and server.request.body):
            self._renegotiate(server)
        else:
            self._respond(server, 200)
            if method == "NOTIFY" and server.request.body.startswith(b"SIP/2.0 200"):
                self.drop()  # what we referred has arrived (RFC 5589, section 6.1)

    def describe(self) -> str:
        """Everything that helps to see why a wait failed."""
        began = self.agent.log.started
        states = ", ".join(f"{name} at {t - began:.3f}" for t, name in self.states)
        heard = self.heard
        return (
            f"call {self.dialog.call_id[:8]} ({self.dialog.local} with {self.dialog.remote}): "
            f"{states or 'nothing yet'}; ended: {self.bye}\n"
            f"heard {heard.packets} packets, last second {heard.rms(last=1):.1f} dBFS, "
            f"keys {heard.digits!r}; sent {self.sent_packets} packets\n{self.agent.log}"
        )

    def mark(self, what: str) -> None:
        """Note a new state and wake whoever waits for it."""
        self.states.append((asyncio.get_running_loop().time(), what))
        self.changes.notify()

    def local_description(self, direction: str = "sendrecv") -> bytes:
        """Our side of the audio."""
        return sdp.describe(
            self.agent.ip,
            self.rtp_port,
            session=int(self.local_tag, 16),
            version=self._version,
            event_type=self.event_type,
            direction=direction,
        )

    def _hang_up_now(self) -> None:
        raise NotImplementedError

    def _say_bye(self) -> None:
        self.agent.spawn(self._bye())
        self._over("us")

    async def _bye(self) -> None:
        try:
            async with asyncio.timeout(5):
                await self.agent.ask("BYE", self.dialog)
                self.mark("gone")
        except (TimeoutError, PhoneRefused):
            self.agent.log.add("--", "nobody responded to our BYE")

    def _over(self, by: str, last: sip.Message | None = None) -> None:
        if self.bye is not None:
            return
        reasons = [*last.all("Reason")] if last is not None else []
        text = "; ".join(reasons)
        cause = re.search(r"Q\.850\s*;\s*cause=(\d+)", text, re.IGNORECASE)
        if isinstance(last, sip.Response) and not text:
            text = last.reason
        self.bye = ByeInfo(
            by=by,
            status=self.status or 0,
            cause=int(cause.group(1)) if cause else None,
            text=text,
        )
        self.fall_silent()
        self.mark("ended")

    def _respond(self, server: Server, status: int, *, body: bytes = b"") -> None:
        response = sip.response_to(server.request, status, tag=self.local_tag)
        response.put("Contact", self.agent.contact)
        if body:
            response.put("Content-Type", "application/sdp")
            response.body = body
        server.respond(response)

    def _renegotiate(self, server: Server) -> None:
        """A re-INVITE or UPDATE: agree, and go on or off hold with it."""
        if not server.request.body:
            self._respond(server, 200, body=self.local_description())
            return
        offer = sdp.parse(server.request.body)
        if not offer.takes_pcmu:
            self._respond(server, 488)
            return
        self._version += 1
        direction = sdp.answering_direction(offer.direction)
        self._respond(server, 200, body=self.local_description(direction))
        self.connect(offer)
        if self.on_hold == offer.wants_audio:
            self.on_hold = not offer.wants_audio
            self.mark("held" if self.on_hold else "resumed")
