"""``callcenter report`` as a person types it, where no engine runs: answers, files, sentences."""

import json
from pathlib import Path

import pytest
from sqlalchemy import update

from callcenter.calls.store import save_cdrs
from callcenter.calls.tables import cdr_legs
from callcenter.kernel.database import open_database
from callcenter.numbers import Tenant, save_tenant
from callcenter.reports import count_calls
from callcenter.reports.model import Counts
from callcenter.reports.store import SUMS, TABLES
from tests.support.command import Command
from tests.support.migrated import migrated
from tests.unit.test_report_counts import one

DAY = ("--from", "2026-03-02", "--to", "2026-03-02")


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """A home whose database has one call."""
    made = Command(home=tmp_path / "home", extra={"COLUMNS": "90"})
    made.home.mkdir()
    url = migrated(made.home / "callcenter.db")
    engine = open_database(url)
    with engine.begin() as connection:
        save_tenant(connection, Tenant(id="a", name="A"))
        count_calls(connection, [one()])
        save_cdrs(connection, [one()])
    engine.dispose()
    return made


def damage(command: Command, what: object) -> None:
    engine = open_database(f"sqlite:///{command.home / 'callcenter.db'}")
    with engine.begin() as connection:
        connection.execute(what)  # type: ignore[call-overload]
    engine.dispose()


def test_a_report_its_calls_and_its_proofs(command: Command) -> None:
    table = command("report", "queues", *DAY)
    assert (table.status, table.err) == (0, "")
    assert "SL(answered) = answered within T / answered" in table.out
    assert "T = 20 s, S = 5 s." in table.out
    assert "Proved (rows: 1): waiting before" in table.out
    below = command("report", "queues", *DAY, "--calls", "answered", "--name", "sales")
    assert below.out.split() == ["Call", "Times", "c1", "1"]
    proved = command("report", "prove", *DAY)
    assert (proved.status, proved.out.count("proved: ")) == (0, 10)
    made = json.loads(command("report", "traffic", *DAY, "--format", "json").out)
    assert made["by"] == "hour"
    assert made["total"]["figures"]["calls"] == 1


def test_a_row_damaged_on_purpose_is_named(command: Command) -> None:
    damage(command, update(TABLES[Counts.QUEUES]).values(offered=3))
    told = command("report", "prove", *DAY)
    assert told.status == 1
    assert "interval_queues of 2026-03-02 08:45 UTC, tenant a, queue sales" in told.sentence
    damage(command, update(SUMS[Counts.QUEUES]).values(offered=3))
    told = command("report", "queues", *DAY)  # a report does not print what is not true
    assert (told.status, told.out) == (1, "")
    assert command("report", "recompute", *DAY).status == 0
    assert command("report", "prove", *DAY).status == 0
    damage(command, update(cdr_legs).values(talk_seconds=1))
    assert "CDR c1: its talk is 100 s" in command("report", "prove", *DAY).sentence


@pytest.mark.parametrize("form", ["csv", "xlsx", "png", "html", "json", "table"])
def test_a_file_is_written(command: Command, form: str, tmp_path: Path) -> None:
    file = tmp_path / f"report.{form}"
    told = command("report", "seats", *DAY, "--format", form, "-o", str(file))
    assert (told.status, told.out) == (0, f"Written to {file}.\n")
    assert file.stat().st_size > 100


def test_schedules_come_and_go(command: Command) -> None:
    made = command("report", "schedule", "add", "queues", "ann@example.com", "--every", "week")
    name = made.out.split()[1].rstrip(":")
    assert name in command("report", "schedule", "list").out
    assert command("report", "schedule", "remove", name).status == 0
    assert command("report", "schedule", "list").out == "No report is mailed by itself.\n"
    assert "no schedule" in command("report", "schedule", "remove", name).sentence


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (("traffic", "--from", "soon", "--to", "later"), "'soon' is no date"),
        (("traffic", *DAY, "--zone", "Mars"), "no time zone 'Mars'"),
        (("traffic", *DAY, "--tenant", "nobody"), "no tenant 'nobody'"),
        (("queues", *DAY, "--within", "7"), "not of 7 s"),
        (("queues", *DAY, "--calls", "asa2"), "No calls can be listed for 'asa2'"),
        (("survey", *DAY, "--calls", "asked"), "callcenter survey list"),
        (("recompute", "--from", "2026-03-03", "--to", "2026-03-02"), "is empty"),
        (("schedule", "add", "queues", "nobody"), "no mail address"),
        (("traffic", *DAY, "-o", "/nowhere/at/all"), "cannot be written"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    command: Command, typed: tuple[str, ...], sentence: str
) -> None:
    told = command("report", *typed)
    assert told.status != 0
    assert sentence in told.sentence
