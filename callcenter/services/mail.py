"""The outbox as administrators handle it: look, try again. Blocking desk, and the engine's."""

import asyncio

from sqlalchemy import Engine as Database

from callcenter.kernel.mail import Mail, Outbox
from callcenter.services.faults import told


class MailDesk:
    """Blocking."""

    def __init__(self, database: Database) -> None:
        self._outbox = Outbox(database)

    @told
    def mails(self, state: str, most: int) -> list[Mail]:
        """The newest mails, newest first."""
        return self._outbox.list(state=state, most=most)

    @told
    def retry(self, mail: str) -> Mail:
        """Have one tried again at once."""
        return self._outbox.retry(mail)


class EngineMail:
    """See :class:`callcenter.web.mail.Mails`."""

    def __init__(self, desk: MailDesk) -> None:
        self._desk = desk

    async def mails(self, state: str, most: int) -> list[Mail]:
        """The newest mails, newest first."""
        return await asyncio.to_thread(self._desk.mails, state, most)

    async def retry(self, mail: str) -> Mail:
        """Have one tried again at once."""
        return await asyncio.to_thread(self._desk.retry, mail)
