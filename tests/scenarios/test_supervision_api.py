"""Acts over REST: the words of each path, and what one tenant's supervisor finds of another's."""

from datetime import timedelta

import pytest

from callcenter.acd import QueuePlan, SeatPlan, SeatState, save_queue, save_seat
from callcenter.kernel.actor import Actor, Role, acting
from callcenter.numbers import Extension, Tenant, save_extension, save_tenant
from callcenter.pbx.fake import FakeCaller
from callcenter.services.supervision import EngineSupervision
from callcenter.supervision import Act
from callcenter.supervision.refusals import CallOver
from tests.support.api import Api
from tests.support.world import PIN, World


@pytest.fixture
async def api(world: World) -> Api:
    """The API, in a world with a second company."""
    from callcenter.kernel.pins import hash_pin

    with world.database.begin() as connection:
        save_tenant(connection, Tenant(id="other", name="Other"))
        save_extension(connection, Extension(number="2001", tenant="other", secret="x"))
        seat = SeatPlan(number="2001", tenant="other", name="O", pin_hash=hash_pin(PIN))
        save_seat(connection, seat)
        for name, tenant in (("foreign", "other"), ("support", "acme")):
            ring = timedelta(seconds=9)
            save_queue(connection, QueuePlan(name=name, tenant=tenant, ring=ring))
    assert world.engine is not None
    await world.engine.reload()
    return Api(world)


async def talking(world: World) -> FakeCaller:
    await world.logs_in("1001")
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=16)
    return alice


async def told(api: Api, path: str, body: dict[str, object] | None = None) -> object:
    """The code of a refusal, or what was answered."""
    answer = await api.ask("POST", f"/v1/{path}", body or {}, within=40)
    if answer.status >= 400:
        assert answer.json["message"].endswith("."), answer.text
        return answer.json["code"]
    return answer.json if answer.text else answer.status


async def test_each_path_once(world: World, api: Api) -> None:
    alice = await talking(world)
    await world.logs_in("1002")
    at = f"calls/{alice.call}"
    row = await told(api, f"{at}/listen", {"mode": "monitor", "who": "1002"})
    assert isinstance(row, dict)
    assert (row["who"], row["mode"], row["by"], row["ringing"]) == (
        "1002",
        "monitor",
        "root",
        False,
    )
    row = await told(api, f"{at}/mode", {"mode": "barge"})
    assert isinstance(row, dict)
    assert row["mode"] == "barge"
    [listed] = (await api.ask("GET", "/v1/listeners")).json
    assert (listed["call"], listed["mode"]) == (alice.call, "barge")
    assert await told(api, f"{at}/leave", {"who": "1002"}) == 204
    await world.passes(seconds=1)
    assert await told(api, f"{at}/conference", {"guests": ["1002"]}) == 204
    assert await told(api, f"{at}/conference", {}) == "refused"
    assert await told(api, f"{at}/conference", {"guests": ["1002"]}) == "listens_already"
    assert await told(api, f"{at}/conference", {"guests": ["1001"]}) == "seat_taken"
    assert await told(api, f"{at}/conference", {"calls": ["c-1"]}) == "call_ended"
    assert await told(api, f"{at}/leave", {"who": "1002"}) == 204
    await world.passes(seconds=1)
    assert await told(api, f"{at}/pickup", {"seat": "1002"}) == "talks_already"
    assert await told(api, f"{at}/takeover", {"seat": "1002"}) == 204
    await world.passes(seconds=3)
    assert world.state("1002") is SeatState.TALKING
    assert await told(api, f"{at}/move", {"queue": "support"}) == "not_waiting"
    assert await told(api, f"{at}/prioritise", {"first": True}) == "not_waiting"
    assert await told(api, f"{at}/transfer", {"to": "queue:support"}) in (202, None, "null", 204)
    await world.passes(seconds=1)
    assert await told(api, f"{at}/prioritise", {"priority": 5}) == {"priority": 5}
    assert await told(api, f"{at}/move", {"queue": "sales"}) == 204
    row = await told(api, "seats/1002/force", {"status": "busy", "reason": "2"})
    assert isinstance(row, dict)
    assert (row["status"], row["reason"]) == ("busy", "meal")
    assert await told(api, f"{at}/hangup") == 204
    assert await told(api, f"{at}/hangup") == "call_ended"
    [cdr] = await world.cdrs()
    assert (cdr.ended_by, cdr.ended_by_name) == ("supervisor", "root")
    moments = (await api.ask("GET", f"/v1/calls/{cdr.id}/explain")).json["moments"]
    said = " ".join(moment["what"] for moment in moments)
    for word in ("monitor", "barge", "conference", "takeover", "transfer", "prioritise", "move"):
        assert f"root acts: {word}" in said
    assert "Ends, by the supervisor root" in said
    row = await told(api, "seats/1002/force", {"status": "logged-out"})
    assert isinstance(row, dict)
    assert row["status"] == "logged_out"


async def test_strange_words_are_refused(world: World, api: Api) -> None:
    alice = await talking(world)
    at = f"calls/{alice.call}"
    for path, body in (
        (f"{at}/listen", {"mode": "shout", "who": "1002"}),
        (f"{at}/listen", {"mode": "monitor", "who": ""}),
        (f"{at}/prioritise", {}),
        (f"{at}/prioritise", {"priority": 1, "first": True}),
        (f"{at}/prioritise", {"priority": 10**9}),
        ("seats/1001/force", {"status": "asleep"}),
    ):
        assert await told(api, path, body) == "bad_request", (path, body)
    assert await told(api, "seats/77/force", {"status": "ready"}) == "not_found"
    assert await told(api, f"{at}/transfer", {"to": "flow:main"}) == "refused"
    assert await told(api, f"{at}/transfer", {"to": "seat:1002"}) == "seat_unreachable"
    assert await told(api, f"{at}/conference", {"guests": ["13800000000"]}) == "seat_unreachable"
    alice.hangs_up()
    await world.passes(seconds=1)


async def test_calls_and_seats_of_another_tenant(world: World, api: Api) -> None:
    """The platform is told that they differ; a tenant's own supervisor finds no such call."""
    alice = await talking(world)
    await world.logs_in("2001")
    at = f"calls/{alice.call}"
    assert await told(api, f"{at}/listen", {"mode": "monitor", "who": "2001"}) == "other_tenant"
    assert await told(api, f"{at}/takeover", {"seat": "2001"}) == "other_tenant"
    assert await told(api, f"{at}/transfer", {"to": "queue:foreign"}) == "other_tenant"
    assert world.engine is not None
    acts = EngineSupervision(world.engine)
    theirs = Actor(name="li", role=Role.SUPERVISOR, tenants=frozenset({"other"}))
    token = acting.set(theirs)
    try:
        for act in (
            acts.listen(alice.call, Act.MONITOR, "2001"),
            acts.hang_up(alice.call),
            acts.transfer(alice.call, "seat:2001"),
            acts.pick_up(alice.call, "2001"),
            acts.take_over(alice.call, "2001"),
            acts.conference([alice.call], ["2001"]),
            acts.move(alice.call, "foreign"),
            acts.prioritise(alice.call, 1),
        ):
            with pytest.raises(CallOver, match="no running call"):
                await act
    finally:
        acting.reset(token)
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    await world.passes(seconds=1)
