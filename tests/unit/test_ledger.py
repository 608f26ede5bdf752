"""The ledger knows open calls by their leg too, through transfers, ends and restarts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcenter.calls import Ledger
from callcenter.calls.model import AnyCallEvent, CallEnded, EndedBy, Offered, Resumed
from callcenter.kernel.bus import Bus
from callcenter.kernel.database import metadata, open_database
from callcenter.kernel.journal import Journal
from callcenter.kernel.projector import Projector
from callcenter.pbx.port import LegId

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
async def ledger(tmp_path: Path) -> Ledger:
    database = open_database(f"sqlite:///{tmp_path / 'ledger.db'}")
    metadata.create_all(database)
    journal = Journal(tmp_path / "journal")
    journal.open()
    return Ledger(journal, Projector(database), Bus())


def offered(leg: str) -> AnyCallEvent:
    return Offered(
        at=NOON,
        leg=LegId(leg),
        source="trunk",
        caller="1",
        caller_name="",
        dialled="2",
        endpoint="trunk-world",
    )


def ended() -> AnyCallEvent:
    return CallEnded(at=NOON, by=EndedBy.CALLER, cause=16)


async def test_a_call_is_found_by_its_leg_until_it_ends(ledger: Ledger) -> None:
    ledger.note("c-1", offered("leg-1"))
    ledger.note("c-2", offered("leg-2"))
    first = ledger.with_leg(LegId("leg-1"))
    assert first is ledger.open["c-1"]
    ledger.note("c-1", Resumed(at=NOON, leg=LegId("leg-9")))
    assert ledger.with_leg(LegId("leg-1")) is None
    assert ledger.with_leg(LegId("leg-9")) is first
    ledger.note("c-1", ended())
    assert ledger.with_leg(LegId("leg-9")) is None
    assert ledger.with_leg(LegId("leg-2")) is ledger.open["c-2"]


async def test_a_leg_that_another_call_has_taken_stays_that_calls(ledger: Ledger) -> None:
    ledger.note("c-1", offered("leg-1"))
    ledger.note("c-2", offered("leg-1"))
    ledger.note("c-1", ended())
    assert ledger.with_leg(LegId("leg-1")) is ledger.open["c-2"]


async def test_the_index_is_there_after_a_restart(tmp_path: Path, ledger: Ledger) -> None:
    ledger.note("c-1", offered("leg-1"))
    ledger.note("c-2", offered("leg-2"))
    ledger.note("c-2", ended())
    journal = Journal(tmp_path / "journal")
    again = Ledger(journal, Projector(open_database("sqlite://")), Bus())
    again.restore(journal.open(), 0)
    assert again.with_leg(LegId("leg-1")) is again.open["c-1"]
    assert again.with_leg(LegId("leg-2")) is None
