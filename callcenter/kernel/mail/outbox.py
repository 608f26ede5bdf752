"""The outbox: a row for each mail to each address, its attachments beside it until it is sent.

:func:`put_mail` belongs into the transaction that makes the mail necessary, so that there is
neither one without the other. A mail is claimed by putting off when it is due: whoever dies with
it in hand loses nothing, it is due again later, under the same Message-ID.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    select,
    update,
)

from callcenter.kernel.actor import acting
from callcenter.kernel.database import UtcDateTime, metadata
from callcenter.kernel.errors import NotFound, Refused
from callcenter.kernel.ids import new_id
from callcenter.kernel.mail.model import (
    MOST_BYTES,
    Attachment,
    Mail,
    MailState,
    address_of,
    one_line,
)

_MOST_WHY = 500

mails = Table(
    "mails",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("to", String(400), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("once", String(128), unique=True),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("put_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("why", String(_MOST_WHY), nullable=False),
    Index("ix_mails_state_due_at", "state", "due_at"),
)
mail_attachments = Table(
    "mail_attachments",
    metadata,
    Column("mail", String(32), ForeignKey("mails.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String(128), nullable=False),
    Column("media", String(128), nullable=False),
    Column("data", LargeBinary, nullable=False),
)
_m = mails.c
_COLUMNS = [column for column in _m if column.name != "once"]


def put_mail(
    connection: Connection,
    to: str | Sequence[str],
    subject: str,
    text: str,
    attachments: Sequence[Attachment] = (),
    *,
    tenant: str = "",
    once: str = "",
    at: datetime | None = None,
) -> list[str]:
    """Put a mail for each address; says their ids.

    ``once`` names the occasion: what was put for it is not put again, and has no id here.

    Raises:
        BadAddress: an address is none; nothing was put.
        Refused: the attachments are too large.
    """
    addresses = [address_of(each) for each in ([to] if isinstance(to, str) else to)]
    if sum(len(each.data) for each in attachments) > MOST_BYTES:
        raise Refused(f"A mail carries {MOST_BYTES >> 20} MB at most; send less.")
    now, made = at or datetime.now(UTC), []
    for address in addresses:
        occasion = f"{once}:{address.addr_spec}"[:128] if once else None
        if occasion and connection.execute(select(_m.id).where(_m.once == occasion)).first():
            continue
        mail = new_id("m")
        connection.execute(
            mails.insert().values(
                id=mail,
                tenant=tenant,
                to=str(address),
                subject=one_line(subject),
                text=text,
                once=occasion,
                state=MailState.WAITING.value,
                attempts=0,
                put_at=now,
                due_at=now,
                why="",
            )
        )
        for position, each in enumerate(attachments):
            row = {"name": one_line(each.name, 128), "media": each.media, "data": each.data}
            connection.execute(
                mail_attachments.insert().values(mail=mail, position=position, **row)
            )
        made.append(mail)
    return made


class Outbox:
    """The same for those who have no transaction open. Blocking."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def put(
        self,
        to: str | Sequence[str],
        subject: str,
        text: str,
        attachments: Sequence[Attachment] = (),
        *,
        tenant: str = "",
        once: str = "",
    ) -> list[str]:
        """See :func:`put_mail`."""
        with self._database.begin() as connection:
            return put_mail(connection, to, subject, text, attachments, tenant=tenant, once=once)

    def list(self, *, state: str = "", most: int = 100) -> list[Mail]:
        """The newest mails that the asker may see, newest first."""
        query = select(*_COLUMNS).order_by(_m.put_at.desc(), _m.id.desc()).limit(most)
        query = query.where(_m.state == state) if state else query
        if (tenants := acting.get().tenants) is not None:
            query = query.where(_m.tenant.in_(tenants))
        with self._database.connect() as connection:
            return [_mail(row._mapping) for row in connection.execute(query)]

    def retry(self, mail: str) -> Mail:
        """Have a mail that failed, or waits for its next attempt, tried at once.

        Raises:
            NotFound: there is none with this id.
            Refused: it was sent.
        """
        with self._database.begin() as connection:
            found = _get(connection, mail)
            if found is None or not acting.get().sees(found.tenant):
                raise NotFound(f"There is no mail {mail!r}.")
            if found.state is MailState.SENT:
                raise Refused(f"Mail {mail} was sent already; put another one.")
            again = {"state": MailState.WAITING.value, "due_at": datetime.now(UTC), "attempts": 0}
            connection.execute(update(mails).where(_m.id == mail).values(**again, why=""))
        with self._database.connect() as connection:
            found = _get(connection, mail)
        if found is None:
            raise NotFound(f"There is no mail {mail!r}.")
        return found


# -- for the postman --------------------------------------------------------------------------


def claim(connection: Connection, now: datetime, lease: timedelta) -> Mail | None:
    """The mail that is due longest, put off by ``lease`` so that nobody else takes it."""
    due = (_m.state == MailState.WAITING.value) & (_m.due_at <= now)
    query = select(*_COLUMNS).where(due).order_by(_m.due_at, _m.id).limit(1)
    row = connection.execute(query).first()
    if row is None:
        return None
    found = _mail(row._mapping)
    mine = (_m.id == found.id) & due & (_m.attempts == found.attempts)
    taken = {"due_at": now + lease, "attempts": found.attempts + 1}
    if not connection.execute(update(mails).where(mine).values(**taken)).rowcount:
        return None
    return found


def attachments_of(connection: Connection, mail: str) -> list[Attachment]:
    """In order."""
    c = mail_attachments.c
    query = select(c.name, c.media, c.data).where(c.mail == mail).order_by(c.position)
    return [Attachment(**row._mapping) for row in connection.execute(query)]


def note_sent(connection: Connection, mail: str, at: datetime) -> None:
    """The server has it: what was attached is not needed any more."""
    connection.execute(delete(mail_attachments).where(mail_attachments.c.mail == mail))
    sent = {"state": MailState.SENT.value, "sent_at": at, "why": ""}
    connection.execute(update(mails).where(_m.id == mail).values(**sent))


def note_failed(connection: Connection, mail: str, why: str, again_at: datetime | None) -> None:
    """It did not go; ``again_at`` ``None``: and never will by itself."""
    values: dict[str, object] = {"why": one_line(why, _MOST_WHY)}
    if again_at is None:
        values["state"] = MailState.FAILED.value
    else:
        values["due_at"] = again_at
    connection.execute(update(mails).where(_m.id == mail).values(**values))


def forget_mails(connection: Connection, before: datetime) -> int:
    """Drop mails that were put before this and wait no more."""
    old = (_m.put_at < before) & (_m.state != MailState.WAITING.value)
    ids = select(_m.id).where(old)
    connection.execute(delete(mail_attachments).where(mail_attachments.c.mail.in_(ids)))
    return connection.execute(delete(mails).where(old)).rowcount


def _get(connection: Connection, mail: str) -> Mail | None:
    row = connection.execute(select(*_COLUMNS).where(_m.id == mail)).first()
    return _mail(row._mapping) if row else None


def _mail(row: object) -> Mail:
    values = dict(row)  # type: ignore[call-overload]
    return Mail(**{**values, "state": MailState(values["state"])})
