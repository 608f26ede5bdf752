"""R5: what is counted while calls go on is what their CDRs say, over transfers and restarts too."""

from typing import Any

import pytest

from callcenter.kernel.actor import ENGINE, acting
from callcenter.reports.answer import Line
from callcenter.reports.desk import Question, ReportDesk
from tests.support.world import World


def desk(world: World) -> ReportDesk:
    assert acting.get() is ENGINE
    return ReportDesk(world.database, world.clock.now)


def asked(kind: str = "traffic", **more: Any) -> Question:
    return Question(kind=kind, begin="2026-03-02", end="2026-03-02", **more)


async def settled(world: World) -> None:
    await world.passes(seconds=1)
    assert world.engine is not None
    await world.engine.projector.settled()


def line(world: World, kind: str, name: str) -> Line:
    report = desk(world).report(asked(kind))
    return next(each for each in report.lines if name in each.names.values())


async def test_each_seat_has_its_part_of_a_transferred_call(world: World) -> None:
    await world.logs_in("1001")
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=46)
    await world.logs_in("1002")
    world.pbx.talks.refers(world.phone("1001"), "1002")
    await world.passes(seconds=32)
    world.phone("1002").hang_up()
    await settled(world)
    first, second = (line(world, "seats", seat).figures for seat in ("1001", "1002"))
    [cdr] = await world.cdrs()
    assert [leg.talk_seconds for leg in cdr.legs[1:]] == [first["talk"], second["talk"]]
    assert (first["sent_on"], second["sent_on"]) == (1, 0)
    assert (first["answered"], second["answered"]) == (1, 1)
    queue = line(world, "queues", "sales").figures
    assert (queue["offered"], queue["answered"], queue["abandoned"]) == (1, 1, 0)
    below = desk(world).calls(asked("seats"), "answered", "1002", 10)
    assert [each.call for each in below] == [cdr.id]
    assert len(desk(world).prove(asked())) == 10


async def test_a_restart_counts_nothing_twice_and_forgets_nothing(world: World) -> None:
    await world.logs_in("1001")
    alice, bob = world.calls("+861"), world.calls("+862")
    alice.presses("1")
    bob.presses("1")
    await world.passes(seconds=20)
    await world.engine_dies()
    await world.passes(seconds=30)
    await world.start()
    await world.passes(seconds=5)
    alice.hangs_up()
    bob.hangs_up()
    await world.passes(minutes=20)
    await settled(world)
    await world.engine_dies()
    await world.start()  # reads the journal again
    await settled(world)
    assert len(await world.cdrs()) == 2
    queue = line(world, "queues", "sales").figures
    assert queue["offered"] == 2
    report = desk(world).report(asked(by="hour"))
    assert report.total.figures["calls"] == 3  # with that of the login
    assert report.proofs
    seat = line(world, "seats", "1001").figures
    parts = ("ready", "ringing", "talk", "hold", "wrap_up", "engaged", "unreachable_time", "paused")
    assert sum(seat[part] or 0 for part in parts) == pytest.approx(seat["logged_in"], abs=1e-6)
    assert len(desk(world).prove(asked())) == 10
    before = desk(world).report(asked("queues"))
    assert desk(world).recompute(asked()) > 0
    assert desk(world).report(asked("queues")) == before


async def test_what_goes_on_is_counted_as_far_as_it_has_gone(world: World) -> None:
    await world.logs_in("1001")
    assert world.engine is not None
    world.engine.dispatcher.busy("1001", "meal", by="test")
    await settled(world)
    earlier = line(world, "seats", "1001").figures["logged_in"] or 0
    await world.passes(minutes=40)
    later = line(world, "seats", "1001").figures
    assert later["logged_in"] == earlier + 2400
    assert (later["paused meal"] or 0) > 2399
    assert len(desk(world).prove(asked())) == 10
