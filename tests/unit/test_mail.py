"""Mail: through a real SMTP server, over its refusals and delays, and over our own death."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError

from callcenter.kernel.actor import Actor, Role, acting
from callcenter.kernel.clock import LoopClock
from callcenter.kernel.database import metadata, open_database
from callcenter.kernel.errors import NotFound, Refused
from callcenter.kernel.mail import (
    Attachment,
    BadAddress,
    Mail,
    MailState,
    Outbox,
    Postman,
    Smtp,
    put_mail,
)
from callcenter.kernel.mail.model import address_of, one_line
from callcenter.kernel.mail.outbox import forget_mails, mail_attachments, note_failed
from callcenter.kernel.mail.postman import compose
from tests.support.mail import MailServer

WAV = Attachment(name="留言.wav", media="audio/wav", data=bytes(range(256)) * 40)


class _Clock(LoopClock):
    """Wall time that tests set; waits are real."""

    ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path}/callcenter.db")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    made = MailServer()
    await made.open()
    yield made
    await made.close()


def postman(database: Engine, server: MailServer, **more: float) -> Postman:
    smtp = Smtp(host="127.0.0.1", port=server.port, sender="客服 <cc@example.com>")
    return Postman(database, _Clock(), smtp, **more)


def only(database: Engine) -> Mail:
    (mail,) = Outbox(database).list()
    return mail


async def test_a_mail_arrives_as_it_was_put(database: Engine, server: MailServer) -> None:
    outbox = Outbox(database)
    outbox.put("张三 <zhang@example.com>", "留言 from 王小明", "第一行\n.\nend", [WAV])
    before = only(database)
    await postman(database, server).deliver_next()
    letter = await server.letter()
    assert server.recipients == ["zhang@example.com"]
    assert letter["To"] == "张三 <zhang@example.com>"
    assert letter["From"] == "客服 <cc@example.com>"
    assert letter["Subject"] == "留言 from 王小明"
    assert letter["Message-ID"] == f"<{before.id}@example.com>"
    body = letter.get_body()
    assert isinstance(body, EmailMessage)
    assert body.get_content().splitlines() == ["第一行", ".", "end"]
    (attached,) = letter.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("留言.wav", "audio/wav")
    assert attached.get_content() == WAV.data
    mail = only(database)
    assert (mail.state, mail.attempts) == (MailState.SENT, 1)
    assert mail.sent_at is not None
    with database.connect() as connection:
        assert connection.execute(select(mail_attachments)).first() is None
    assert not await postman(database, server).deliver_next()


async def test_what_is_put_off_is_tried_again_under_the_same_identity(
    database: Engine, server: MailServer
) -> None:
    Outbox(database).put("ann@example.com", "Report", "text")
    server.answers.extend(["451 come back later", "450 still not"])
    ours = postman(database, server)
    assert await ours.deliver_next()
    mail = only(database)
    assert (mail.state, mail.why) == (MailState.WAITING, "451 come back later")
    assert not await ours.deliver_next(), "not before its time"
    waits = []
    for _ in range(2):
        mail = only(database)
        waits.append(round((mail.due_at - ours._clock.now()).total_seconds() / 60))
        _Clock.ahead = mail.due_at - datetime.now(UTC)
        assert await ours.deliver_next()
    assert waits == [1, 2]
    assert only(database).state is MailState.SENT
    assert len(server.letters) == 1
    _Clock.ahead = timedelta()


async def test_after_two_days_it_is_given_up(database: Engine, server: MailServer) -> None:
    await server.close()
    Outbox(database).put("ann@example.com", "Report", "text")
    ours = postman(database, server)
    start, tries = only(database).put_at, 0
    while (mail := only(database)).state is MailState.WAITING:
        _Clock.ahead = mail.due_at - datetime.now(UTC)
        assert await ours.deliver_next()
        tries += 1
    lasted = ours._clock.now() - start
    _Clock.ahead = timedelta()
    assert tries == 13
    assert timedelta(hours=36) < lasted < timedelta(hours=72)
    assert mail.state is MailState.FAILED
    assert "connect" in mail.why.lower()


@pytest.mark.parametrize("where", ["rcpt", "data"])
async def test_a_refusal_for_good_is_seen_and_may_be_tried_again(
    database: Engine, server: MailServer, where: str
) -> None:
    refusal = "550 no such mailbox"
    (server.at_rcpt if where == "rcpt" else server.answers).append(refusal)
    outbox = Outbox(database)
    outbox.put("nobody@example.com", "Report", "text", [WAV])
    ours = postman(database, server)
    await ours.deliver_next()
    mail = only(database)
    assert (mail.state, mail.why) == (MailState.FAILED, refusal)
    assert not await ours.deliver_next()
    assert outbox.list(state="failed") == [mail]
    outbox.retry(mail.id)
    await ours.deliver_next()
    letter = await server.letter()
    assert [part.get_filename() for part in letter.iter_attachments()] == [WAV.name]
    with pytest.raises(Refused, match="sent already"):
        outbox.retry(mail.id)


async def test_a_server_that_puts_off_an_address_is_asked_again(
    database: Engine, server: MailServer
) -> None:
    server.at_rcpt.append("450 greylisted")
    Outbox(database).put("ann@example.com", "Report", "text")
    await postman(database, server).deliver_next()
    mail = only(database)
    assert (mail.state, mail.why) == (MailState.WAITING, "450 greylisted")


async def test_a_slow_server_holds_up_nothing_for_ever(
    database: Engine, server: MailServer
) -> None:
    server.slow = 1.0
    Outbox(database).put("ann@example.com", "Report", "text")
    await postman(database, server, patience=0.2).deliver_next()
    mail = only(database)
    assert (mail.state, mail.why) == (MailState.WAITING, "The mail server was too slow.")


async def test_who_dies_with_a_mail_in_hand_loses_nothing(
    database: Engine, server: MailServer
) -> None:
    server.slow = 30.0
    Outbox(database).put("ann@example.com", "Report", "text")
    dying = asyncio.create_task(postman(database, server).deliver_next())
    await server.data_began.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    server.slow = 0.0
    ours = postman(database, server)
    assert not await ours.deliver_next(), "the one who died might still be at it"
    _Clock.ahead = timedelta(minutes=7)
    assert await ours.deliver_next()
    _Clock.ahead = timedelta()
    assert only(database).state is MailState.SENT


async def test_a_sent_mail_is_noted_however_long_the_database_is_away(
    database: Engine, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.kernel.mail.postman._ROUND", 0.01)
    Outbox(database).put("ann@example.com", "Report", "text")
    ours, away = postman(database, server), 3

    def write(mail: str, at: datetime) -> None:
        nonlocal away
        away -= 1
        if away > 0:
            raise OperationalError("update", {}, sqlite3.OperationalError("locked"))
        Postman._write_sent(ours, mail, at)

    monkeypatch.setattr(ours, "_write_sent", write)
    await ours.deliver_next()
    assert only(database).state is MailState.SENT
    assert len(server.letters) == 1


async def test_without_a_server_a_mail_fails_and_says_why(database: Engine) -> None:
    Outbox(database).put("ann@example.com", "Report", "text")
    await Postman(database, _Clock(), Smtp()).deliver_next()
    mail = only(database)
    assert mail.state is MailState.FAILED
    assert "smtp_host" in mail.why


def test_what_was_put_for_an_occasion_is_not_put_twice(database: Engine) -> None:
    outbox = Outbox(database)
    both = ["ann@example.com", "bob@example.com"]
    assert len(outbox.put(both, "Report", "text", once="daily 2026-03-02")) == 2
    assert outbox.put(both[0], "Report", "text", once="daily 2026-03-02") == []
    assert len(outbox.put(both[0], "Report", "text", once="daily 2026-03-03")) == 1


def test_it_is_put_with_the_transaction_or_not_at_all(database: Engine) -> None:
    with database.connect() as connection:
        put_mail(connection, "ann@example.com", "Report", "text", [WAV])
        connection.rollback()
    assert Outbox(database).list() == []


@pytest.mark.parametrize(
    "address",
    ["", "ann", "ann@", "@example.com", "a b@example.com", "ann@exa mple.com", "ann@-x.com-",
     "ann@example.com, bob@example.com", "ann@example.com\r\nBcc: bob@example.com"],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_one_sentence(database: Engine, address: str) -> None:
    with pytest.raises(BadAddress, match=r"^[^\n]*write it like ann@example.com\.$"):
        Outbox(database).put(["ann@example.com", address], "Report", "text")
    assert Outbox(database).list() == []


def test_an_address_in_another_script_is_sent_in_the_webs_own() -> None:
    assert address_of("李 <li@例子.公司>").addr_spec == "li@xn--fsqu00a.xn--55qx5d"


def test_too_large_a_mail_is_refused(database: Engine) -> None:
    large = Attachment(name="x", media="audio/wav", data=bytes(21 << 20))
    with pytest.raises(Refused, match="20 MB"):
        Outbox(database).put("ann@example.com", "Report", "text", [large])


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=300))
def test_nothing_anybody_calls_themselves_makes_a_header(
    name: str, subject: str, text: str
) -> None:
    now = datetime.now(UTC)
    mail = Mail(
        id="m-1", tenant="", to="ann@example.com",
        subject=one_line(f"Message\r\nBcc: bob@example.com {subject}"), text=text,
        state=MailState.WAITING, attempts=0, put_at=now, due_at=now, sent_at=None, why="",
    )  # fmt: skip
    attached = Attachment(name=one_line(f"{name}\r\nX-Evil: 1.wav"), media="audio/wav", data=b"x")
    raw = compose(mail, [attached], "cc@example.com").as_bytes()
    heads = raw.partition(b"\r\n\r\n")[0].lower()
    assert b"\r\nbcc:" not in heads
    assert b"\nx-evil:" not in raw.lower()


def test_mails_of_other_tenants_do_not_exist(database: Engine) -> None:
    outbox = Outbox(database)
    (mine,) = outbox.put("ann@example.com", "a", "text", tenant="acme")
    (other,) = outbox.put("bob@example.com", "b", "text", tenant="other")
    who = Actor(name="ann", role=Role.SUPERVISOR, tenants=frozenset({"acme"}))
    token = acting.set(who)
    try:
        assert [mail.id for mail in outbox.list()] == [mine]
        with pytest.raises(NotFound):
            outbox.retry(other)
    finally:
        acting.reset(token)


def test_old_mails_are_forgotten_and_waiting_ones_are_not(database: Engine) -> None:
    outbox = Outbox(database)
    old = outbox.put("ann@example.com", "a", "text", [WAV])[0]
    waiting = outbox.put("ann@example.com", "b", "text")[0]
    with database.begin() as connection:
        note_failed(connection, old, "550", None)
        assert forget_mails(connection, datetime.now(UTC) + timedelta(days=1)) == 1
    assert [mail.id for mail in outbox.list()] == [waiting]
