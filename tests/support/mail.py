"""A real SMTP server on loopback, for tests: keeps what it takes, refuses what it is told to."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class MailServer:
    """``answers`` are given instead of taking the next letters, ``at_rcpt`` to their addresses."""

    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answers: deque[str] = field(default_factory=deque)
    at_rcpt: deque[str] = field(default_factory=deque)
    slow: float = 0.0  # seconds before a letter is answered
    port: int = 0
    data_began: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        """Listen on a free port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="test", loop=loop), "127.0.0.1", self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def letter(self, number: int = 1, within: float = 10.0) -> EmailMessage:
        """Wait for the letter with this number, from 1."""
        async with asyncio.timeout(within):
            while len(self.letters) < number:
                self._arrived.clear()
                await self._arrived.wait()
        return self.letters[number - 1]

    # -- what aiosmtpd asks -------------------------------------------------------------------

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.at_rcpt:
            return self.at_rcpt.popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: Any, _session: Session, envelope: Envelope
    ) -> str:
        self.data_began.set()
        if self.slow:
            await asyncio.sleep(self.slow)
        if self.answers:
            return self.answers.popleft()
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients += envelope.rcpt_tos
        self._arrived.set()
        return "250 taken"
