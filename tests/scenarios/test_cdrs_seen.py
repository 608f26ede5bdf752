"""Ended calls as the engine gives them out: only those of who asks, in pages and in files."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from callcenter.calls.exporting import Format
from callcenter.calls.search import Search
from callcenter.kernel.actor import Actor, Role, acting
from callcenter.kernel.errors import NotFound
from callcenter.services.cdrs import EngineCdrs
from tests.support.world import World


@contextmanager
def somebody_of(*tenants: str) -> Iterator[None]:
    actor = Actor(name="eve", role=Role.SUPERVISOR, tenants=frozenset(tenants))
    token = acting.set(actor)
    yield
    acting.reset(token)


async def _file(records: EngineCdrs, kind: Format) -> bytes:
    return b"".join([piece async for piece in await records.export(Search(), kind)])


async def test_calls_of_other_tenants_do_not_exist(world: World) -> None:
    for caller in ("13800000001", "+8613800000001", "13900000001"):
        alice = world.calls(caller)
        await world.passes(seconds=2)
        alice.hangs_up()
        await world.passes(seconds=1)
    kept = await world.cdrs()
    assert world.engine is not None
    records = EngineCdrs(world.engine)
    first = await records.search(Search(caller="13800000001"), 1, "")
    second = await records.search(Search(caller="13800000001"), 1, first.after)
    assert [cdr.id for cdr in (*first.cdrs, *second.cdrs)] == [kept[1].id, kept[0].id]
    assert second.after == ""
    with somebody_of("acme"):
        assert (await records.one(kept[0].id)).id == kept[0].id
        assert len((await _file(records, Format.JSONL)).splitlines()) == 3
    with somebody_of("other"):
        assert (await records.search(Search(), 50, "")).cdrs == []
        assert len((await _file(records, Format.CSV)).splitlines()) == 1
        with pytest.raises(NotFound, match="There is no ended call"):
            await records.one(kept[0].id)
