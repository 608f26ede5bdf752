"""Counting, recounting, every report and all proofs, on SQLite and on a real PostgreSQL."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from callcenter.acd import SeatPlan, save_seat
from callcenter.calls.store import get_cdr, save_cdrs
from callcenter.kernel.actor import Actor, Role, acting
from callcenter.kernel.database import open_database
from callcenter.kernel.errors import CallCenterError
from callcenter.numbers import Tenant, save_tenant
from callcenter.reports import count_calls, count_seat
from callcenter.reports.answer import KINDS
from callcenter.reports.desk import Question, ReportDesk
from callcenter.reports.model import Counts
from callcenter.reports.store import read_tally
from tests.bench.cdrs import load
from tests.bench.made_cdrs import START, made
from tests.support.migrated import migrated
from tests.support.postgres import database, database_url, postgres
from tests.unit.test_report_counts import worked

__all__ = ["database", "database_url", "postgres"]
DAYS = {"begin": "2026-01-01", "end": "2026-01-03"}
LATER = START + timedelta(days=400)
EVER = (0, 10**8)


def test_both_databases_count_the_same_way(database: Engine) -> None:
    load(database, made(250, days=2))
    with database.begin() as connection:
        save_tenant(connection, Tenant(id="t03", name="T", zone="Asia/Kathmandu"))
        save_seat(connection, SeatPlan(number="1001", tenant="t03", name="A", pin_hash=""))
    desk = ReportDesk(database, lambda: LATER)
    assert desk.recompute(Question(**DAYS)) > 1000
    assert len(desk.prove(Question(**DAYS))) == 10
    for kind in KINDS:
        for by in ("", "hour", "day", "month"):
            report = desk.report(Question(kind=kind, by=by, **DAYS))
            assert report.lines or kind in ("survey", "seats")
    total = desk.report(Question(**DAYS)).total.figures
    assert total["calls"] == 250
    local = desk.report(Question(tenant="t03", by="day", **DAYS))
    assert local.zone == "Asia/Kathmandu"
    assert local.lines[0].begin.isoformat() == "2026-01-01T00:00:00+05:45"
    assert 0 < (local.total.figures["calls"] or 0) < 50
    with database.begin() as connection:
        again = [get_cdr(connection, f"c-{number:014d}") for number in range(250)]
        found = [cdr for cdr in again if cdr is not None]
        before = read_tally(connection, *EVER, Counts)
        count_calls(connection, found)
        save_cdrs(connection, found)
        assert read_tally(connection, *EVER, Counts) == before
        for position, noted in enumerate(worked(), 1):
            count_seat(connection, position, noted)


def test_a_supervisor_sees_own_tenants_only(tmp_path: Path) -> None:
    engine = open_database(migrated(tmp_path / "own.db"))
    load(engine, made(250, days=2))
    desk = ReportDesk(engine, lambda: LATER)
    desk.recompute(Question(**DAYS))
    token = acting.set(Actor(name="sue", role=Role.SUPERVISOR, tenants=frozenset({"t03"}), seat=""))
    try:
        for kind in ("tenants", "queues", "numbers"):
            report = desk.report(Question(kind=kind, **DAYS))
            names = [next(iter(line.names.values())) for line in report.lines]
            assert names
            assert all(name.startswith(("t03", "4008000009", "400800001")) for name in names)
        below = desk.calls(Question(**DAYS), "calls", "", 1000)
        assert 0 < len(below) == desk.report(Question(**DAYS)).total.figures["calls"]
        with pytest.raises(CallCenterError, match="no tenant 't04'"):
            desk.report(Question(tenant="t04", **DAYS))
        for refused in (desk.prove, desk.recompute):
            with pytest.raises(CallCenterError):
                refused(Question(**DAYS))
    finally:
        acting.reset(token)
    engine.dispose()
