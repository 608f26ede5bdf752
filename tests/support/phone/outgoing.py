"""A call that we make: INVITE, credentials when asked, ACK, CANCEL (RFC 3261 sections 9, 13)."""

from collections.abc import Mapping

from tests.support.phone import sdp, sip
from tests.support.phone.agent import Agent, Dialog, PhoneRefused
from tests.support.phone.call import Call


class OutgoingCall(Call):
    """Starts with its construction."""

    def __init__(self, agent: Agent, dialog: Dialog, headers: Mapping[str, str]) -> None:
        super().__init__(agent, dialog)
        self.provisional: list[int] = []
        self._headers = headers
        self._ack: sip.Request | None = None
        self._to = dialog.next_hop()
        self._request = self._new_invite()
        self._tried_password = False
        self._cancelled = False
        self.mark("invite")
        self.agent.layer.request(self._request, self._to, self._heard_response)

    async def ringing(self, within: float = 10.0) -> None:
        """Wait for 180 or 183; raises :class:`PhoneRefused` when the call ends instead."""
        await self.changes.until(lambda: self._rings() or not self.alive, within, "ringing")
        if not self._rings():
            assert self.bye is not None
            raise PhoneRefused(self.bye.status, self.bye.text)

    async def decided(self, within: float = 30.0) -> int:
        """Wait for the final response, whichever it is."""
        await self.changes.until(
            lambda: self.status is not None or not self.alive, within, "a final response"
        )
        return self.status or 0

    def _rings(self) -> bool:
        return any(status in (180, 183) for status in self.provisional) or self.answered_200

    def _new_invite(self) -> sip.Request:
        request = self.agent.build("INVITE", self.dialog)
        for name, value in self._headers.items():
            request.put(name, value)
        request.put("Content-Type", "application/sdp")
        request.body = self.local_description()
        return request

    def _heard_response(self, response: sip.Response | None) -> None:
        if response is None:
            self.status = 408
            self._over("them")
        elif response.status < 200:
            self._progress(response)
        elif response.status < 300:
            self._accepted(response)
        elif response.status in (401, 407) and self._asked_for_password(response):
            pass
        else:
            self.status = response.status
            self.mark(str(response.status))
            self._over("us" if self._hanging_up else "them", response)

    def _progress(self, response: sip.Response) -> None:
        self.provisional.append(response.status)
        if sip.param(response.get("To"), "tag"):
            self.dialog.remote = response.get("To")  # an early dialog (RFC 3261 section 12.1)
        if response.body and self.alive:
            self.connect(sdp.parse(response.body))
        self.mark(str(response.status))
        if self._hanging_up:
            self._cancel()

    def _asked_for_password(self, response: sip.Response) -> bool:
        if self._tried_password or self._hanging_up:
            return False
        self._tried_password = True
        again = self._new_invite()
        if not self.agent.authorise(response, again):
            return False
        self._request = again
        self.provisional.clear()
        self.agent.layer.request(again, self._to, self._heard_response)
        return True

    def _accepted(self, response: sip.Response) -> None:
        if self._ack is not None:
            self.agent.layer.send(self._ack, self.dialog.next_hop())
            return
        contact = response.all("Contact")
        self.dialog.remote = response.get("To")
        self.dialog.target = sip.uri_of(contact[0]) if contact else self.dialog.target
        self.dialog.routes = response.all("Record-Route")[::-1]
        number, _ = self._request.cseq
        self._ack = self.agent.build("ACK", self.dialog, number=number)
        self.agent.layer.send(self._ack, self.dialog.next_hop())
        self.status, self.answered_200 = response.status, True
        if response.body:
            self.connect(sdp.parse(response.body))
        self.mark(str(response.status))
        if self._hanging_up:
            self._say_bye()

    def _hang_up_now(self) -> None:
        if self.answered_200:
            self._say_bye()
        elif self.provisional:
            self._cancel()
        # else: RFC 3261 9.1, a CANCEL waits for the first provisional response

    def _cancel(self) -> None:
        if self._cancelled:
            return
        self._cancelled = True
        number, _ = self._request.cseq
        cancel = self.agent.build("CANCEL", self.dialog, number=number)
        cancel.uri = self._request.uri
        for name in ("Via", "From", "To"):
            cancel.put(name, self._request.get(name))
        self.mark("cancel")
        self.agent.layer.request(cancel, self._to, lambda _: None)
