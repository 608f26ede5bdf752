"""Lines and members as administrators handle them, by command and REST, where no engine runs."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callcenter.kernel.database import open_database
from callcenter.kernel.errors import CallCenterError
from callcenter.numbers import Extension, Trunk, save_extension, save_trunk
from callcenter.services.members import DatabaseMembers
from callcenter.services.routing import DatabaseRouting
from callcenter.web.alone import Alone
from tests.support.command import Command
from tests.support.migrated import migrated


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Alone]:
    url = migrated(tmp_path / "callcenter.db")
    database = open_database(url)
    made = Alone(DatabaseRouting(database), DatabaseMembers(database))
    made.ask("PUT", "/v1/tenants/acme", {"zone": "Asia/Shanghai"})
    made.ask("PUT", "/v1/tenants/other", {})
    made.ask("PUT", "/v1/numbers/4001", {"tenant": "acme", "destination": "lines:office"})
    with database.begin() as connection:
        save_trunk(connection, Trunk(name="world", match="127.0.0.3"))
        save_extension(connection, Extension(number="1001", tenant="acme", secret="geheim"))
    yield made
    database.dispose()


@pytest.fixture
def run(api: Alone, tmp_path: Path) -> Command:
    return Command(home=tmp_path, extra={})


def _done(run: Command, *words: str) -> str:
    ended = run(*words)
    assert ended.status == 0, ended.err
    return ended.out


def _set(run: Command) -> str:
    lines = ["--line=outside:13800000001,calls=2,ring=7,name=mobile", "--line=extension:1001"]
    return _done(
        run, "line", "set", "office", "--tenant=acme", *lines, "--fallback=voicemail:office"
    )


def test_a_group_is_made_shown_and_taken_in_again(run: Command, tmp_path: Path) -> None:
    assert _set(run) == "Group office: 2 lines, ordered.\n"
    assert "mobile" in _done(run, "line", "show", "office")
    shown = json.loads(_done(run, "line", "show", "office", "--json"))
    assert [(one["name"], one["calls"], one["ring"]) for one in shown["lines"]] == [
        ("mobile", 2, 7),
        ("1001", 1, 20),
    ]
    file = tmp_path / "office.json"
    file.write_text(json.dumps(shown | {"order": "round-robin"}))
    told = run("line", "import", "office", str(file))
    assert (told.status, told.out) == (0, "Group office: 2 lines, round-robin.\n")
    assert "No engine runs" in told.err
    again = json.loads(_done(run, "line", "list", "--tenant=acme", "--json"))
    assert again == [shown | {"order": "round-robin"}]
    assert _done(run, "line", "remove", "office") == "Group office is gone.\n"
    assert run("line", "show", "office").sentence == "There is no group of lines 'office'."


@pytest.mark.parametrize("text", ["{", "[]", '{"tenant": "acme", "colour": 1}'])
def test_a_bad_file_changes_nothing(run: Command, tmp_path: Path, text: str) -> None:
    _set(run)
    before = _done(run, "line", "list", "--json")
    file = tmp_path / "bad.json"
    file.write_text(text)
    told = run("line", "import", "office", str(file))
    assert told.status != 0
    assert told.sentence
    assert _done(run, "line", "list", "--json") == before


def test_ways_out_rights_and_rings(run: Command, tmp_path: Path) -> None:
    def stored(query: str) -> Any:
        with sqlite3.connect(tmp_path / "callcenter.db") as connection:
            return connection.execute(query).fetchone()

    assert "world leads to 10.0.0.1:5070" in _done(run, "line", "out", "world", "10.0.0.1:5070")
    assert stored("select contact from trunks") == ("10.0.0.1:5070",)
    _done(run, "line", "out", "world", "none")
    assert stored("select contact from trunks") == ("",)
    assert "1001 may dial" in _done(run, "line", "extension", "1001", "--outside")
    _done(run, "line", "extension", "1001", "--colour-ring=en/welcome")
    assert stored("select outside, colour_ring from extensions") == (1, "en/welcome")
    assert "may not dial" in _done(run, "line", "extension", "1001", "--inside")
    _done(run, "line", "extension", "1001", "--colour-ring=none")
    assert stored("select outside, colour_ring from extensions") == (0, "")
    _done(run, "line", "ring", "4001", "en/welcome")
    assert stored("select colour_ring from numbers where number='4001'") == ("en/welcome",)
    _done(run, "line", "ring", "4001", "none")
    assert stored("select colour_ring from numbers where number='4001'") == ("",)
    for words in (("out", "moon", "10.0.0.1"), ("extension", "1009"), ("ring", "4009", "en/a")):
        assert run("line", *words).sentence


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/lines/office", {"tenant": "nobody"}),
        ("PUT", "/v1/lines/a b", {"tenant": "acme"}),
        ("DELETE", "/v1/lines/nothing", None),
        ("PUT", "/v1/trunks/world/contact", {"contact": "a b; reboot"}),
        ("PUT", "/v1/extensions/1001/rights", {"secret": "mine"}),
        ("PUT", "/v1/numbers/4001/colour-ring", {"colour_ring": "../../etc/passwd"}),
        ("PUT", "/v1/members/acme/77", {"pin": "12"}),
        ("PUT", "/v1/members/acme/77", {}),
        ("PUT", "/v1/members/acme/abc", {"pin": "1234"}),
        ("POST", "/v1/members/acme/78/unlock", None),
    ],
)
def test_rest_refuses_what_cannot_be(api: Alone, method: str, path: str, body: Any) -> None:
    with pytest.raises(CallCenterError) as refused:
        api.ask(method, path, body)
    assert "\n" not in str(refused.value)
    assert api.ask("GET", "/v1/lines") == api.ask("GET", "/v1/members") == []


def test_a_group_stays_with_its_tenant(api: Alone, run: Command) -> None:
    _set(run)
    with pytest.raises(CallCenterError, match="belongs to tenant 'acme'"):
        api.ask("PUT", "/v1/lines/office", {"tenant": "other"})


def test_members_are_added_locked_unlocked_exported_and_taken_in(
    run: Command, api: Alone, tmp_path: Path
) -> None:
    _done(run, "member", "add", "77", "--tenant=acme", "--pin=1234", "--seconds=60", "--services=3")
    assert "locked" in _done(run, "member", "lock", "77", "--tenant=acme")
    assert api.ask("GET", "/v1/members?tenant=acme")[0]["locked"]
    assert "unlocked" in _done(run, "member", "unlock", "77", "--tenant=acme")
    [row] = json.loads(_done(run, "member", "list", "--json"))
    assert (row["locked"], row["allowance_seconds"], row["services_left"]) == (False, 60, 3)
    assert "1234" not in json.dumps(row)
    cards = _done(run, "member", "export", "--tenant=acme")
    assert "1234" not in cards
    file = tmp_path / "cards.csv"
    file.write_text(cards + "78,5678,,,,,0,\n")
    assert "2 members" in _done(run, "member", "import", str(file), "--tenant=acme")
    file.write_text("number,pin\n79,1234\n80,1\n")
    bad = run("member", "import", str(file), "--tenant=acme")
    assert bad.status != 0
    assert "line 3" in bad.err
    assert len(api.ask("GET", "/v1/members?tenant=acme")) == 2
    assert run("member", "unlock", "99", "--tenant=acme").sentence
