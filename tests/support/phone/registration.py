"""The phone's registration: taken out with a password, kept fresh, given back (RFC 3261 10)."""

import asyncio
import re

from tests.support.phone import sip
from tests.support.phone.agent import Agent, PhoneRefused


class Registration:
    """One binding of the agent's account at its server."""

    def __init__(self, agent: Agent) -> None:
        self.held = False
        self._agent = agent
        host, port = agent.domain
        self._dialog = agent.dialog(f"sip:{host}:{port}")
        self._dialog.remote = f"<{sip.uri(agent.user, host, port)}>"
        self._refresher: asyncio.Task[None] | None = None

    async def take(self, expires: int, within: float) -> None:
        """Register and refresh from then on; raises :class:`PhoneRefused`."""
        granted = await self._ask(expires, within)
        self.held = True
        self.stop_refreshing()
        self._refresher = self._agent.spawn(self._refresh(expires, granted))

    async def give_back(self, within: float) -> None:
        """Unregister; harmless without a registration."""
        self.stop_refreshing()
        if self.held:
            self.held = False
            await self._ask(0, within)

    def stop_refreshing(self) -> None:
        """Let it run out."""
        if self._refresher is not None:
            self._refresher.cancel()
            self._refresher = None

    async def _ask(self, expires: int, within: float) -> int:
        def fill(request: sip.Request) -> None:
            request.put("Expires", str(expires))

        try:
            async with asyncio.timeout(within):
                response = await self._agent.ask("REGISTER", self._dialog, fill)
        except TimeoutError:
            raise PhoneRefused(408, f"no response to REGISTER within {within:g} s") from None
        if response.status != 200:
            raise PhoneRefused(response.status, response.reason)
        ours = next((c for c in response.all("Contact") if self._mine(c)), "")
        granted = sip.param(ours, "expires") or response.get("Expires")
        return int(granted) if granted.isdigit() else expires

    async def _refresh(self, expires: int, granted: int) -> None:
        while True:
            await asyncio.sleep(max(1.0, granted * 0.8))
            try:
                granted = await self._ask(expires, 5)
            except PhoneRefused as refused:
                self.held = False
                self._agent.log.add("--", f"refreshing the registration: {refused}")
                return

    def _mine(self, contact: str) -> bool:
        return re.search(rf"@{re.escape(self._agent.ip)}:{self._agent.port}\b", contact) is not None
