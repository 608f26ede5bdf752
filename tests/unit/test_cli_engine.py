"""Commands that ask the running engine: what they print, as a table and as JSON."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callcenter.calls.search import Search
from callcenter.cli.shown import duration
from callcenter.web.client import Client
from tests.support.command import Command
from tests.support.services import RowsInMemory, a_cdr, served


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield Command(home=tmp_path, extra={})
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def engine(run: Command) -> Iterator[RowsInMemory]:
    with served(RowsInMemory(), run.home / "engine.sock") as services:
        yield services


def test_status(run: Command, engine: RowsInMemory) -> None:
    shown = run("status")
    assert shown.status == 0
    assert shown.out.splitlines() == [
        "Engine    0.1.0, process 4711",
        "Started   2026-03-02 12:00:00, up for 1:02:03",
        "PBX       local, not connected: not connected yet",
        "Database  takes records, 0 waiting",
        "Journal   at 12, in the database up to 12",
        "Calls     1 open",
        "Queues    1",
        "Seats     0 logged in",
        "Offers    0 made, 0 twice, 0 never ended, seats stuck for 0 s",
    ]


def test_an_agents_day(run: Command, engine: RowsInMemory) -> None:
    assert run("seat", "login", "21", "1001").out == "Seat 21 is ready at phone 1001.\n"
    assert (
        run("seat", "busy", "21", "--reason", "lunch").out
        == "Seat 21 is busy (lunch) at phone 1001.\n"
    )
    assert run("seat", "list").out.splitlines() == [
        "Seat  Name  Status        State  Phone  Call  Since",
        "21    Anna  busy (lunch)  idle   1001         12:00:00",
        "22    李雷  logged out    idle                12:00:00",
    ]
    assert run("seat", "ready", "21").out == "Seat 21 is ready at phone 1001.\n"
    assert run("seat", "logout", "21").out == "Seat 21 is logged out.\n"


def test_queues_and_calls(run: Command, engine: RowsInMemory) -> None:
    assert run("queue", "list").out.splitlines() == [
        "Queue    Tenant  Waiting  Longest  Ready  Logged in",
        "support  demo    1        1:15     0      0",
    ]
    assert run("call", "list").out.splitlines() == [
        "Call  State    Caller          Dialled     Queue    Seat  Waits  Talks",
        "c-2   waiting  +8613800000002  4008001234  support        1:15",
    ]
    assert run("call", "hangup", "c-2").out == "Call c-2 has ended.\n"
    assert run("call", "list").out == "No call is running.\n"


def test_cdrs(run: Command, engine: RowsInMemory) -> None:
    assert run("cdr", "list").out.splitlines() == [
        "Call  Started         Caller          Queue    Seat  Wait  Talk  Result",
        "c-1   03-02 12:00:00  +8613800000001  support  21    0:04  0:20  answered",
    ]
    shown = run("cdr", "show", "c-1").out
    assert "Caller     +8613800000001 王小明\n" in shown
    assert "Recording  2026/c-1.wav, 0:20, caller -21.5 dBFS, seat silent\n" in shown
    assert shown.splitlines()[-1] == (
        "seat    1001         21    12:00:00  12:00:00  12:00:30  0:20        answered"
    )


def test_a_search_is_asked_of_the_engine_in_utc(run: Command, engine: RowsInMemory) -> None:
    days = ("--from", "2026-03-01", "--to", "2026-03-02 18:00")
    more = ("--caller", "+86138*", "--longer", "60", "--result", "answered", "--region", "CN")
    assert run("cdr", "list", *days, *more).out == "No such call has ended.\n"
    [asked] = engine.records.asked
    assert asked == Search(
        since=datetime(2026, 3, 1, tzinfo=UTC),
        until=datetime(2026, 3, 2, 18, tzinfo=UTC),
        caller="+86138*",
        longer=60.0,
        result="answered",
        region="CN",
    )


def test_a_long_list_is_fetched_page_by_page(run: Command, engine: RowsInMemory) -> None:
    engine.ended = [a_cdr(f"c-{n}") for n in range(2500)]
    rows = json.loads(run("cdr", "list", "--limit", "2300", "--json").out)
    assert [row["id"] for row in rows] == [f"c-{n}" for n in range(2300)]
    assert len(engine.records.asked) == 3


def test_an_export_appears_whole_or_not_at_all(
    run: Command, engine: RowsInMemory, tmp_path: Path
) -> None:
    file = tmp_path / "calls.jsonl"
    assert run("cdr", "export", "-o", str(file)).out == f"Wrote {file} (13 bytes).\n"
    assert file.read_text() == "c-1 as jsonl\n"
    assert run("cdr", "export", "-o", "-", "--format", "xlsx").out == "c-1 as xlsx\n"
    engine.ended = [a_cdr(), None]  # type: ignore[list-item]
    file.unlink()
    broken = run("cdr", "export", "-o", str(file))
    assert (broken.status, broken.err) == (3, "The engine broke off its answer; see its log.\n")
    assert not list(tmp_path.glob("calls*"))
    nowhere = run("cdr", "export", "-o", "/proc/calls.csv")
    assert nowhere.err == "/proc/calls.csv cannot be written: No such file or directory.\n"


def test_reload_and_stop(run: Command, engine: RowsInMemory) -> None:
    assert run("reload").status == 0
    assert run("stop").status == 0
    assert engine.reloads == 1
    assert engine.stopping.is_set()


@pytest.mark.parametrize(
    ("command", "ask"),
    [
        (("status",), Client.status),
        (("seat", "list"), Client.seats),
        (("queue", "list"), Client.queues),
        (("call", "list"), Client.calls),
        (("cdr", "list"), Client.cdrs),
        (("cdr", "show", "c-1"), lambda client: client.cdr("c-1")),
    ],
)
def test_json_is_what_the_api_says(
    run: Command, engine: RowsInMemory, command: tuple[str, ...], ask: Any
) -> None:
    with Client(run.home / "engine.sock") as client:
        assert json.loads(run(*command, "--json").out) == ask(client)


def test_a_list_without_rows_is_json_too(run: Command, engine: RowsInMemory) -> None:
    engine.open.clear()
    assert json.loads(run("call", "list", "--json").out) == []


def test_a_strangers_name_cannot_steer_the_terminal(run: Command, engine: RowsInMemory) -> None:
    evil = a_cdr()
    evil.caller_name = "\x1b[2J\x9b2J\u202e[red]boo[/red]\r\nc-9"
    engine.ended = [evil]
    table, as_json = run("cdr", "show", "c-1").out, run("cdr", "show", "c-1", "--json").out
    for shown in (table, as_json):
        assert not set(shown) & set("\x1b\x9b\u202e\r")
    assert "[red]boo[/red]" in table
    assert json.loads(as_json)["caller_name"] == evil.caller_name


def test_long_rows_stay_inside_80_columns(run: Command, engine: RowsInMemory) -> None:
    long = a_cdr("c-0123456789abcd")
    long.queue, long.seat, long.caller = "customer-service-evening", "1234567890", "+" + "9" * 20
    engine.ended = [long]
    engine.seat_log_in("21", "1" * 32)
    for command in (("cdr", "list"), ("seat", "list"), ("cdr", "show", long.id), ("status",)):
        shown = run(*command)
        assert shown.status == 0
        assert max(map(len, shown.out.splitlines())) <= 80
    assert "c-0123456789abcd" in run("cdr", "list").out


def test_durations() -> None:
    assert [duration(s) for s in (None, 0, 59.9, 60, 3599, 3600, 360000)] == [
        "",
        "0:00",
        "0:59",
        "1:00",
        "59:59",
        "1:00:00",
        "100:00:00",
    ]


def test_explain_tells_each_decision_and_whom_it_passed_over(
    run: Command, engine: RowsInMemory
) -> None:
    shown = run("call", "explain", "c-1")
    assert shown.status == 0
    chosen, passed, more = shown.out.splitlines()
    assert chosen.endswith("  Seat 21 is chosen.")
    assert passed.strip() == "not 22: lacks ja at level 2"
    assert more.strip() == "and 3 further seats"
    found = json.loads(run("call", "explain", "c-1", "--json").out)
    assert found["moments"][0]["passed"] == [{"who": "22", "why": "lacks ja at level 2"}]
    missing = run("call", "explain", "nobody")
    assert missing.status != 0
    assert missing.err.strip() == "There is no ended call nobody."
