"""The live board by its keys: what is shown where, what is asked of the engine, what it answers."""

import asyncio
import re

import pytest
from textual.events import Key

from callcenter.cli.board.app import BoardApp
from callcenter.kernel.errors import Refused
from tests.support.board import Desk, ago, at_the_board, call


async def test_the_lists_at_80_by_24() -> None:
    async with at_the_board(Desk()) as person:
        queues = person.screen()
        assert len(queues) == 24
        assert max(map(len, queues)) <= 80
        assert queues[0].startswith(" ● PBX pbx1  ● database  engine 0.1.0, up 3d 4h")
        assert re.fullmatch(
            r" calls 2  wait 1 \(\d+:\d\d\)  talk 1  free 1/3  SL 100 %  day –", queues[1]
        )
        titles = "  QUEUE              WAIT LONGEST▴  READY/IN  SL NOW  SL DAY   ANSW  LOST    ASA"
        assert queues[3] == titles
        assert queues[4].split()[:2] == ["sales", "1"]
        assert queues[5].split() == ["客服", "·", "0/2", "87", "%", "–", "·", "·", "–"]
        assert "? help" in queues[23]
        assert "q quit" in queues[23]
        await person.presses("2")
        seats = person.screen()[4:8]
        assert [line.split()[0] for line in seats] == ["1001", "1002", "1003", "1004"]
        assert "● talking" in seats[0]
        assert "+8613800000001" in seats[0]
        assert "○ free" in seats[1]
        assert "lunch" in seats[2]
        await person.presses("3")
        calls = person.screen()[4:6]
        assert [line.split()[0] for line in calls] == ["+8613800000002", "+8613800000001"]
        await person.presses("4")
        machine = "\n".join(person.screen())
        assert "✕ unreachable" in machine
        assert "93 % of 2 cores" in machine
        assert "2 of 3 phones registered" in machine


async def test_a_change_is_drawn_and_the_chosen_row_stays_chosen() -> None:
    async with at_the_board(Desk()) as person:
        await person.presses("3", "down")
        assert (await person.sees("▌")).split()[1] == "+8613800000002"
        person.desk.tells("call", "c-3", call("c-3", "+8613800000003", waiting_since=ago(500)))
        await person.sees("+8613800000003")
        assert (await person.sees("▌")).split()[1] == "+8613800000002"
        person.desk.tells("call", "c-2", None)
        async with asyncio.timeout(5):
            while any("▌" in line for line in person.screen()):
                await person.pilot.pause(0.05)
        await person.presses("h")  # what moved into its place is not what was meant
        await person.sees("Choose a row first")
        assert not person.desk.requests


async def test_sorting_and_filtering() -> None:
    async with at_the_board(Desk()) as person:
        await person.presses("2", "S", "S", "S")
        assert (await person.sees("SEAT▴")).split()[0] == "SEAT▴"
        await person.presses("r")
        await person.sees("SEAT▾")
        assert [line.split()[0] for line in person.screen()[4:8]] == [
            "1004",
            "1003",
            "1002",
            "1001",
        ]
        await person.presses("slash", "b", "o")
        await person.sees("1 row")
        assert "Bob" in person.screen()[4]
        assert person.screen()[5] == ""
        await person.presses("b", "x")
        await person.sees("No row holds 'bobx'")
        await person.presses("escape", "escape")
        await person.sees("Anna")


async def test_from_a_queue_to_its_calls_to_the_seat() -> None:
    async with at_the_board(Desk()) as person:
        await person.presses("down")
        assert "row 1 of 2" in person.screen()[2]
        await person.presses("enter")
        await person.sees("CALLER")
        assert person.app.rows.words == "sales"
        await person.presses("end", "enter")
        assert (await person.sees("▌")).split()[1] == "1001"
        await person.presses("enter")
        assert (await person.sees("▌")).split()[1] == "+8613800000001"


async def test_listening_asks_for_the_phone_once() -> None:
    async with at_the_board(Desk()) as person:
        await person.presses("3", "down", "down", "l")
        await person.sees("Your phone")
        await person.types("1009")
        await person.sees("1009 listens to the call of +8613800000001")
        await person.presses("w")
        await person.sees("1009 whispers in")
        await person.presses("b", "x")
        await person.sees("1009 has left")
        asked = [(request.path, request.body) for request in person.desk.requests]
        assert asked == [
            ("/v1/calls/c-1/listen", {"mode": "monitor", "who": "1009"}),
            ("/v1/calls/c-1/listen", {"mode": "whisper", "who": "1009"}),
            ("/v1/calls/c-1/listen", {"mode": "barge", "who": "1009"}),
            ("/v1/calls/c-1/leave", {"who": "1009"}),
        ]


async def test_other_acts_and_their_requests() -> None:
    async with at_the_board(Desk(), phone="1009") as person:
        await person.presses("3", "down", "h")
        await person.sees("End the call of +8613800000002? y or n:")
        await person.presses("n")
        await person.sees("Nothing was done.")
        await person.presses("h", "y")
        await person.sees("Ended the call of +8613800000002.")
        await person.presses("t")
        await person.types("queue:vip")
        await person.sees("Sent the call of +8613800000002 to queue:vip.")
        await person.presses("n")
        await person.sees("Next is the call of +8613800000002.")
        await person.presses("2", "down", "down", "down", "f")
        await person.types("ready")
        await person.sees("Seat 1003 is ready now.")
        await person.presses("f")
        await person.types("busy long lunch")
        await person.sees("Seat 1003 is busy long lunch now.")
        await person.presses("f")
        await person.types("out")
        await person.sees("Seat 1003 is out now.")
        asked = [(request.path, request.body) for request in person.desk.requests]
        assert asked == [
            ("/v1/calls/c-2/hangup", {}),
            ("/v1/calls/c-2/transfer", {"to": "queue:vip"}),
            ("/v1/calls/c-2/prioritise", {"first": True}),
            ("/v1/seats/1003/force", {"status": "ready"}),
            ("/v1/seats/1003/force", {"status": "busy", "reason": "long lunch"}),
            ("/v1/seats/1003/force", {"status": "logged-out"}),
        ]


async def test_keys_that_come_fast_answer_the_question_and_act_on_nothing() -> None:
    async with at_the_board(Desk(), phone="1009") as person:
        await person.presses("3", "down")
        for key in "/hyt":
            person.app.post_message(Key("slash" if key == "/" else key, key))
        await person.sees("No row holds 'hyt'")
        assert not person.desk.requests
        await person.presses("escape", "escape", "down", "t", "q", "ctrl+c")
    assert person.app.return_code == 0
    assert not person.desk.requests


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        (("h",), "Choose a row first."),
        (("down", "l"), "Choose a call or a seat"),
        (("2", "down", "down", "h"), "Seat 1002 is in no call."),
        (("3", "down", "f"), "Choose a seat, or a call that has one."),
    ],
)
async def test_what_cannot_be_asked_for(keys: tuple[str, ...], sentence: str) -> None:
    async with at_the_board(Desk(), phone="1009") as person:
        await person.presses(*keys)
        await person.sees(sentence)
        assert not person.desk.requests


async def test_a_refusal_is_shown_as_it_was_said() -> None:
    desk = Desk()
    desk.refusal = Refused("Nobody talks in call c-2; there is nothing to hear yet.")
    async with at_the_board(desk, phone="1009") as person:
        await person.presses("3", "down", "l")
        await person.sees("Nobody talks in call c-2; there is nothing to hear yet.")


async def test_when_the_engine_is_away_it_says_so_and_time_stands_still() -> None:
    async with at_the_board(Desk()) as person:
        person.desk.away("No engine is running; start it with `callcenter up`.")
        line = await person.sees("✕ No engine is running; start it with `callcenter up`. Shown as")
        await person.pilot.pause(1.2)
        assert line in person.screen()
        person.desk.away("")
        await person.sees("● PBX pbx1")


async def test_names_of_strangers_do_nothing_to_the_terminal() -> None:
    async with at_the_board(Desk()) as person:
        person.desk.tells("call", "c-3", call("c-3", "\x1b[1ma\n[b]x[/b]"))
        await person.presses("3")
        line = await person.sees("[b]x")
        assert "\x1b" not in line
        assert "�[1ma�[b]x[/b]" in line


async def test_help_and_the_end() -> None:
    async with at_the_board(Desk()) as person:
        await person.presses("question_mark")
        await person.sees("listen; whisper to the agent; join in")
        await person.presses("escape")
        await person.sees("QUEUE")
        await person.presses("q")
    assert person.app.return_code == 0


async def test_a_fault_ends_it_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk()
    app = BoardApp(desk.listen, desk.ask)

    async def shows_it() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause(0.1)
            desk.tells("queue", "broken", {"queue": "broken", "waiting": 1})
            async with asyncio.timeout(5):
                while app.fault is None:
                    await pilot.pause(0.05)

    with pytest.raises(KeyError, match="oldest"):
        await shows_it()
    assert isinstance(app.fault, KeyError)
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
