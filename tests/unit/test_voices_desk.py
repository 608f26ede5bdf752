"""R2, R3: boxes, messages, mails and surveys by command and REST, on SQLite and on PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from callcenter.ivr import Flow, publish
from callcenter.kernel.actor import Actor, Role, acting
from callcenter.kernel.database import open_database
from callcenter.kernel.errors import NotFound
from callcenter.kernel.mail import Attachment, MailState, Outbox
from callcenter.kernel.mail.outbox import attachments_of, claim, note_failed, note_sent
from callcenter.records import Message
from callcenter.records.boxes import Box, Boxes, Letters, Mailbox, load_boxes, save_box
from callcenter.records.boxes.letters import Reader, letter
from callcenter.records.keys import KeyRing
from callcenter.records.sounds import SpokenSounds
from callcenter.records.store import save_message
from callcenter.records.survey import SurveyAnswer, SurveyFilter, save_answer, survey_results
from callcenter.records.survey.store import list_answers
from callcenter.settings import load
from tests.support.command import Command
from tests.support.postgres import database, database_url, postgres
from tests.support.seeded import seeded

__all__ = ["database", "database_url", "postgres"]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def message(name: str = "v-1", box: str = "seat-1001", *, path: str = "", **more: Any) -> Message:
    return Message(
        id=name,
        tenant="demo",
        box=box,
        call="c-1",
        caller="+8613800000001",
        at=NOON,
        seconds=1.5,
        path=path or f"2026/03/02/{name}.wav",
        **more,
    )


def sounds(database: Engine, folder: Path) -> SpokenSounds:
    return SpokenSounds(folder, KeyRing(database, folder / "master.key"))


def answer(position: int, **more: Any) -> SurveyAnswer:
    values: dict[str, Any] = {
        "call": f"c-{position}",
        "position": position,
        "tenant": "demo",
        "survey": "service",
        "question": "friendly",
        "answer": "5",
        "seat": "1001",
        "queue": "sales",
        "at": NOON,
    }
    return SurveyAnswer(**(values | more))


@pytest.fixture
def run(tmp_path: Path) -> Command:
    made = Command(home=tmp_path / "home", extra={})
    seeded(load(home=made.home))
    return made


# -- both databases ---------------------------------------------------------------------------


def test_a_mail_and_its_attachment_go_through_each_database(database: Engine) -> None:
    outbox = Outbox(database)
    sound = Attachment(name="a.wav", media="audio/wav", data=bytes(range(256)))
    (first,) = outbox.put("王 <ann@example.com>", "题", "text", [sound], once="x")
    assert outbox.put("王 <ann@example.com>", "题", "text", once="x") == []
    now = datetime.now(UTC) + timedelta(seconds=1)
    with database.begin() as connection:
        taken = claim(connection, now, timedelta(minutes=6))
        assert taken is not None
        assert taken.id == first
        assert claim(connection, now, timedelta(minutes=6)) is None, "somebody has it in hand"
        assert attachments_of(connection, first) == [sound]
        note_failed(connection, first, "550 no", None)
    assert outbox.list(state="failed")[0].why == "550 no"
    with database.begin() as connection:
        note_sent(connection, first, now)
    assert outbox.list()[0].state is MailState.SENT


def test_boxes_and_messages_in_each_database(database: Engine, tmp_path: Path) -> None:
    mailbox = Mailbox(database, sounds(database, tmp_path))
    with database.begin() as connection:
        save_box(connection, Box(tenant="demo", name="shop", mail=("a@x.cn",), keep_days=1))
        for each in (message(), message("v-2"), message("v-3", "shop")):
            mailbox.keep(connection, each)
        boxes = load_boxes(connection)
    mailbox.heard("v-1", NOON)
    assert mailbox.counts() == {("demo", "seat-1001"): (1, 1), ("demo", "shop"): (1, 0)}
    assert [m.id for m in mailbox.messages("demo", ("seat-1001",))] == ["v-2", "v-1"]
    assert mailbox.messages("other", ("seat-1001",)) == []
    moved = mailbox.hand_over("v-1", "shop", "ann")
    assert (moved.box, moved.heard_at, moved.handed_by) == ("shop", None, "ann from seat-1001")
    assert mailbox.forget_old(boxes, NOON + timedelta(days=2)) == 2
    assert mailbox.counts() == {("demo", "seat-1001"): (1, 0)}


def test_results_are_counted_by_each_database(database: Engine) -> None:
    with database.begin() as connection:
        for position, key in enumerate(("5", "4", "5", "")):
            save_answer(connection, answer(position, answer=key))
        save_answer(connection, answer(7, answer="", comment="x.wav", question="why"))
        save_answer(connection, answer(8, tenant="other", answer="1"))
    with database.connect() as connection:
        friendly, why = survey_results(connection, SurveyFilter(tenant="demo"), by="seat")
        (every, _, _) = survey_results(connection, SurveyFilter(), by="survey")
        listed = list_answers(connection, SurveyFilter(queue="sales"), most=2)
    assert (friendly.of, friendly.asked, friendly.answered) == ("1001", 4, 3)
    assert friendly.mean == pytest.approx(14 / 3, abs=0.001)
    assert friendly.answers == {"4": 1, "5": 2}
    assert (why.asked, why.answered, why.comments, why.mean) == (1, 1, 1, None)
    assert every.of == ""
    assert [row.position for row in listed] == [8, 7]


def test_nobody_sees_answers_of_other_tenants(database: Engine) -> None:
    with database.begin() as connection:
        save_answer(connection, answer(1))
    token = acting.set(Actor(name="x", role=Role.SUPERVISOR, tenants=frozenset({"other"})))
    try:
        with database.connect() as connection:
            assert list_answers(connection, SurveyFilter()) == []
            assert survey_results(connection, SurveyFilter(tenant="demo"), by="seat") == []
    finally:
        acting.reset(token)


# -- mail of a message ------------------------------------------------------------------------


def test_a_letter_tells_the_time_where_the_reader_is() -> None:
    subject, text = letter(message(), Reader(language="ja", zone="Asia/Tokyo"))
    assert subject == "seat-1001 への留守番メッセージ（+8613800000001）"
    assert "2026-03-02 21:00 (Asia/Tokyo)" in text
    withheld = Message(**{**vars(message()), "caller": ""})
    assert "a withheld number" in letter(withheld, Reader(language="fr"))[1]


def test_a_bad_address_or_a_lost_sound_loses_no_message(database: Engine, tmp_path: Path) -> None:
    box = Box(tenant="demo", name="seat-1001", mail=("nonsense", "ann@example.com"))
    boxes = Boxes(known={("demo", "seat-1001"): box})
    letters = Letters(
        sounds(database, tmp_path), lambda: boxes, lambda _: Reader(zone="Nowhere/Else")
    )
    mailbox = Mailbox(database, sounds(database, tmp_path), letters)
    with database.begin() as connection:
        mailbox.keep(connection, message())
    assert [mail.to for mail in Outbox(database).list()] == ["ann@example.com"]
    assert mailbox.get("v-1").id == "v-1"
    with pytest.raises(NotFound):
        mailbox.get("v-2")


# -- commands ---------------------------------------------------------------------------------


def test_boxes_are_set_up_shown_and_removed(run: Command) -> None:
    words = ["voicemail", "box", "set", "seat-1001", "--tenant", "demo"]
    ended = run(*words, "--mail", "王 <ann@example.com>", "--seat", "1002", "--keep-days", "30")
    assert ended.out == "Box seat-1001 of demo: mail to 王 <ann@example.com>.\n"
    (row,) = json.loads(run("voicemail", "box", "list", "--json").out)
    assert (row["name"], row["seats"], row["keep_days"]) == ("seat-1001", ["1002"], 30)
    assert run("voicemail", "box", "remove", "seat-1001", "--tenant", "demo").status == 0
    assert "No box has been set up." in run("voicemail", "box", "list").out


def test_what_is_wrong_with_a_box_is_one_sentence(run: Command) -> None:
    for words, why in (
        (["set", "seat-1001", "--tenant", "nobody"], "no tenant 'nobody'"),
        (["set", "seat-9999", "--tenant", "demo"], "no seat '9999'"),
        (["set", "shop", "--tenant", "demo", "--seat", "77"], "no seat '77'"),
        (["set", "shop", "--tenant", "demo", "--mail", "nonsense"], "'nonsense' is no mail"),
        (["remove", "shop", "--tenant", "demo"], "no box 'shop'"),
    ):
        ended = run("voicemail", "box", *words)
        assert ended.status in (1, 2)
        assert why in ended.sentence


def test_a_message_is_handed_over_by_command(run: Command) -> None:
    database = open_database(load(home=run.home).database_url)
    with database.begin() as connection:
        save_message(connection, message())
    database.dispose()
    ended = run("voicemail", "hand-over", "v-1", "--to", "seat:1002")
    assert ended.out == "Message v-1 is in box seat-1002.\n"
    assert "no seat '7'" in run("voicemail", "hand-over", "v-1", "--to", "seat:7").sentence
    assert "no voicemail" in run("voicemail", "hand-over", "v-9", "--to", "seat:1002").sentence


def test_mails_are_listed_and_tried_again(run: Command) -> None:
    assert run("mail", "list").out == "There are no mails.\n"
    database = open_database(load(home=run.home).database_url)
    (mail,) = Outbox(database).put("ann@example.com", "Report\x1b[2J", "text")
    with database.begin() as connection:
        note_failed(connection, mail, "550 no such mailbox", None)
    database.dispose()
    shown = run("mail", "list", "--state", "failed").out
    assert "\x1b" not in shown
    assert "550 no" in shown
    assert "tried again" in run("mail", "retry", mail).out
    (row,) = json.loads(run("mail", "list", "--json").out)
    assert (row["state"], row["why"]) == ("waiting", "")
    assert "There is no mail 'm-x'." in run("mail", "retry", "m-x").sentence


def test_a_queue_takes_a_survey_that_asks_something(run: Command) -> None:
    ended = run("queue", "set", "sales", "--survey", "nowhere")
    assert "no published flow 'nowhere'" in ended.err
    assert "asks nothing" in run("queue", "set", "sales", "--survey", "demo").err
    nodes = {
        "q": {"kind": "survey", "questions": [{"name": "a", "prompts": ["beep"]}], "next": "e"},
        "e": {"kind": "hangup"},
    }
    database = open_database(load(home=run.home).database_url)
    with database.begin() as connection:
        publish(connection, Flow.model_validate({"name": "ask", "start": "q", "nodes": nodes}))
    database.dispose()
    assert run("queue", "set", "sales", "--survey", "ask").status == 0
    assert json.loads(run("queue", "show", "sales", "--json").out)["survey"] == "ask"
    assert run("queue", "set", "sales", "--survey", "").status == 0


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({"least": 3}, "'least' and 'most' belong together"),
        ({"least": 5, "most": 3}, "least is more than most"),
        ({"comment": True, "keys": "12"}, "a comment is spoken"),
        ({"least": 0, "most": 9, "keys": "12"}, "a number has no 'keys'"),
        ({"keys": "abc"}, "should match pattern"),
    ],
)
def test_a_question_has_one_kind_of_answer(question: dict[str, Any], why: str) -> None:
    asked = [{"name": "a", "prompts": ["beep"], **question}]
    nodes = {"q": {"kind": "survey", "questions": asked, "next": "e"}, "e": {"kind": "hangup"}}
    with pytest.raises(ValueError, match=why):
        Flow.model_validate({"name": "ask", "start": "q", "nodes": nodes})
