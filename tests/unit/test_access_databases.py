"""Tokens and the audit log on SQLite and on a real PostgreSQL: what was written is what is read."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from callcenter.access import AuditLog, Head, Said, Token, store
from callcenter.access.store import (
    audit_log,
    list_rows,
    load_head,
    load_tokens,
    save_token,
    save_used,
)
from callcenter.access.verify import verify
from callcenter.kernel.actor import Role
from callcenter.kernel.clock import LoopClock
from callcenter.kernel.journal import Journal
from callcenter.kernel.projector import Projector
from tests.support.postgres import database, database_url, postgres

__all__ = ["database", "database_url", "postgres"]
NOON = datetime(2026, 3, 2, 12, 0, 0, 123457, tzinfo=UTC)


def test_tokens(database: Engine) -> None:
    token = Token(
        id="tok-1",
        name="board",
        hash="0" * 64,
        role=Role.SUPERVISOR,
        tenants=frozenset({"demo", "other"}),
        created_at=NOON,
        expires_at=NOON + timedelta(days=30),
    )
    all_tenants = replace(token, id="tok-2", hash="1" * 64, tenants=None)
    with database.begin() as connection:
        save_token(connection, token)
        save_token(connection, all_tenants)
        assert load_tokens(connection) == [token, all_tenants]
        save_token(connection, replace(token, revoked_at=NOON))
        save_used(connection, {"tok-1": NOON, "gone": NOON})
        assert load_tokens(connection)[0] == replace(token, revoked_at=NOON, used_at=NOON)


async def test_the_chain(database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_PART", 50)
    journal, projector = Journal(tmp_path / "journal"), Projector(database)
    journal.open()
    log = AuditLog(journal, projector, LoopClock(NOON))
    running = asyncio.create_task(projector.run())
    for number in range(120):
        log.add(
            Said(
                actor="王小明\0" if number % 2 else "root",  # no database takes every sign
                role="platform",
                tenant="demo" if number % 3 else "",
                act="PUT /v1/numbers/{number}",
                target=f"/v1/numbers/{number}%_" + "x" * 400,
                door="local root",
                sentence='It\'s "quoted" — \\ ok.',
            )
        )
    await projector.settled()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    with database.begin() as connection:
        assert verify(connection, log.head).rows == 120
        assert load_head(connection) == log.head
        assert [row.number for row in list_rows(connection, actor="root", most=2)] == [119, 117]
        assert len(list_rows(connection, act="numbers/7%_", most=9999)) == 1
        assert len(list_rows(connection, tenants={"demo"}, most=9999)) == 80
        assert list_rows(connection, since=NOON + timedelta(days=1)) == []
        moved = (
            update(audit_log)
            .where(audit_log.c.number == 90)
            .values(at=NOON - timedelta(microseconds=1))
        )
        connection.execute(moved)
        found = verify(connection, log.head)
        assert (found.broken, found.why) == (90, "Row 90 is not as it was written.")
        assert verify(connection, Head()).broken == 90
    journal.close()
