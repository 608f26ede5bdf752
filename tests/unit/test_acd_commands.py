"""``callcenter queue set`` and ``seat skill`` without an engine, ``sim`` with a file of calls."""

import json
from pathlib import Path

import pytest

from callcenter.acd import SeatPlan, save_seat
from callcenter.kernel.database import open_database
from callcenter.numbers import Tenant, save_tenant
from tests.support.command import Command
from tests.support.migrated import migrated


@pytest.fixture
def run(tmp_path: Path) -> Command:
    return Command(home=tmp_path / "home", extra={})


@pytest.fixture
def seeded(run: Command) -> Command:
    url = migrated(run.home / "callcenter.db")
    database = open_database(url)
    with database.begin() as connection:
        save_tenant(connection, Tenant(id="acme", name="Acme", language="en"))
        for number in ("1001", "1002"):
            save_seat(connection, SeatPlan(number=number, tenant="acme", name="A", pin_hash="x"))
    database.dispose()
    return run


def _plan(run: Command, queue: str) -> dict[str, object]:
    found = json.loads(run("queue", "show", queue, "--json").out)
    assert isinstance(found, dict)
    return found


def test_a_queue_is_made_changed_and_read_back(seeded: Command, tmp_path: Path) -> None:
    made = seeded(
        "queue",
        "set",
        "sales",
        "--tenant=acme",
        "--strategy=round-robin",
        "--seat=1001",
        "--seat=1002,2",
        "--need=ja=2",
        "--need=vip?",
        "--most-waiting=20",
        "--full-to=voicemail:sales",
        "--ageing=90",
    )
    assert (made.status, made.out) == (0, "Queue sales: round-robin, 2 seats.\n")
    assert "No engine runs" in made.err
    assert seeded("queue", "set", "sales", "--most-wait=300", "--weight=3").status == 0
    plan = _plan(seeded, "sales")
    assert plan["seats"] == [["1001", 1], ["1002", 2]]
    assert plan["ageing"] == "PT90S"
    assert plan["weight"] == 3
    limits = plan["limits"]
    assert isinstance(limits, dict)
    assert (limits["most_waiting"], limits["full_to"], limits["most_wait"]) == (
        20,
        "voicemail:sales",
        "PT300S",
    )
    assert "round-robin" in seeded("queue", "show", "sales").out
    recipe = [{"after": 30, "action": "relax", "skill": "ja", "level": 1}]
    file = tmp_path / "sales.json"
    file.write_text(json.dumps({**plan, "recipe": recipe}))
    assert seeded("queue", "import", "sales", str(file)).status == 0
    again = _plan(seeded, "sales")
    assert again["recipe"] != []
    assert {**again, "recipe": []} == plan


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere", "--weight=1"], "say whose it is"),
        (["q", "--tenant=nobody"], "no tenant 'nobody'"),
        (["q", "--tenant=acme", "--seat=9"], "no seat 9"),
        (["q", "--tenant=acme", "--seat=1001", "--seat=1001,2"], "named twice"),
        (["q", "--tenant=acme", "--ring=0"], "at least 1"),
    ],
)
def test_what_cannot_be_is_one_sentence(seeded: Command, arguments: list[str], says: str) -> None:
    ended = seeded("queue", "set", *arguments)
    assert ended.status == 1
    assert says in ended.err
    assert "Traceback" not in ended.err


def test_a_file_with_nonsense_is_refused(seeded: Command, tmp_path: Path) -> None:
    file = tmp_path / "q.json"
    for text, says in (
        ('{"tenant": "acme", "colour": 1}', "has no 'colour'"),
        ('{"tenant": "acme", "ring": "soon"}', "ring"),
        ('{"tenant": "acme", "recipe": [{"after": 3, "action": "dance"}]}', "dance"),
        ("[]", "not a queue"),
        ("{", "cannot be read"),
    ):
        file.write_text(text)
        ended = seeded("queue", "import", "q", str(file))
        assert ended.status != 0
        assert says in ended.err


def test_skills_of_a_seat(seeded: Command) -> None:
    assert seeded("seat", "skill", "1001").out == "Seat 1001: no skills.\n"
    assert seeded("seat", "skill", "1001", "ja=3", "vip").out == "Seat 1001: ja 3, vip 1.\n"
    assert seeded("seat", "skill", "1001", "ja=0", "vip=2").out == "Seat 1001: vip 2.\n"
    assert seeded("seat", "skill", "9", "ja=3").status == 1
    assert seeded("seat", "skill", "1001", "ja=x").status == 2


def test_sim_prints_figures_beside_theory(run: Command) -> None:
    ended = run("sim", "--seats=3", "--arrival-rate=0.02", "--handle-time=100", "--calls=2000")
    assert ended.status == 0
    assert "Erlang C" in ended.out
    ended = run("sim", "--seats=3", "--calls=500", "--patience=30", "--json")
    row = json.loads(ended.out)
    wanted = "calls mean_wait p_wait p_wait_20s abandon_rate stderr_mean_wait stderr_p_wait"
    assert {*wanted.split(), "wall_seconds", "erlang_mean_wait"} <= row.keys()
    assert row["erlang_model"] == "Erlang A"


def test_what_if_two_agents_fewer_on_real_calls(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "monday.csv"
    lines = ["arrival,talk", *(f"{at * 20},55" for at in range(100))]
    file.write_text("\n".join(lines))
    ended = run("sim", "--seats=4", f"--arrivals={file}", "--json", "whatif", "--agents=-2")
    before, after = json.loads(ended.out)
    assert (before["seats"], after["seats"]) == (4, 2)
    assert before["calls"] == after["calls"] == 100
    assert before["mean_wait"] == 0 < after["mean_wait"]
    assert run("sim", "--seats=2", "whatif", "--agents=-2").status == 2
    file.write_text("12\nlater\n")
    ended = run("sim", f"--arrivals={file}")
    assert ended.status == 2
    assert "line 2" in ended.sentence


def test_reasons_to_be_busy_are_listed_and_set(seeded: Command) -> None:
    usual = json.loads(seeded("seat", "reasons", "acme", "--json").out)
    assert [row["name"] for row in usual] == ["break", "meal", "meeting", "training"]
    made = seeded("seat", "reasons", "acme", "1=break:10", "5=prayer")
    assert made.status == 0
    assert "No engine runs" in made.err
    assert json.loads(seeded("seat", "reasons", "acme", "--json").out) == [
        {"key": "1", "name": "break", "minutes": 10.0},
        {"key": "5", "name": "prayer", "minutes": None},
    ]
    assert seeded("seat", "reasons", "acme", "break").status == 2
    assert "given twice" in seeded("seat", "reasons", "acme", "1=a", "1=b").err


def test_a_queue_of_which_little_is_said_is_as_usual(seeded: Command) -> None:
    made = seeded("queue", "set", "sales", "--tenant=acme", "--answer-within=30")
    assert made.out == "Queue sales: longest-idle, 0 seats.\n"
    plan = _plan(seeded, "sales")
    assert (plan["answer_within"], plan["short_abandon"]) == (30, 5)
    refused = seeded("queue", "set", "sales", "--answer-within=33")
    assert "counted in steps of 5, 10," in refused.err
