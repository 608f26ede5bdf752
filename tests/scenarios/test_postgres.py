"""The whole engine on a real PostgreSQL: calls, a restart, and a database that goes away."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import tests.unit.test_migrations  # noqa: F401 - knows every table
from callcenter.calls.cdr import Result
from callcenter.calls.search import Search, page
from tests.support.postgres import Postgres, postgres
from tests.support.world import World

__all__ = ["postgres"]


@pytest.fixture
async def world(tmp_path: Path, postgres: Postgres) -> AsyncIterator[World]:
    """As everywhere, with the schema that the migrations make."""
    made = World(tmp_path, postgres.migrated())
    await made.start()
    yield made
    await made.stop()


async def test_a_call_a_restart_and_a_transfer(world: World) -> None:
    await world.logs_in("1001")
    await world.logs_in("1002")
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=16)
    await world.engine_dies()
    await world.passes(seconds=5)
    await world.start()
    await world.passes(seconds=10)
    assert alice.is_up
    world.pbx.talks.refers(world.phone("1001"), "1002")
    await world.passes(seconds=30)
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED
    assert [leg.seat for leg in cdr.legs if leg.talk_seconds] == ["1001", "1002"]
    assert [visit.by for visit in cdr.visits] == ["answered"]
    assert [step.node for step in cdr.steps][:2] == ["welcome", "menu"]
    assert cdr.region == "CN/Beijing/Beijing"
    with world.database.connect() as connection:
        found = page(connection, Search(caller="13800000001", seat="1002"))
    assert [each.id for each in found.cdrs] == [cdr.id]


async def test_a_database_that_is_away_loses_nothing(world: World, postgres: Postgres) -> None:
    await world.logs_in("1001")
    postgres.stop()
    for caller in ("+861", "+862"):
        alice = world.calls(caller)
        alice.presses("1")
        await world.passes(seconds=15)
        alice.hangs_up()
        await world.passes(seconds=10)
    assert world.engine is not None
    assert not world.engine.projector.ok
    assert world.engine.projector.backlog >= 2
    postgres.start()
    await world.passes(seconds=3)
    assert [cdr.caller for cdr in await world.cdrs()] == ["+861", "+862"]
    assert world.engine.projector.ok
