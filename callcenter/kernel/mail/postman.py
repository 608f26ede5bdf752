"""The postman: takes mails from the outbox to the SMTP server until that has taken them.

What the server puts off (4xx, away, slow) is tried again after a while that grows; what it refuses
(5xx for the address or the letter) has failed, and `callcenter mail list` shows why. Only the
moment between the server's last word and our note of it can send a mail twice, and then under the
same Message-ID.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from callcenter.kernel.clock import Clock
from callcenter.kernel.mail import outbox
from callcenter.kernel.mail.model import Attachment, Mail, Smtp, address_of

_log = structlog.get_logger(__name__)
_WAITS = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60, 120, 240, 480, 480, 480, 480))
"""Between attempts: about two days, as RFC 5321 4.5.4.1 wants, before it is given up."""
_LEASE = timedelta(minutes=6)
_LONGEST = 300.0  # seconds for one mail, less than the lease
_COMMAND = 30.0
_QUIT = 2.0
_ROUND = 5.0  # seconds between looks into the outbox
_ROUND_OFF = 300.0  # while there is no server
_KEEP = timedelta(days=30)
_SWEEP = 3600.0
_OFF = "Mail is off; set smtp_host and smtp_from, then `callcenter mail retry`."


class Postman:
    """Of one engine."""

    def __init__(
        self, database: Engine, clock: Clock, smtp: Smtp, *, patience: float = _COMMAND
    ) -> None:
        """``patience``: seconds for one answer of the server."""
        self._patience = patience
        self._database = database
        self._clock = clock
        self._smtp = smtp
        self._swept = -_SWEEP

    async def run(self) -> None:
        """Deliver for ever; a database that is away is waited for."""
        while True:
            try:
                while await self.deliver_next():
                    pass
                await self._sweep()
            except SQLAlchemyError as error:
                _log.warning("outbox cannot be read", why=str(error).splitlines()[0])
            except Exception:  # no mail is worth a call
                _log.exception("mail could not be looked after")
            await self._clock.sleep(_ROUND if self._smtp.host else _ROUND_OFF)

    async def deliver_next(self) -> bool:
        """Try the mail that is due longest; ``False``: none is."""
        now = self._clock.now()
        found = await asyncio.to_thread(self._claim, now)
        if found is None:
            return False
        mail, attachments = found
        if not self._smtp.host:
            await self._note_failed(mail, _OFF, None)
            return True
        try:
            async with asyncio.timeout(_LONGEST):
                await self._send(compose(mail, attachments, self._smtp.sender), mail)
        except Exception as error:
            await self._failed(mail, error)
        else:
            await self._note_sent(mail)
        return True

    async def _send(self, letter: EmailMessage, mail: Mail) -> None:
        import aiosmtplib

        smtp = self._smtp
        client = aiosmtplib.SMTP(
            hostname=smtp.host,
            port=smtp.port,
            username=smtp.user or None,
            password=smtp.password or None,
            use_tls=smtp.tls == "tls",
            start_tls=smtp.tls == "starttls",
            timeout=self._patience,
        )
        try:
            await client.connect()
            await client.send_message(
                letter,
                sender=address_of(smtp.sender).addr_spec,
                recipients=[address_of(mail.to).addr_spec],
            )
            with suppress(aiosmtplib.SMTPException):  # it has the letter, that is enough
                await client.quit(timeout=_QUIT)
        finally:
            client.close()  # at once: an engine that stops waits for nobody's goodbye

    async def _failed(self, mail: Mail, error: Exception) -> None:
        why = _told(error)
        tried = mail.attempts  # before this one
        if _is_final(error) or tried >= len(_WAITS):
            _log.error("mail not delivered", mail=mail.id, why=why)
            await self._note_failed(mail, why, None)
            return
        again_at = self._clock.now() + _WAITS[tried]
        _log.warning("mail put off", mail=mail.id, why=why, until=again_at.isoformat())
        await self._note_failed(mail, why, again_at)

    async def _note_sent(self, mail: Mail) -> None:
        _log.info("mail sent", mail=mail.id, attempts=mail.attempts + 1)
        at = self._clock.now()
        while True:  # forgetting it would send it twice
            try:
                await asyncio.to_thread(self._write_sent, mail.id, at)
                return
            except SQLAlchemyError as error:
                _log.error("a sent mail cannot be noted", mail=mail.id, why=str(error))
                await self._clock.sleep(_ROUND)

    async def _note_failed(self, mail: Mail, why: str, again_at: datetime | None) -> None:
        await asyncio.to_thread(self._write_failed, mail.id, why, again_at)

    async def _sweep(self) -> None:
        if self._clock.monotonic() - self._swept < _SWEEP:
            return
        self._swept = self._clock.monotonic()
        await asyncio.to_thread(self._forget, self._clock.now() - _KEEP)

    # -- blocking -----------------------------------------------------------------------------

    def _claim(self, now: datetime) -> tuple[Mail, list[Attachment]] | None:
        with self._database.begin() as connection:
            found = outbox.claim(connection, now, _LEASE)
            return (found, outbox.attachments_of(connection, found.id)) if found else None

    def _write_sent(self, mail: str, at: datetime) -> None:
        with self._database.begin() as connection:
            outbox.note_sent(connection, mail, at)

    def _write_failed(self, mail: str, why: str, again_at: datetime | None) -> None:
        with self._database.begin() as connection:
            outbox.note_failed(connection, mail, why, again_at)

    def _forget(self, before: datetime) -> None:
        with self._database.begin() as connection:
            outbox.forget_mails(connection, before)


def compose(mail: Mail, attachments: list[Attachment], sender: str) -> EmailMessage:
    """The letter as it goes over the wire; the same for every attempt."""
    letter = EmailMessage(policy=policy.SMTP)
    author = address_of(sender)
    letter["From"] = author
    letter["To"] = address_of(mail.to)
    letter["Subject"] = mail.subject
    letter["Date"] = format_datetime(mail.put_at)
    letter["Message-ID"] = f"<{mail.id}@{author.domain}>"
    letter["Auto-Submitted"] = "auto-generated"  # no holiday notes in answer (RFC 3834)
    letter.set_content(mail.text)
    for each in attachments:
        main, _, sub = each.media.partition("/")
        letter.add_attachment(each.data, maintype=main, subtype=sub, filename=each.name)
    return letter


def _is_final(error: Exception) -> bool:
    """The server has refused this letter or this address, and will again.

    Not a wrong password or a wrong name of ours: a person mends that, and then it goes.
    """
    import aiosmtplib

    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return all(each.code >= 500 for each in error.recipients)
        case aiosmtplib.SMTPAuthenticationError() | aiosmtplib.SMTPHeloError():
            return False
        case aiosmtplib.SMTPConnectError():
            return False
        case aiosmtplib.SMTPResponseException():
            return error.code >= 500
        case _:
            return isinstance(error, aiosmtplib.SMTPNotSupported | ValueError)


def _told(error: Exception) -> str:
    import aiosmtplib

    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return "; ".join(f"{each.code} {each.message}" for each in error.recipients)
        case aiosmtplib.SMTPResponseException():
            return f"{error.code} {error.message}"
        case TimeoutError():
            return "The mail server was too slow."
        case _:
            return str(error) or type(error).__name__
