"""R3, I2: callers are asked when the seat has hung up; each answer is a row with seat and queue."""

from dataclasses import replace
from typing import Any

import pytest

from callcenter.acd import SeatState, load_plan, save_queue
from callcenter.ivr import Flow, publish
from callcenter.numbers import Destination, HostedNumber, save_number
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.port import Source
from callcenter.records.survey import (
    SurveyAnswer,
    SurveyFilter,
    SurveyResult,
    list_answers,
    survey_results,
)
from tests.support.world import World

SURVEY: dict[str, Any] = {
    "name": "after-call",
    "start": "ask",
    "nodes": {
        "ask": {
            "kind": "survey",
            "survey": "service",
            "questions": [
                {"name": "friendly", "prompts": ["q-friendly"], "invalid": ["invalid-choice"]},
                {"name": "recommend", "prompts": ["q-recommend"], "least": 0, "most": 10},
                {"name": "why", "prompts": ["q-why"], "comment": True},
            ],
            "thanks": ["thanks"],
            "next": "end",
        },
        "end": {"kind": "hangup"},
    },
}


async def surveyed(world: World, queue: str = "sales", flow: dict[str, Any] = SURVEY) -> None:
    """The queue asks its callers."""
    assert world.engine is not None
    with world.database.begin() as connection:
        publish(connection, Flow.model_validate(flow))
        plan = load_plan(connection).queues["sales"]
        save_queue(connection, replace(plan, name=queue, survey=flow["name"]))
    await world.engine.reload()


async def talking(world: World) -> FakeCaller:
    """A caller of the queue who talks with seat 1001."""
    await world.logs_in("1001")
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=16)
    assert world.state("1001") is SeatState.TALKING
    alice.heard.clear()
    return alice


async def answers(world: World) -> list[SurveyAnswer]:
    """Rows, oldest first."""
    assert world.engine is not None
    await world.passes(seconds=1)
    await world.engine.projector.settled()
    with world.database.connect() as connection:
        return list_answers(connection, SurveyFilter())[::-1]


def brief(rows: list[SurveyAnswer]) -> list[tuple[str, str, str, str]]:
    return [(row.question, row.answer, row.seat, row.queue) for row in rows]


async def test_when_the_seat_hangs_up_the_caller_is_asked(world: World) -> None:
    await surveyed(world)
    alice = await talking(world)
    alice.presses("510")
    alice.says(4.0)
    world.phone("1001").hang_up()
    await world.passes(seconds=30)
    assert alice.heard == ["q-friendly", "q-recommend", "q-why", "beep", "thanks", "goodbye"]
    assert not alice.is_up
    rows = await answers(world)
    assert brief(rows) == [
        ("friendly", "5", "1001", "sales"),
        ("recommend", "10", "1001", "sales"),
        ("why", "", "1001", "sales"),
    ]
    assert {(row.tenant, row.survey) for row in rows} == {("acme", "service")}
    (cdr,) = await world.cdrs()
    assert {row.call for row in rows} == {cdr.id}
    file = world.folder / "comments" / rows[2].comment
    assert world.engine is not None
    wav = world.engine.comments.sounds.read("acme", rows[2].comment)
    assert len(wav) == pytest.approx(2 * 4.1 * 8000, abs=3200)
    assert file.stat().st_mode & 0o077 == 0
    assert b"RIFF" not in file.read_bytes()
    assert world.state("1001") is SeatState.IDLE, "wrap-up does not wait for the survey"


async def test_who_hangs_up_first_is_not_asked(world: World) -> None:
    await surveyed(world)
    alice = await talking(world)
    alice.hangs_up()
    await world.passes(seconds=10)
    assert await answers(world) == []


async def test_who_was_not_served_is_not_asked(world: World) -> None:
    await surveyed(world)
    alice = world.calls()
    alice.presses("1")
    await world.passes(minutes=1)
    alice.hangs_up()
    assert await answers(world) == []
    assert "q-friendly" not in alice.heard


async def test_wrong_keys_are_asked_again_and_silence_is_no_answer(world: World) -> None:
    await surveyed(world)
    alice = await talking(world)
    alice.presses("9")  # there is no 9
    world.phone("1001").hang_up()
    await world.passes(seconds=2)
    alice.presses("4")
    await world.passes(seconds=2)
    alice.presses("11")  # more than 10
    await world.passes(seconds=40)
    assert alice.heard[:3] == ["q-friendly", "invalid-choice", "q-friendly"]
    assert alice.heard[3:5] == ["q-recommend", "q-recommend"]
    rows = await answers(world)
    assert [(row.answer, row.comment) for row in rows] == [("4", ""), ("", ""), ("", "")]


async def test_who_leaves_in_the_middle_was_asked_so_far(world: World) -> None:
    await surveyed(world)
    alice = await talking(world)
    alice.presses("3")
    world.phone("1001").hang_up()
    await world.passes(seconds=4)
    alice.hangs_up()
    assert brief(await answers(world)) == [
        ("friendly", "3", "1001", "sales"),
        ("recommend", "", "1001", "sales"),
    ]
    (cdr,) = await world.cdrs()
    assert cdr.talk_seconds > 0


async def test_a_comment_is_kept_although_the_caller_hangs_up_on_it(world: World) -> None:
    await surveyed(world)
    alice = await talking(world)
    alice.presses("37#")
    alice.says(60.0)
    world.phone("1001").hang_up()
    await world.passes(seconds=16)
    alice.hangs_up()
    why = (await answers(world))[-1]
    assert (why.question, why.seat) == ("why", "1001")
    assert (world.folder / "comments" / why.comment).is_file()


async def test_after_a_transfer_the_last_seat_is_meant_and_asked_for_once(world: World) -> None:
    await surveyed(world)
    alice = await talking(world)
    await world.logs_in("1002")
    alice.heard.clear()
    world.pbx.talks.refers(world.phone("1001"), "1002")
    await world.passes(seconds=6)
    assert world.state("1002") is SeatState.TALKING
    assert "q-friendly" not in alice.heard, "a transfer in progress is no end"
    alice.presses("2")
    world.phone("1002").hang_up()
    await world.passes(minutes=1)
    rows = await answers(world)
    assert brief(rows)[0] == ("friendly", "2", "1002", "sales")
    assert [row.question for row in rows] == ["friendly", "recommend", "why"]
    assert not alice.is_up


async def test_after_an_attended_transfer_too(world: World) -> None:
    await surveyed(world)
    alice = await talking(world)
    await world.logs_in("1002")
    ada = world.phone("1001")
    ada.most_calls = 2
    asks = world.pbx.place_call("1001", "1002", source=Source.EXTENSION)
    await world.passes(seconds=6)
    world.pbx.talks.joins(ada, asks)
    await world.passes(seconds=6)
    alice.presses("1")
    world.phone("1002").hang_up()
    await world.passes(minutes=1)
    assert brief(await answers(world))[0] == ("friendly", "1", "1002", "sales")


async def test_a_number_that_leads_to_the_queue_alone_asks_as_well(world: World) -> None:
    await surveyed(world)
    with world.database.begin() as connection:
        to = Destination.parse("queue:sales")
        save_number(connection, HostedNumber(number="4008009999", tenant="acme", destination=to))
    assert world.engine is not None
    await world.engine.reload()
    await world.logs_in("1001")
    alice = world.calls(number="4008009999")
    await world.passes(seconds=6)
    alice.presses("5")
    world.phone("1001").hang_up()
    await world.passes(minutes=1)
    assert brief(await answers(world))[0] == ("friendly", "5", "1001", "sales")
    assert not alice.is_up


async def test_an_engine_that_dies_asks_on_where_it_was(world: World) -> None:
    await surveyed(world)
    alice = await talking(world)
    alice.presses("5")
    world.phone("1001").hang_up()
    await world.passes(seconds=4)
    await world.engine_dies()
    await world.passes(seconds=3)
    alice.heard.clear()
    await world.start()
    alice.presses("8#")
    await world.passes(minutes=1)
    assert alice.heard == ["q-recommend", "q-why", "beep", "thanks", "goodbye"]
    assert [row.answer for row in await answers(world)] == ["5", "8", ""]
    assert not alice.is_up
    (cdr,) = await world.cdrs()
    assert cdr.resumed == 1


async def test_a_seat_that_hangs_up_while_no_engine_is_there_is_asked_about(world: World) -> None:
    await surveyed(world)
    alice = await talking(world)
    await world.engine_dies()
    world.phone("1001").hang_up()
    await world.passes(seconds=3)
    await world.start()
    alice.presses("5")
    await world.passes(minutes=1)
    assert brief(await answers(world))[0] == ("friendly", "5", "1001", "sales")
    assert alice.heard[-1] == "goodbye"


async def test_answers_the_database_missed_are_brought_from_the_journal(world: World) -> None:
    await surveyed(world)
    alice = await talking(world)
    assert world.engine is not None
    world.engine.projector.add = lambda *_: None  # type: ignore[method-assign]  # it dies first
    alice.presses("58#")
    world.phone("1001").hang_up()
    await world.passes(seconds=5)
    await world.engine_dies()
    alice.hangs_up()
    await world.start()
    assert [row.answer for row in await answers(world)][:2] == ["5", "8"]


async def test_a_survey_may_stand_in_any_flow(world: World) -> None:
    nodes: dict[str, Any] = {
        "ask": {**SURVEY["nodes"]["ask"], "survey": "", "next": "choose"},
        "choose": {
            "kind": "branch",
            "on": "variable",
            "variable": "friendly",
            "cases": {"1": "sorry"},
            "otherwise": "bye",
        },
        "sorry": {"kind": "hangup", "prompts": ["apology"]},
        "bye": {"kind": "hangup", "prompts": ["goodbye"]},
    }
    assert world.engine is not None
    with world.database.begin() as connection:
        publish(connection, Flow.model_validate({"name": "polls", "start": "ask", "nodes": nodes}))
        to = Destination.parse("flow:polls")
        save_number(connection, HostedNumber(number="4008009999", tenant="acme", destination=to))
    await world.engine.reload()
    alice = world.calls(number="4008009999")
    alice.presses("1")
    await world.passes(minutes=1)
    assert alice.heard[-1] == "apology"
    rows = await answers(world)
    assert brief(rows)[0] == ("friendly", "1", "", "")
    assert {row.survey for row in rows} == {"polls"}


async def test_a_survey_that_is_withdrawn_hurts_nobody(world: World) -> None:
    await surveyed(world)
    assert world.engine is not None
    with world.database.begin() as connection:
        plan = load_plan(connection).queues["sales"]
        save_queue(connection, replace(plan, survey="nowhere"))
    await world.engine.reload()
    alice = await talking(world)
    world.phone("1001").hang_up()
    await world.passes(seconds=5)
    assert alice.heard == ["goodbye"]


async def test_results_by_seat_and_queue(world: World) -> None:
    await surveyed(world)
    for key in ("5", "4", "5"):
        alice = await talking(world)
        alice.presses(key)
        world.phone("1001").hang_up()
        await world.passes(seconds=2)
        alice.hangs_up()
        await world.passes(seconds=20)
    await answers(world)

    def asked(wanted: SurveyFilter, by: Any = "seat") -> list[SurveyResult]:
        with world.database.connect() as connection:
            return survey_results(connection, wanted, by=by)

    (friendly,) = asked(SurveyFilter(question="friendly"))
    assert (friendly.of, friendly.asked, friendly.answered) == ("1001", 3, 3)
    assert friendly.mean == pytest.approx(14 / 3, abs=0.001)
    assert friendly.answers == {"4": 1, "5": 2}
    (recommend,) = asked(SurveyFilter(question="recommend"), by="queue")
    assert (recommend.of, recommend.asked, recommend.answered) == ("sales", 3, 0)
    assert recommend.mean is None
    assert asked(SurveyFilter(seat="1002")) == []
    assert asked(SurveyFilter(since=world.clock.now())) == []
