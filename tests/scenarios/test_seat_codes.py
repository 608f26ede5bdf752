"""S1, Q7: what agents do from their phones: pause, wrap-up, dispositions; told what was done."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from callcenter.acd import Pause, SeatState, SeatStatus, load_plan, save_pauses, save_queue
from callcenter.acd.log import dispositions_of, seat_times
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.port import Source
from tests.support.world import World


async def dials(world: World, code: str, keys: str = "", extension: str = "1001") -> list[str]:
    """An agent dials a feature code and presses keys; what was heard."""
    agent = world.pbx.place_call(extension, code, source=Source.EXTENSION)
    agent.presses(keys)
    await world.passes(seconds=25)
    return agent.heard


async def sales(world: World, **rules: Any) -> None:
    """Change the queue."""
    from dataclasses import replace

    assert world.engine is not None
    with world.database.begin() as connection:
        plan = load_plan(connection).queues["sales"]
        save_queue(connection, replace(plan, **rules))
    await world.engine.reload()


async def served(world: World, seconds: float = 20) -> FakeCaller:
    """A caller talks with a seat and hangs up."""
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=seconds)
    alice.hangs_up()
    await world.passes(seconds=1)
    return alice


async def test_busy_asks_for_a_reason_and_says_which(world: World) -> None:
    await world.logs_in("1001")
    heard = await dials(world, "*14", "2")
    assert heard == ["busy-reason", "busy-ok", "digits/2"]
    seat = world.seat("1001")
    assert (seat.status, seat.reason) == (SeatStatus.BUSY, "meal")
    assert seat.until is not None
    assert timedelta(minutes=59) < seat.until - world.clock.now() <= timedelta(hours=1)
    assert await dials(world, "*13") == ["ready-ok"]
    assert world.seat("1001").until is None


async def test_a_tenant_has_its_own_reasons(world: World) -> None:
    await world.logs_in("1001")
    with world.database.begin() as connection:
        save_pauses(connection, "acme", [Pause(key="7", name="prayer")])
    assert world.engine is not None
    await world.engine.reload()
    heard = await dials(world, "*14", "17")
    assert heard == ["busy-reason", "wrong-code", "busy-reason", "busy-ok", "digits/7"]
    assert world.seat("1001").reason == "prayer"


async def test_wrong_keys_are_told_and_change_nothing(world: World) -> None:
    await world.logs_in("1001")
    assert await dials(world, "*14", "999") == [*["busy-reason", "wrong-code"] * 3, "goodbye"]
    assert world.seat("1001").status is SeatStatus.READY
    assert await dials(world, "*14", "1", extension="1002") == ["not-logged-in"]


async def test_wrap_up_is_extended_from_the_phone(world: World) -> None:
    await world.logs_in("1001")
    await served(world)
    assert world.state("1001") is SeatState.WRAP_UP
    assert await dials(world, "*16", "3#") == ["wrap-up-minutes", "wrap-up-ok", "digits/3"]
    await world.passes(minutes=2)
    assert world.state("1001") is SeatState.WRAP_UP
    await world.passes(minutes=1)
    assert world.state("1001") is SeatState.IDLE


async def test_an_idle_seat_asks_for_wrap_up(world: World) -> None:
    await world.logs_in("1001")
    await dials(world, "*16", "1#")
    assert world.state("1001") is SeatState.WRAP_UP
    await world.passes(minutes=1)
    assert world.state("1001") is SeatState.IDLE


async def test_a_disposition_is_keyed_in_and_kept(world: World) -> None:
    await sales(world, dispositions=("sold", "no-interest"), disposition_required=True)
    await world.logs_in("1001")
    await served(world)
    await world.passes(seconds=20)
    assert world.seat("1001").reason == "disposition"
    assert await dials(world, "*13") == ["disposition-owed"]
    heard = await dials(world, "*17", "9#2#")
    assert heard[:3] == ["disposition-code", "wrong-code", "disposition-code"]
    assert heard[3:] == ["disposition-ok", "digits/2"]
    assert world.seat("1001").status is SeatStatus.READY
    [cdr] = await world.cdrs()
    with world.database.connect() as connection:
        [said] = dispositions_of(connection, cdr.id)
    assert (said.seat, said.queue, said.code, said.by) == (
        "1001",
        "sales",
        "no-interest",
        "phone 1001",
    )


async def test_without_a_call_there_is_nothing_to_say(world: World) -> None:
    await world.logs_in("1001")
    assert await dials(world, "*17") == ["no-disposition"]


@pytest.mark.parametrize("owed", [True, False])
async def test_wrap_up_goes_on_under_the_next_engine(world: World, owed: bool) -> None:
    rules = {"wrap_up": timedelta(seconds=60), "disposition_required": owed}
    await sales(world, dispositions=("sold",), **rules)
    await world.logs_in("1001")
    await served(world)
    await world.passes(seconds=20)
    await world.engine_dies()
    await world.passes(seconds=10)
    await world.start()
    await world.passes(seconds=5)
    assert world.state("1001") is SeatState.WRAP_UP
    await world.passes(seconds=20)
    assert world.state("1001") is SeatState.WRAP_UP
    await world.passes(seconds=5)
    assert world.state("1001") is SeatState.IDLE
    assert world.seat("1001").status is (SeatStatus.BUSY if owed else SeatStatus.READY)


async def test_what_is_owed_outlives_engine_and_wrap_up(world: World) -> None:
    await sales(world, dispositions=("sold",), disposition_required=True)
    await world.logs_in("1001")
    await served(world)
    await world.engine_dies()
    await world.passes(minutes=5)
    await world.start()
    assert world.seat("1001").reason == "disposition"
    assert (await dials(world, "*17", "1#"))[-2:] == ["disposition-ok", "digits/1"]
    await world.engine_dies()
    await world.start()
    assert world.seat("1001").status is SeatStatus.READY


async def test_a_day_adds_up_to_the_second(world: World) -> None:
    assert world.engine is not None
    begin = world.clock.now()
    await world.logs_in("1001")
    await served(world)
    await world.passes(seconds=30)
    await dials(world, "*14", "1")
    await world.engine_dies()
    await world.start()
    await world.passes(minutes=3)
    await dials(world, "*13")
    await dials(world, "*12")
    await world.passes(minutes=3)
    await world.cdrs()
    with world.database.connect() as connection:
        times = seat_times(connection, "1001", begin, world.clock.now())
        changes = connection.execute(select(_log().c.at).where(_log().c.seat == "1001")).scalars()
        first = min(changes)
    assert sum(times.parts.values()) == pytest.approx(times.logged_in, abs=0.001)
    assert times.parts["wrap_up"] == pytest.approx(8, abs=0.01)
    assert times.parts["paused: break"] > 180
    assert {"ready", "ringing", "talking", "engaged"} <= set(times.parts)
    assert times.logged_in < (world.clock.now() - first).total_seconds() - 180


def _log() -> Any:
    from callcenter.acd.log import seat_log

    return seat_log


async def test_a_code_that_is_none_is_told_in_words(world: World) -> None:
    assert await dials(world, "*99") == ["wrong-code"]
