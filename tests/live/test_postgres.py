"""The engine on a real PostgreSQL, which is stopped in the middle of a call: nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from callcenter.kernel.errors import DatabaseProblem
from callcenter.settings import load
from tests.support.postgres import Postgres, running
from tests.support.site import DIALLED, Site, until

pytestmark = pytest.mark.live
ALICE = "13800000001"


@pytest.fixture
def server() -> Iterator[Postgres]:
    with running() as made:
        yield made


@pytest.fixture
async def site(server: Postgres) -> AsyncIterator[Site]:
    made = Site()
    url = server.fresh()
    made.settings = load(home=made.home, database=url)
    made.variables["CALLCENTER_DATABASE"] = url
    try:
        await made.open()
        yield made
    finally:
        print(made.engine_says())
        await made.close()


async def test_a_call_while_the_database_is_away(site: Site, server: Postgres) -> None:
    agent = await site.agent("1001")
    caller = await site.caller(ALICE)
    call = await caller.dial(DIALLED)
    await call.hears(site.prompt("welcome"), within=8)
    await call.press("1")
    ringing = await agent.rings(within=10)
    await asyncio.to_thread(server.stop)
    await ringing.answer()
    call.play_tone(440)
    ringing.play_tone(880)
    await ringing.hears_tone(440, within=5, lasting=0.5)
    await call.hears_tone(880, within=5)
    await call.hang_up()
    await ringing.ended(within=5)
    await until(lambda: not site.client.status()["database"]["ok"], why="the database to be missed")
    with pytest.raises(DatabaseProblem, match=r"does not answer; .*Calls go on"):
        await asyncio.to_thread(site.client.cdrs)
    await site.seat_is("1001", state="idle")
    await asyncio.to_thread(server.start)
    await until(lambda: site.client.status()["database"] == {"ok": True, "backlog": 0}, within=10)
    cdr = await site.cdr_of(ALICE)
    assert (cdr["result"], cdr["seat"], cdr["region"]) == ("answered", "1001", "CN/Beijing/Beijing")
    [visit] = cdr["visits"]
    assert (visit["queue"], visit["by"], visit["seat"]) == ("sales", "answered", "1001")
    assert cdr["talk_seconds"] == cdr["legs"][1]["talk_seconds"] > 0.4
    assert [step["node"] for step in cdr["steps"]][:2] == ["welcome", "menu"]
    rows = site.client.cdrs(caller="+86138*", seat="1001", region="CN")
    assert [row["id"] for row in rows] == [cdr["id"]]
    exported = b"".join(site.client.stream("/v1/cdrs/export?format=csv&caller=%2B86138*"))
    heading, line = exported.decode().splitlines()
    assert heading.startswith("id,tenant,source,caller,")
    assert line.startswith(f"{cdr['id']},")
    await site.nothing_left()
