"""A SIP phone for tests: registers, dials, rings, answers, speaks and listens.

One UDP port for SIP, one for the audio of each call, no task per call. See ``__init__`` for a
story. Every wait has a deadline and fails with the wire log.
"""

import asyncio
import re
from collections.abc import Mapping

from tests.support.phone import sip
from tests.support.phone.agent import ALLOW, Agent, PhoneRefused
from tests.support.phone.call import Call
from tests.support.phone.incoming import Behaviour, IncomingCall, never
from tests.support.phone.outgoing import OutgoingCall
from tests.support.phone.registration import Registration
from tests.support.phone.transactions import Address, Server
from tests.support.phone.wire import Changes, WireLog

_LAMP = re.compile(r"(?im)^Voice-Message:[ ]*([0-9]+)/([0-9]+)")


class Phone:
    """Use :meth:`open`, best as ``async with await Phone.open(...) as phone``."""

    def __init__(
        self, *, ip: str, port: int, server: Address | None, user: str, password: str | None
    ) -> None:
        self._agent = Agent(
            ip=ip,
            port=port,
            server=server,
            user=user,
            password=password,
            on_request=self._on_request,
        )
        self.on_ring: Behaviour = never
        """What happens by itself when a call comes in; by default it just rings."""
        self.max_calls: int | None = None
        """From so many calls on a further one gets 486."""
        self.answers_options = True
        self.calls: list[Call] = []
        self.messages: list[sip.Request] = []
        """MESSAGE and NOTIFY requests that came in, but for those of the lamp."""
        self.lamp: tuple[int, int] | None = None
        """New and old messages that wait, as told last (RFC 3842)."""
        self._changes = Changes(lambda: str(self.wire))
        self._registration = Registration(self._agent)
        self._behaviours: list[asyncio.Task[None]] = []
        self._rung = 0
        self._closed = False

    async def subscribe_lamp(self, seconds: int = 60) -> None:
        """Ask to be told of messages (RFC 3842) instead of being told unasked."""
        host, port = self._agent.domain
        dialog = self._agent.dialog(f"sip:{self._agent.user}@{host}:{port}")

        def fill(request: sip.Request) -> None:
            request.put("Event", "message-summary")
            request.put("Accept", "application/simple-message-summary")
            request.put("Expires", str(seconds))

        response = await self._agent.ask("SUBSCRIBE", dialog, fill)
        if response.status not in (200, 202):
            raise PhoneRefused(response.status, response.reason)

    @classmethod
    async def open(
        cls,
        *,
        ip: str = "127.0.0.2",
        server: Address | None = None,
        user: str,
        password: str | None = None,
        port: int = 0,
    ) -> "Phone":
        """A phone on a free port (or ``port``); without ``server`` it calls ``sip:`` URIs."""
        return cls(ip=ip, port=port, server=server, user=user, password=password)

    async def __aenter__(self) -> "Phone":
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    @property
    def wire(self) -> WireLog:
        """What went over the wire."""
        return self._agent.log

    @property
    def address(self) -> Address:
        return self._agent.ip, self._agent.port

    @property
    def uri(self) -> str:
        """Where another phone reaches this one directly."""
        return sip.uri(self._agent.user, *self.address)

    @property
    def agent(self) -> Agent:
        """One level down, for tests of the protocol itself (``agent.layer.lose``)."""
        return self._agent

    @property
    def registered(self) -> bool:
        """As far as we know; a server that forgot us is noticed at the next refresh."""
        return self._registration.held

    @property
    def incoming(self) -> list[IncomingCall]:
        """Every call that came in, in order."""
        return [call for call in self.calls if isinstance(call, IncomingCall)]

    async def register(self, expires: int = 60, *, within: float = 5.0) -> None:
        """Register and keep it refreshed.

        Raises:
            PhoneRefused: with the status; 408 when nobody responded in time.
        """
        await self._registration.take(expires, within)

    async def unregister(self, *, within: float = 5.0) -> None:
        """Take the registration back; harmless without one."""
        await self._registration.give_back(within)

    def invite(
        self,
        number: str,
        *,
        caller: str | None = None,
        name: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> OutgoingCall:
        """Start a call and return at once. ``number`` may be a whole ``sip:`` URI."""
        target = number if number.startswith("sip:") else sip.uri(number, *self._agent.domain)
        dialog = self._agent.dialog(target, caller=caller, name=name)
        call = OutgoingCall(self._agent, dialog, headers or {})
        self.calls.append(call)
        return call

    async def dial(
        self,
        number: str,
        *,
        within: float = 30.0,
        caller: str | None = None,
        name: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> OutgoingCall:
        """Call and wait for the final response, good or bad: see ``call.status``."""
        call = self.invite(number, caller=caller, name=name, headers=headers)
        await call.decided(within)
        return call

    async def rings(self, within: float = 10.0) -> IncomingCall:
        """Wait for the next incoming call not yet returned here."""
        await self._changes.until(
            lambda: len(self.incoming) > self._rung, within, f"{self.wire.name} ringing"
        )
        self._rung += 1
        return self.incoming[self._rung - 1]

    async def message(self, number: str, text: str, *, within: float = 5.0) -> int:
        """Send a MESSAGE; returns the status."""
        target = number if number.startswith("sip:") else sip.uri(number, *self._agent.domain)

        def fill(request: sip.Request) -> None:
            request.put("Content-Type", "text/plain;charset=utf-8")
            request.body = text.encode()

        async with asyncio.timeout(within):
            return (await self._agent.ask("MESSAGE", self._agent.dialog(target), fill)).status

    def vanish(self) -> None:
        """Be gone as if the plug were pulled: no BYE, no unregister, nothing answers."""
        self._closed = True
        self._registration.held = False
        self._agent.close()
        for call in self.calls:
            call.fall_silent()

    async def close(self) -> None:
        """Hang up, unregister, close. Never waits more than a few seconds; may be called twice."""
        if self._closed:
            return
        self.on_ring = _refuse
        alive = [call for call in self.calls if call.alive]
        await asyncio.gather(*(call.hang_up(within=1) for call in alive), return_exceptions=True)
        self._registration.stop_refreshing()
        for behaviour in self._behaviours:
            behaviour.cancel()
        await self._agent.quiet(within=2)
        try:
            await self.unregister(within=2)
        except PhoneRefused as refused:
            self.wire.add("--", f"unregistering: {refused}")
        self.vanish()
        await self._agent.quiet(within=1)

    def _on_request(self, server: Server) -> None:
        request = server.request
        tag = sip.param(request.get("To"), "tag")
        if request.method == "CANCEL":
            self._cancel(server)
        elif tag:
            call = self._call(request.call_id, tag)
            if call is not None:
                call.handle(server)
            elif request.method == "NOTIFY":  # of a subscription
                self._keep(server, request)
            else:
                self._respond(server, 481)
        elif request.method == "INVITE":
            self._invited(server)
        elif request.method == "OPTIONS":
            if self.answers_options:
                self._respond(server, 200)
        elif request.method in ("MESSAGE", "NOTIFY"):
            self._keep(server, request)
        else:
            self._respond(server, 405)

    def _keep(self, server: Server, request: sip.Request) -> None:
        found = _LAMP.search(request.body.decode(errors="replace"))
        if request.get("Event") != "message-summary":
            self.messages.append(request)
        elif found:
            self.lamp = int(found[1]), int(found[2])
        self._respond(server, 200)
        self._changes.notify()

    def _invited(self, server: Server) -> None:
        busy = sum(call.alive for call in self.calls)
        if self.max_calls is not None and busy >= self.max_calls:
            self._respond(server, 486)
            return
        call = IncomingCall(self._agent, server)
        self.calls.append(call)
        self._behaviours.append(self._agent.spawn(self.on_ring(call)))
        self._changes.notify()

    def _cancel(self, server: Server) -> None:
        invite = self._agent.layer.invite_of(server.request)
        self._respond(server, 200 if invite is not None else 481)
        for call in self.incoming:
            if invite is not None and call.invite_branch == invite.request.branch:
                call.cancelled(server.request)

    def _call(self, call_id: str, tag: str) -> Call | None:
        for call in self.calls:
            if call.dialog.call_id == call_id and call.local_tag == tag:
                return call
        return None

    def _respond(self, server: Server, status: int) -> None:
        response = sip.response_to(server.request, status, tag="phone")
        response.put("Allow", ALLOW)
        server.respond(response)


async def _refuse(call: IncomingCall) -> None:
    call.reject(480)
