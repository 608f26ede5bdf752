"""Routing in a running engine, on turned time: limits, hours, and calls that were let in before."""

from datetime import timedelta

from callcenter.acd import SeatState
from callcenter.numbers import HostedNumber, Tenant, save_number, save_tenant
from callcenter.pbx.causes import Cause
from callcenter.routing.desk import hours, lists
from callcenter.routing.lists import Change
from tests.support.world import NUMBER, START, World


async def _set(world: World, **changes: object) -> None:
    with world.database.begin() as connection:
        number = HostedNumber(number=NUMBER, tenant="acme", flow="main", **changes)  # type: ignore[arg-type]
        save_number(connection, number)
    assert world.engine is not None
    await world.engine.reload()


async def _blacklist(world: World, *changes: Change) -> None:
    with world.database.begin() as connection:
        lists.write(connection, changes)
    if world.engine is not None:
        await world.engine.reload()


async def test_the_call_over_the_limit_hears_busy_until_another_ends(world: World) -> None:
    await _set(world, calls_limit=1)
    first, second = world.calls("+861"), world.calls("+862")
    await world.passes(seconds=1)
    assert first.answered
    assert second.refused is Cause.BUSY
    first.hangs_up()
    await world.passes(seconds=1)
    third = world.calls("+863")
    await world.passes(seconds=1)
    assert third.answered


async def test_a_tenants_limit_counts_all_its_numbers(world: World) -> None:
    with world.database.begin() as connection:
        save_tenant(connection, Tenant(id="acme", name="Acme", calls_limit=1))
        save_number(connection, HostedNumber(number="4002", tenant="acme", flow="main"))
    assert world.engine is not None
    await world.engine.reload()
    first = world.calls("+861")
    await world.passes(seconds=1)
    second = world.calls("+862", number="4002")
    await world.passes(seconds=1)
    assert (first.answered, second.refused) == (True, Cause.BUSY)


async def test_an_entry_expires_without_anybody_doing_anything(world: World) -> None:
    until = START + timedelta(minutes=10)
    await _blacklist(world, Change("black", "*", "+861*", "", until))
    early = world.calls("+8610")
    await world.passes(minutes=11)
    late = world.calls("+8610")
    await world.passes(seconds=1)
    assert (early.refused, late.answered) == (Cause.REJECTED, True)


async def test_a_caller_who_was_let_in_stays_when_the_engine_dies_and_the_list_grew(
    world: World,
) -> None:
    alice = world.calls("+861")
    alice.presses("1")
    await world.passes(seconds=20)
    await world.engine_dies()
    await _blacklist(world, Change("black", "*", "+861*"))
    await world.start()
    await world.logs_in("1001")
    await world.passes(seconds=20)
    assert world.state("1001") is SeatState.TALKING
    assert alice.refused is None
    bob = world.calls("+8611")
    await world.passes(seconds=1)
    assert bob.refused is Cause.REJECTED


async def test_a_number_closes_while_the_engine_runs(world: World) -> None:
    with world.database.begin() as connection:  # it is 09:00 in Shanghai
        hours.set_hours(
            connection, "acme", "day", weekly={"mon": "08:00-09:30"}, zone_name="Asia/Shanghai"
        )
    await _set(world, hours="day", closed_to=HostedNumber.over_limit_to)
    early = world.calls("+861")
    await world.passes(minutes=31)
    late = world.calls("+862")
    await world.passes(seconds=1)
    assert (early.answered, late.refused) == (True, Cause.BUSY)
