"""A call that rings at our phone, and how a phone may behave when it does."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tests.support.phone import sdp, sip
from tests.support.phone.agent import Agent, PhoneRefused
from tests.support.phone.call import Call
from tests.support.phone.transactions import Server


class IncomingCall(Call):
    """Rings (180) only once :meth:`ring` is called; the phone's behaviour does that."""

    def __init__(self, agent: Agent, server: Server) -> None:
        request = server.request
        contact = request.all("Contact")
        dialog = agent.dialog(sip.uri_of(contact[0]) if contact else request.uri)
        tag = sip.param(dialog.local, "tag")
        dialog.call_id = request.call_id
        dialog.local = f"{request.get('To')};tag={tag}"
        dialog.remote = request.get("From")
        dialog.routes = request.all("Record-Route")
        super().__init__(agent, dialog)
        self._server = server
        self.dialled = sip.user_of(request.uri)
        self.caller = sip.user_of(sip.uri_of(request.get("From")))
        self.caller_name = request.get("From").partition("<")[0].strip().strip('"')
        self.headers = list(request.headers)
        if request.body:
            offer = sdp.parse(request.body)
            self.event_type = offer.event_type or self.event_type
        self.mark("invite")
        server.respond(sip.response_to(request, 100))

    @property
    def invite_branch(self) -> str:
        return self._server.request.branch

    def ring(self, status: int = 180) -> None:
        """Tell the caller that it rings."""
        if self.alive and self.status is None:
            self._respond(self._server, status)
            self.mark(str(status))

    async def answer(self, within: float = 5.0) -> None:
        """Pick up; returns when the other side has acknowledged.

        Raises:
            PhoneRefused: the caller was gone before (487) or never acknowledged (408).
        """
        self.pick_up()
        await self.changes.until(
            lambda: self._server.ack is not None or not self.alive, within, "the ACK to our 200"
        )

    def pick_up(self) -> None:
        """Send the 200 without waiting for its ACK."""
        if not self.alive or self.status is not None:
            raise PhoneRefused(self.status or 487, "this call can no longer be answered")
        body = self._server.request.body
        if body and not sdp.parse(body).takes_pcmu:
            self.reject(488)
            raise PhoneRefused(488, "the caller offers no PCMU")
        self.status, self.answered_200 = 200, True
        self._server.on_ack = self._acknowledged
        if body:
            self.connect(sdp.parse(body))
        self._respond(self._server, 200, body=self.local_description())
        self.mark("200")

    def reject(self, status: int = 486) -> None:
        """Refuse the call: 486 busy, 480 not here, 603 declined, ..."""
        if self.alive and self.status is None:
            self.status = status
            self._respond(self._server, status)
            self.mark(str(status))
            self._over("us")

    def ignore(self) -> None:
        """Do nothing at all: not even ring. Says in a test what is meant."""

    def cancelled(self, cancel: sip.Request) -> None:
        """The caller gave up, or the call was answered elsewhere."""
        if self.alive and self.status is None:
            self.status = 487
            self._respond(self._server, 487)
            self.mark("cancelled")
            self._over("them", cancel)

    def _acknowledged(self) -> None:
        ack = self._server.ack
        if ack is not None and ack.body and self.remote is None:
            self.connect(sdp.parse(ack.body))
        self.mark("ack")
        if self._hanging_up and self.alive:
            self._say_bye()

    def _hang_up_now(self) -> None:
        if self.status is None:
            self.reject(603)
        elif self._server.ack is not None:
            self._say_bye()
        # else: RFC 3261 section 15, the called side sends no BYE before the ACK has come


Behaviour = Callable[[IncomingCall], Coroutine[Any, Any, None]]
"""What a phone does by itself when a call comes in."""


async def never(call: IncomingCall) -> None:
    """Ring; whatever else happens is the test's doing."""
    call.ring()


def answer_after(seconds: float = 0.0, *, tone: float | None = None) -> Behaviour:
    """Ring, pick up after so many seconds, and say a tone if one is given."""

    async def behave(call: IncomingCall) -> None:
        call.ring()
        if seconds:
            await asyncio.sleep(seconds)
        if call.alive and call.status is None:
            if tone is not None:
                call.play_tone(tone)
            call.pick_up()

    return behave


def reject(status: int = 486, *, after: float = 0.0) -> Behaviour:
    """Refuse each call, at once or after having rung for a while."""

    async def behave(call: IncomingCall) -> None:
        if after:
            call.ring()
            await asyncio.sleep(after)
        call.reject(status)

    return behave
