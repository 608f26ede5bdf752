"""`callcenter top` as a person has it: a process on a real terminal of 80x24, a real socket."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callcenter.calls.open_call import CallState
from callcenter.settings import PROJECT
from callcenter.web.feed import Feed
from callcenter.web.rows import CallRow, EngineRow, Kind, Level, QueueRow
from tests.support.command import Command, Ended
from tests.support.screen import Screen, Terminal
from tests.support.services import NOON, RowsInMemory, served

ENGINE = EngineRow(
    tenant="*",
    version="0.1.0",
    pid=4711,
    started_at=NOON,
    node="pbx1",
    pbx_connected=True,
    pbx_why="",
    database_ok=True,
    backlog=0,
)
GOOD = Level(answered=9, within=9, abandoned=1, level=0.9, wait=4.0)


def a_queue(name: str, waiting: int = 0) -> QueueRow:
    return QueueRow(
        tenant="demo",
        queue=name,
        waiting=waiting,
        oldest=None,
        ready=2,
        logged_in=3,
        target=20,
        window=1800,
        now=Level(),
        today=GOOD,
    )


def a_call(name: str, caller: str) -> CallRow:
    return CallRow(
        tenant="demo",
        call=name,
        state=CallState.WAITING,
        caller=caller,
        name="",
        dialled="4008001234",
        trunk="world",
        queue="support",
        seat="",
        to="",
        started_at=NOON,
        since=NOON,
        waiting_since=NOON,
        talking_since=None,
        recording=False,
    )


def shown(feed: Feed) -> None:
    feed.publish(Kind.ENGINE, "engine", ENGINE)
    feed.publish(Kind.QUEUE, "support", a_queue("support", 1))
    feed.publish(Kind.QUEUE, "客服", a_queue("客服"))
    feed.publish(Kind.CALL, "c-1", a_call("c-1", "+8613800000001"))


@pytest.fixture
def run(tmp_path: Path) -> Command:
    return Command(home=tmp_path, extra={})


def told(ended: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended.out)
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o700)
    return tmp_path / "home"


@pytest.fixture
def terminal(home: Path) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "callcenter", "top"]
    made = Terminal(command, cwd=PROJECT, CALLCENTER_HOME=str(home), PYTHONPATH=str(PROJECT))
    yield made
    made.close()


async def test_what_is_drawn_and_that_it_comes_back(home: Path, terminal: Terminal) -> None:
    services = RowsInMemory()
    shown(services.feed)
    await terminal.shows("✕ No engine is running; start it with `callcenter up`.")
    with served(services, home / "engine.sock"):
        lines = await terminal.shows("PBX pbx1", "support", "? help")
        assert lines[0].startswith(" ● PBX pbx1  ● database  engine 0.1.0")
        assert lines[2].startswith(" 1 Queues 2   2 Seats 0   3 Calls 1   4 Trunks & machine 0")
        assert lines[4].split() == ["support", "1", "2/3", "–", "90", "%", "9", "1", "0:04"]
        assert lines[5].split() == ["客服", "·", "2/3", "–", "90", "%", "9", "1", "0:04"]
        assert lines[6:22] == [""] * 16
        assert lines[23].endswith("q quit")
        terminal.press("3")
        lines = await terminal.shows("+8613800000001")
        assert lines[4].split()[:3] == ["+8613800000001", "…", "waiting"]
        row = a_call("c-2", "+8613800000002")
        services.soon(lambda: services.feed.publish(Kind.CALL, "c-2", row))
        await terminal.shows("+8613800000001", "+8613800000002", within=2)
        services.soon(lambda: services.feed.remove(Kind.CALL, "c-1"))
        await _gone(terminal, "+8613800000001")
    await terminal.shows("✕ No engine is running", "+8613800000002")
    again = RowsInMemory()
    shown(again.feed)
    with served(again, home / "engine.sock"):
        await terminal.shows("PBX pbx1", "+8613800000001")
        await _gone(terminal, "+8613800000002")
        again.soon(lambda: again.feed.publish(Kind.CALL, "c-2", row))
        await terminal.shows("+8613800000002")
        assert "c-2" in again.open
        terminal.press("GhY")
        await terminal.shows("Ended the call of +8613800000002.")
        assert not again.open
        terminal.press("hy")
        await terminal.shows("There is no running call c-2.")
        terminal.press("q")
        assert await terminal.ended() == 0
    _terminal_is_as_it_was(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(
    terminal: Terminal, number: signal.Signals
) -> None:
    await terminal.shows("✕ No engine is running")
    os.kill(terminal.pid, number)
    assert await terminal.ended() == 0
    _terminal_is_as_it_was(terminal)


def _terminal_is_as_it_was(terminal: Terminal) -> None:
    assert "Traceback" not in terminal.raw
    end = terminal.raw.rpartition("\x1b[?1049l")[0]
    assert end, "it is still on the other screen"
    assert terminal.raw.rindex("\x1b[?25h") > terminal.raw.rindex("\x1b[?25l")  # the cursor
    assert terminal.raw.rindex("\x1b[?1000l") > terminal.raw.rindex("\x1b[?1000h")  # the mouse


async def _gone(terminal: Terminal, text: str) -> None:
    async with asyncio.timeout(5):
        while any(text in line for line in terminal.screen.lines):
            terminal.read()
            await asyncio.sleep(0.02)


def test_where_there_is_no_terminal_it_says_so(run: Command) -> None:
    ended = run("top")
    assert ended.status == 1
    assert ended.err == "This is no terminal; `callcenter top --once` prints the board once.\n"


def test_once_is_a_table_and_json(run: Command) -> None:
    services = RowsInMemory()
    shown(services.feed)
    with served(services, run.home / "engine.sock"):
        lines = run("top", "--once").out.splitlines()
        whole = told(run("top", "--once", "--json"))
        few = run("top", "--once", "--filter", "138").out
    assert lines[0].startswith("● PBX pbx1")
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if line.startswith(("support", "客服"))] == [
        "support",
        "客服",
    ]
    assert set(whole) == {"at", *(kind.value for kind in Kind)}
    assert whole["call"][0]["caller"] == "+8613800000001"
    assert "+8613800000001" in few
    assert "Nothing matches." in few


def test_the_screen_of_these_tests_reads_what_a_terminal_would() -> None:
    screen = Screen(10, 3)
    screen.feed("\x1b[2J\x1b[2;3Hab\x1b[38;5;1mc客\x1b[0m\x1b[1;")
    screen.feed("1Hx\r\ny\x1b]0;title\x07z\x1b[K")
    assert screen.lines == ["x", "yz", ""]
