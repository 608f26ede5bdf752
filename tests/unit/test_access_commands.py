"""``callcenter token`` and ``callcenter audit`` where no engine runs, and the pieces below them."""

import asyncio
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcenter.access import AuditLog, Said
from callcenter.access.model import AuditRow, hash_of
from callcenter.acd import SeatPlan, save_seat
from callcenter.kernel.clock import LoopClock
from callcenter.kernel.database import open_database
from callcenter.kernel.journal import Journal, peek
from callcenter.kernel.projector import Projector
from callcenter.numbers import Tenant, save_tenant
from tests.support.command import Command, Ended
from tests.support.migrated import migrated


@pytest.fixture
def run(tmp_path: Path) -> Command:
    url = migrated(tmp_path / "callcenter.db")
    database = open_database(url)
    with database.begin() as connection:
        for name in ("demo", "other"):
            save_tenant(connection, Tenant(id=name, name=name))
        save_seat(connection, SeatPlan(number="1001", tenant="demo", name="Anna", pin_hash=""))
    database.dispose()
    return Command(home=tmp_path, extra={})


def rows(run: Command, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(run.home / "callcenter.db") as database:
        return database.execute(query).fetchall()


def listed(run: Command) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run("token", "list", "--json").out)
    return found


def test_a_token_without_an_engine(run: Command) -> None:
    assert run("token", "list").out == "There is no token.\n"
    made = run("token", "create", "board", "--role", "supervisor", "--tenant", "demo")
    secret = made.out.strip()
    assert secret.startswith("cct_")
    assert len(secret) == 47
    assert "No engine runs: this went to the database" in made.err
    assert "shown this once; it is good until 20" in made.err
    assert secret not in made.err
    assert rows(run, "SELECT hash, tenants, role FROM api_tokens") == [
        (hash_of(secret), "demo", "supervisor")
    ]
    assert "board" in run("token", "list").out
    [row] = listed(run)
    assert (row["state"], row["used_at"]) == ("good", None)
    assert run("token", "revoke", "board").out.startswith("Token board (tok-")
    assert listed(run)[0]["state"] == "revoked"
    assert run("token", "revoke", "board").sentence == (
        "There is no token 'board'; see `callcenter token list`."
    )


def test_what_a_token_is_for(run: Command) -> None:
    def make(*words: str) -> Ended:
        return run("token", "create", *words, "--expires", "never", "--json")

    agent = json.loads(make("anna", "--role", "agent", "--seat", "1001").out)
    assert (agent["tenants"], agent["seat"], agent["expires_at"]) == (["demo"], "1001", None)
    many = make("b", "--role", "administrator", "--tenant", "demo", "--tenant", "other")
    assert json.loads(many.out)["tenants"] == ["demo", "other"]
    assert json.loads(make("c", "--role", "supervisor", "--all-tenants").out)["tenants"] is None
    assert json.loads(make("d", "--role", "platform").out)["tenants"] is None


WRONG: list[tuple[tuple[str, ...], str]] = [
    (("x", "--role", "supervisor"), "Say either --tenant or --all-tenants"),
    (("x", "--role", "boss"), "'boss' is not one of"),
    (("x", "--role", "agent"), "An agent needs its seat."),
    (("x", "--role", "agent", "--seat", "9"), "There is no seat 9."),
    (("x", "--role", "agent", "--seat", "1001", "--tenant", "other"), "a seat's tenant is one"),
    (("x", "--role", "supervisor", "--tenant", "no"), "There is no tenant 'no'."),
    (("x", "--role", "platform", "--tenant", "demo"), "The platform sees every tenant"),
    (("a b", "--role", "platform"), "name"),
    (("x", "--role", "platform", "--expires", "soon"), "write 12h, 30d, 8w or never"),
    (("x", "--role", "platform", "--expires", "99999w"), "seconds"),
]


def test_tokens_that_are_refused(run: Command) -> None:
    for words, sentence in WRONG:
        ended = run("token", "create", *words)
        assert ended.status in (1, 2), words
        assert sentence in ended.sentence
        assert ended.out == ""
    assert rows(run, "SELECT * FROM api_tokens") == []


async def _some_rows(home: Path, many: int) -> None:
    """An engine's audit log, without the rest of the engine."""
    database = open_database(f"sqlite:///{home / 'callcenter.db'}")
    journal, projector = Journal(home / "journal"), Projector(database)
    journal.open()
    log = AuditLog(journal, projector, LoopClock(datetime(2026, 3, 2, tzinfo=UTC)))
    running = asyncio.create_task(projector.run())
    for number in range(many):
        log.add(
            Said(
                actor="王小明" if number % 2 else "root",
                role="platform",
                tenant="demo",
                act="POST /v1/seats/{seat}/ready",
                target=f"/v1/seats/{number}/ready",
                door="local root",
            )
        )
    await projector.settled()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    journal.close()
    database.dispose()


def test_the_audit_log_without_an_engine(run: Command) -> None:
    assert run("audit", "list").out == "Nothing is on record.\n"
    assert run("audit", "verify").out == "The audit log is whole: 0 rows.\n"
    asyncio.run(_some_rows(run.home, 9))
    assert run("audit", "verify").out == "The audit log is whole: 9 rows.\n"
    listed = json.loads(run("audit", "list", "--actor", "王小明", "--most", "2", "--json").out)
    assert [row["number"] for row in listed] == [8, 6]
    assert "/v1/seats/8/ready" in run("audit", "list", "--act", "ready").out
    assert run("audit", "list", "--since", "1h").out == "Nothing is on record.\n"
    assert "write 2026-05-01T08:00" in run("audit", "list", "--since", "noon").sentence
    with sqlite3.connect(run.home / "callcenter.db") as database:
        database.execute("DELETE FROM audit_log WHERE number > 5")
        database.execute("DELETE FROM audit_head")
    cut = run("audit", "verify")  # the journal knows better
    assert (cut.status, cut.sentence) == (
        1,
        "The audit log is broken. Row 6 to 9 are missing at the end.",
    )
    found = json.loads(run("audit", "verify", "--json").out)
    assert found == {"rows": 5, "broken": 6, "why": "Row 6 to 9 are missing at the end."}


def test_the_hash_of_a_row_stays_what_it_was() -> None:
    """Logs are verified by later versions too: this figure never changes."""
    row = AuditRow(
        number=7,
        at=datetime(2026, 3, 2, 9, 0, 0, 5, tzinfo=UTC),
        actor="王小明",
        role="agent",
        tenant="demo",
        act="POST /v1/seats/{seat}/ready",
        target="/v1/seats/1001/ready",
        door="local root",
        outcome="done",
        sentence="",
        previous="0" * 64,
    )
    assert row.reckoned() == "3a21d0a61c74a0c1fb87a9d5424a468a1c5d084e72a05e38826ef0992b5949d7"


def test_a_journal_is_read_without_being_touched(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.open()
    journal.append(b"one")
    journal.append(b"two")
    [segment] = (tmp_path / "journal").iterdir()
    segment.write_bytes(segment.read_bytes() + b"3 thr")
    before = segment.read_bytes()
    assert [record.payload for record in peek(tmp_path / "journal")] == [b"one", b"two"]
    assert segment.read_bytes() == before
    assert list(peek(tmp_path / "nowhere")) == []
    journal.close()
