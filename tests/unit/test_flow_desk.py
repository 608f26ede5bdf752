"""I3: every version kept, one in force, also when several publish at once."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import text

import callcenter.acd.store
import callcenter.calls.store  # noqa: F401 - its tables
from callcenter.acd import QueuePlan, save_queue
from callcenter.ivr.store import load_flows, load_published
from callcenter.kernel.database import open_database
from callcenter.kernel.errors import NotFound, Refused
from callcenter.numbers import Tenant, save_tenant
from callcenter.services.flows import FlowDesk, FlowRefused
from tests.support.migrated import migrated

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ONE = """\
# made by hand
name: main
start: ask
nodes:
  ask: {kind: menu, prompts: [menu-main], choices: {1: sales}, otherwise: bye}
  sales: {kind: queue, queue: sales, next: bye}
  bye: {kind: hangup, prompts: [goodbye]}
"""
TWO = ONE.replace("[goodbye]", "[goodbye, welcome]")
THREE = ONE.replace("[goodbye]", "[closed]")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = migrated(tmp_path / "callcenter.db")
    opened = open_database(url)
    with opened.begin() as connection:
        save_tenant(connection, Tenant(id="acme", name="Acme"))
        save_queue(connection, QueuePlan(name="sales", tenant="acme"))
    yield opened
    opened.dispose()


@pytest.fixture
def desk(database: Database) -> FlowDesk:
    return FlowDesk(database, lambda: NOW)


def _in_force(database: Database) -> dict[str, int]:
    with database.connect() as connection:
        return load_published(connection)


def test_import_is_a_draft_until_it_is_published(desk: FlowDesk, database: Database) -> None:
    report = desk.add(ONE, by="eva")
    assert (report.ok, report.name, report.version) == (True, "main", 1)
    assert _in_force(database) == {}
    published = desk.publish("main")
    assert (published.version, published.in_force, published.created_by) == (1, True, "eva")
    assert _in_force(database) == {"main": 1}
    assert desk.document("main") == ONE


def test_roll_back_goes_down_the_versions_that_were_in_force(desk: FlowDesk) -> None:
    for document in (ONE, TWO, TWO, THREE):
        desk.add(document)
    for version in (1, 2, 4):
        desk.publish("main", version)
    assert desk.rollback("main").version == 2
    assert desk.rollback("main").version == 1
    with pytest.raises(Refused, match="no version before 1"):
        desk.rollback("main")
    assert desk.rollback("main", 4).version == 4
    assert [v.version for v in desk.versions("main")] == [4, 3, 2, 1]
    assert [v.version for v in desk.versions("main") if v.in_force] == [4]
    assert desk.document("main", 1) == ONE


def test_versions_that_were_in_force_stay_loaded(desk: FlowDesk, database: Database) -> None:
    for document in (ONE, TWO, THREE):
        desk.add(document)
    desk.publish("main", 1)
    desk.publish("main", 3)
    with database.connect() as connection:
        flows = load_flows(connection)
    assert sorted(flows) == [("main", 1), ("main", 3)]
    assert flows["main", 1].version == 1


def test_a_version_this_program_cannot_read_is_left_out(desk: FlowDesk, database: Database) -> None:
    desk.add(ONE)
    desk.publish("main")
    with database.begin() as connection:
        connection.execute(text("UPDATE flows SET document = '{\"name\": 1}'"))
    with database.connect() as connection:
        assert load_flows(connection) == {}


def test_what_is_broken_is_stored_but_not_published(desk: FlowDesk) -> None:
    report = desk.add(ONE.replace("queue: sales", "queue: gone"))
    assert (report.ok, report.version) == (False, 1)
    sentence = r"Version 1 of flow 'main' is not put in force: .*'gone'. \(line 6\)"
    with pytest.raises(FlowRefused, match=sentence):
        desk.publish("main")


def test_what_is_no_flow_is_not_stored(desk: FlowDesk) -> None:
    report = desk.add("name: main")
    assert (report.ok, report.version) == (False, 0)
    with pytest.raises(NotFound, match="no flow 'main'"):
        desk.versions("main")


def test_a_flow_belongs_to_the_tenant_that_made_it(desk: FlowDesk, database: Database) -> None:
    with database.begin() as connection:
        save_tenant(connection, Tenant(id="other", name="Other"))
    with pytest.raises(Refused, match="Say whose flow this is: one of acme, other"):
        desk.add(ONE)
    desk.add(ONE, tenant="acme")
    with pytest.raises(Refused, match="belongs to another tenant"):
        desk.add(ONE, tenant="other")
    report = desk.check(ONE, "other")
    assert [finding.code for finding in report.findings] == ["missing-queue"]
    with pytest.raises(NotFound, match="no tenant 'nobody'"):
        desk.add(ONE, tenant="nobody")
    with pytest.raises(Refused, match="of tenant 'acme', not of 'other'"):
        desk.add("tenant: acme\n" + ONE, tenant="other")


def test_names_of_the_api_are_no_flows(desk: FlowDesk) -> None:
    with pytest.raises(Refused, match="cannot be named 'schema'"):
        desk.add(ONE.replace("name: main", "name: schema"))


@pytest.mark.parametrize("version", [9, 99])
def test_versions_that_are_not_there(desk: FlowDesk, version: int) -> None:
    desk.add(ONE)
    with pytest.raises(NotFound, match=f"no version {version}"):
        desk.publish("main", version)
    with pytest.raises(NotFound, match=f"no version {version}"):
        desk.document("main", version)


def test_many_import_and_publish_at_once(database: Database) -> None:
    """No version is lost or overwritten, and one is in force at the end."""
    faults: list[Exception] = []

    def work(number: int) -> None:
        desk = FlowDesk(database)
        try:
            for _ in range(5):
                report = desk.add(ONE.replace("made by hand", f"made by {number}"), by=str(number))
                desk.publish("main", report.version)
        except Exception as fault:  # told below
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    versions = FlowDesk(database).versions("main")
    assert [v.version for v in versions] == list(range(20, 0, -1))
    assert sum(v.in_force for v in versions) == 1
    assert sorted(v.created_by for v in versions) == sorted("0123" * 5)
