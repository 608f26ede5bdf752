"""Routing as administrators handle it, by command and REST, with and without an engine."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from callcenter.kernel.database import open_database
from callcenter.kernel.errors import CallCenterError, NotFound
from callcenter.routing.desk import files, lists
from callcenter.routing.lists import PLATFORM, Change, ListName, Lists
from callcenter.routing.load import load_lists
from callcenter.services.members import DatabaseMembers
from callcenter.services.routing import DatabaseRouting
from callcenter.web.alone import Alone
from callcenter.web.client import Client
from tests.support.command import Command
from tests.support.migrated import migrated
from tests.support.services import RowsInMemory, served


@dataclass
class Home:
    """A database with one tenant and one number."""

    folder: Path
    url: str
    api: Alone

    def rows(self, query: str) -> list[Any]:
        with sqlite3.connect(self.folder / "callcenter.db") as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    url = migrated(tmp_path / "callcenter.db")
    database = open_database(url)
    made = Home(tmp_path, url, Alone(DatabaseRouting(database), DatabaseMembers(database)))
    made.api.ask("PUT", "/v1/tenants/acme", {"zone": "Asia/Shanghai"})
    made.api.ask("PUT", "/v1/numbers/4001", {"tenant": "acme", "destination": "flow:main"})
    yield made
    database.dispose()


@pytest.fixture
def run(home: Home) -> Command:
    return Command(home=home.folder, extra={})


def _explained(home: Home, caller: str, **more: object) -> str:
    body = {"from": caller, "to": "4001", **more}
    return str(home.api.ask("POST", "/v1/route/explain", body)["destination"])


def test_a_blacklist_from_typing_to_refusal(home: Home, run: Command) -> None:
    added = run("list", "add", "black", "138*", "--note", "fax", "--expires", "2026-12-31")
    assert added.out == "+86138* is on the blacklist of the platform.\n"
    assert added.sentence.startswith("No engine runs: this went to the database")
    before, after = "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"
    assert _explained(home, "13800000001", at=before) == "refuse:21"
    assert _explained(home, "13800000001", at=after) == "flow:main"
    shown = json.loads(run("list", "show", "black", "--json").out)
    assert shown == [
        {
            "list": "black",
            "tenant": "*",
            "number": "+86138*",
            "note": "fax",
            "expires_at": "2027-01-01T00:00:00Z",
        }
    ]
    assert run("list", "remove", "black", "138*").status == 0
    assert run("list", "remove", "black", "138*").sentence == (
        "+86138* is not on the blacklist of the platform."
    )
    assert _explained(home, "13800000001", at=before) == "flow:main"


def test_the_last_day_of_an_entry_is_a_day_of_the_tenant(home: Home) -> None:
    entry = {"number": "13800000001", "tenant": "acme", "expires": "2026-12-31"}
    assert home.api.ask("POST", "/v1/lists/black", entry)["expires_at"] == "2026-12-31T16:00:00Z"


def test_an_import_with_a_bad_line_imports_nothing(
    home: Home, run: Command, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("number,note,expires\n13900000001,ok,\nabc,x,\n13900000002,y,tomorrow\n,,\n")
    refused = run("list", "import", "black", str(file), "--tenant", "acme")
    assert refused.status == 1
    assert refused.out == "0 entries went to the blacklist of acme; 2 lines are bad.\n"
    assert "line 3: 'abc' is no number" in refused.err
    assert "line 4: 'tomorrow' is no date" in refused.err
    assert home.rows("SELECT * FROM list_entries") == []
    taken = run("list", "import", "black", str(file), "--tenant", "acme", "--skip-bad", "--json")
    assert taken.status == 0
    report = json.loads(taken.out)
    assert (report["lines"], report["imported"], report["bad"]) == (3, 1, 2)
    assert [line["line"] for line in report["told"]] == [3, 4]
    assert home.rows("SELECT pattern FROM list_entries") == [("+8613900000001",)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must name its columns"),
        ("13900000001\n", "must name its columns"),
        ("number,colour\n1,red\n", "must name its columns"),
        ('number\n"' + "1" * 200_000, "is no CSV"),
    ],
)
def test_a_file_without_sense_is_refused(home: Home, text: str, sentence: str) -> None:
    with pytest.raises(CallCenterError, match=sentence):
        home.api.ask("POST", "/v1/lists/black/import", {"csv": text})


def test_an_export_imports_as_it_was(home: Home, run: Command, tmp_path: Path) -> None:
    home.api.ask("POST", "/v1/lists/white", {"number": "138*", "note": 'a, "b"', "tenant": "acme"})
    home.api.ask("POST", "/v1/lists/white", {"number": "anonymous", "tenant": "acme"})
    entry = {"number": "+81312345678", "tenant": "acme", "expires": "2026-12-31"}
    home.api.ask("POST", "/v1/lists/white", entry)
    file = tmp_path / "white.csv"
    told = run("list", "export", "white", str(file), "--tenant", "acme")
    assert told.out == f"3 entries are in {file}.\n"
    before = home.api.ask("GET", "/v1/lists/white?tenant=acme")
    for number in ("138*", "anonymous", "%2B81312345678"):
        home.api.ask("DELETE", f"/v1/lists/white?tenant=acme&number={number}")
    assert home.api.ask("GET", "/v1/lists/white?tenant=acme") == []
    assert run("list", "import", "white", str(file), "--tenant", "acme").status == 0
    assert home.api.ask("GET", "/v1/lists/white?tenant=acme") == before


def test_lists_are_loaded_by_what_changed_and_come_out_the_same(home: Home) -> None:
    database = open_database(home.url)
    known = Lists()
    for n in range(6):
        with database.begin() as connection:
            row = Change("black", PLATFORM, f"+86{n % 4}", "", None, n >= 4)
            lists.write(connection, [row])
        with database.connect() as connection:
            known = load_lists(connection, known)
            fresh = load_lists(connection, Lists())
            assert load_lists(connection, known) is known
        for key in ("+860", "+861", "+862", "+863"):
            assert known.black[PLATFORM].match(key, 0) == fresh.black[PLATFORM].match(key, 0)
    database.dispose()


def test_a_failing_import_leaves_the_list_as_it_was(home: Home) -> None:
    database = open_database(home.url)
    desk = lists.Home(tenant="acme")

    def fail_afterwards() -> None:
        with database.begin() as connection:
            files.import_csv(connection, ListName.BLACK, desk, "number\n13800000001\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_afterwards()
    with database.connect() as connection:
        assert lists.show(connection, ListName.BLACK, "acme") == []
        assert load_lists(connection, Lists()).revision == 0
    database.dispose()


def test_hours_by_command(home: Home, run: Command) -> None:
    made = run(
        *("hours", "set", "office", "--tenant", "acme", "--on", "mon-fri=09:00-18:00"),
        *("--holidays", "CN", "--calendars", "special"),
    )
    assert made.out.startswith("Hours office of acme: mon 09:00-18:00;")
    run("hours", "date", "set", "special", "2026-03-03", "closed", "--tenant", "acme")
    run("number", "set", "4001", "--hours", "office", "--closed-to", "voicemail:box")
    assert _explained(home, "", at="2026-03-02T10:00+08:00") == "flow:main"
    assert _explained(home, "", at="2026-03-03T10:00+08:00") == "voicemail:box"
    assert _explained(home, "", at="2026-02-14T10:00+08:00") == "flow:main"  # make-up day
    assert _explained(home, "", at="2026-10-01T10:00+08:00") == "voicemail:box"
    run("number", "set", "4001", "--holiday-to", "announcement:holiday")
    assert _explained(home, "", at="2026-10-01T10:00+08:00") == "announcement:holiday"
    used = run("hours", "remove", "office", "--tenant", "acme")
    assert used.sentence == "Hours office are used by number 4001; give it others first."


def test_make_up_days_of_china_came_with_the_schema(home: Home, run: Command) -> None:
    days = {row["day"] for row in json.loads(run("hours", "make-up", "list", "--json").out)}
    assert {"2026-02-14", "2026-10-10"} <= days
    assert run("hours", "make-up", "add", "CN", "2027-02-06").status == 0


def test_regions_by_command(home: Home, run: Command) -> None:
    run("region", "set", "CN/广东", "queue:south", "--tenant", "acme")
    run("region", "set", "JP", "refuse:rejected", "--tenant", "*")
    assert _explained(home, "13500001234") == "queue:south"
    assert _explained(home, "+81312345678") == "refuse:21"
    assert "cn/广东" in run("region", "list").out
    assert run("region", "remove", "CN/广东", "--tenant", "acme").status == 0
    assert _explained(home, "13500001234") == "flow:main"


def test_route_explain_prints_the_decision_and_each_rule(home: Home, run: Command) -> None:
    shown = run("route", "explain", "--from", "13800000001", "--to", "4001", "--json")
    found = json.loads(shown.out)
    assert found["destination"] == "flow:main"
    assert found["looked"][0] == {
        "rule": "number state",
        "outcome": "active",
        "where": "number 4001",
    }
    table = run("route", "explain", "--from", "13800000001", "--to", "4001").out
    assert "Decision  flow:main" in table
    assert run("route", "explain", "--to", "1", "--at", "soon").status == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("number", "set", "4002"), "say its tenant and its destination"),
        (("number", "set", "4002", "--tenant", "x", "--to", "flow:a"), "There is no tenant 'x'"),
        (("number", "set", "4001", "--to", "moon:1"), "is no destination"),
        (("number", "set", "4001", "--to", "feature:log-in"), "agents only"),
        (("number", "set", "4001", "--to", "refuse:99"), "is no refusal"),
        (("number", "set", "4001", "--hours", "gone"), "has no hours 'gone'"),
        (("number", "remove", "4009"), "is not hosted here"),
        (("list", "add", "black", "x1"), "is no number"),
        (("list", "add", "black", "1", "--tenant", "x"), "There is no tenant"),
        (("list", "add", "black", "1", "--country", "ZZ"), "is no country"),
        (("tenant", "set", "acme", "--zone", "Moon/Base"), "is no time zone"),
        (("hours", "set", "o", "--tenant", "acme", "--on", "mon=25:00-26:00"), "no clock shows"),
        (("hours", "set", "o", "--tenant", "acme", "--on", "funday=1:00-2:00"), "is no day"),
        (("hours", "set", "o", "--tenant", "acme", "--holidays", "QQ"), "No public holidays"),
        (("hours", "date", "set", "c", "2026-02-30", "closed", "--tenant", "acme"), "day"),
        (("region", "set", "CN/Atlantis", "queue:a", "--tenant", "acme"), "is no region"),
        (("region", "set", "CN", "queue:a", "--tenant", "*"), "can only be blocked"),
    ],
)
def test_what_is_typed_wrongly_is_one_sentence(
    run: Command, words: tuple[str, ...], sentence: str
) -> None:
    ended = run(*words)
    assert ended.status in (1, 2)
    assert sentence in ended.sentence


def test_the_engine_is_asked_when_one_runs(home: Home, run: Command) -> None:
    engine = RowsInMemory()
    database = open_database(home.url)
    engine.routing = DatabaseRouting(database)  # type: ignore[attr-defined]
    with served(engine, home.folder / "engine.sock"):
        ended = run("list", "add", "black", "13800000001")
        assert (ended.status, ended.err) == (0, "")
        with Client(home.folder / "engine.sock") as client, pytest.raises(NotFound):
            client.ask("DELETE", "/v1/numbers/4009")
        assert "refuse:21" in run("route", "explain", "--from", "13800000001", "--to", "4001").out
    database.dispose()
