"""Tokens of a running engine: made, used, expired, revoked; wrong ones are slowed down."""

import asyncio

import pytest
from sqlalchemy import select

from callcenter.access.store import api_tokens
from callcenter.numbers import Tenant, save_tenant
from tests.scenarios.test_audit import api, rows, told, verified
from tests.support.api import Answer, Api
from tests.support.world import World

__all__ = ["api"]
DAY = 86_400


async def test_a_token_from_making_to_revoking(world: World, api: Api) -> None:
    secret = await api.token("board", "supervisor", tenants=["acme"], seconds=30 * DAY)
    assert len(secret) >= 47
    assert (await api.ask("GET", "/v1/calls", token=secret)).status == 200
    [row] = (await api.ask("GET", "/v1/tokens")).json
    assert row["used_at"] == "2026-03-02T01:00:00.100000Z"
    assert row | {"token": "", "used_at": ""} == {
        "token": "",
        "name": "board",
        "role": "supervisor",
        "tenants": ["acme"],
        "seat": "",
        "state": "good",
        "created_at": "2026-03-02T01:00:00.100000Z",
        "created_by": "root",
        "expires_at": "2026-04-01T01:00:00.100000Z",
        "revoked_at": None,
        "used_at": "",
    }
    revoked = await api.ask("DELETE", "/v1/tokens/board")
    assert revoked.json["state"] == "revoked"
    answer = await api.ask("GET", "/v1/calls", token=secret)
    assert told(answer) == (401, "revoked_token")
    assert (await rows(world))[-1]["actor"] == "board"
    assert secret not in (world.folder / "world.db").read_bytes().decode("latin-1")
    journal = "".join(f.read_text() for f in (world.folder / "journal").iterdir())
    assert secret not in journal


async def test_a_token_expires_by_the_engines_clock(world: World, api: Api) -> None:
    secret = await api.token("short", "supervisor", tenants=["acme"], seconds=3600)
    await world.passes(minutes=59)
    assert (await api.ask("GET", "/v1/seats", token=secret)).status == 200
    await world.passes(minutes=2)
    assert told(await api.ask("GET", "/v1/seats", token=secret)) == (401, "expired_token")
    assert (await api.ask("GET", "/v1/tokens")).json[0]["state"] == "expired"
    again = await api.token("short", "supervisor", tenants=["acme"])
    assert (await api.ask("GET", "/v1/seats", token=again)).status == 200


async def test_nobody_makes_a_token_above_or_beside_himself(world: World, api: Api) -> None:
    with world.database.begin() as connection:
        save_tenant(connection, Tenant(id="rival", name="Rival"))
    assert world.engine is not None
    await world.engine.reload()
    admin = await api.token("ann", "administrator", tenants=["rival"])

    async def making(**body: object) -> tuple[int, str]:
        body = {"name": "x", "role": "supervisor", "tenants": ["rival"]} | body
        answer = await api.ask("POST", "/v1/tokens", body, token=admin)
        return answer.status, answer.json.get("code", "")

    assert await making(role="platform", tenants=None) == (403, "forbidden")
    assert await making(tenants=["acme"]) == (404, "not_found")
    assert await making(tenants=["rival", "acme"]) == (404, "not_found")
    assert await making(tenants=None) == (404, "not_found")
    assert await making(tenants=[]) == (409, "refused")
    assert await making(role="agent", seat="1001") == (404, "not_found")
    assert await making(role="agent") == (409, "refused")
    assert await making(name="a b") == (422, "bad_request")
    assert await making() == (200, "")
    assert await making() == (409, "refused")
    await api.token("hers", "supervisor", tenants=["acme"])
    seen = (await api.ask("GET", "/v1/tokens", token=admin)).json
    assert [row["name"] for row in seen] == ["ann", "x"]
    assert (await api.ask("DELETE", "/v1/tokens/hers", token=admin)).status == 404
    assert (await api.ask("DELETE", "/v1/tokens/x", token=admin)).status == 200


async def test_an_agent_has_its_seat_and_nothing_else(world: World, api: Api) -> None:
    agent = await api.token("bob", "agent", seat="1001")
    world.phone("1001")
    login = await api.ask("POST", "/v1/seats/1001/login", {"extension": "1001"}, token=agent)
    assert login.json["status"] == "ready"
    assert (await api.ask("POST", "/v1/seats/1001/busy", token=agent)).json["status"] == "busy"
    other = await api.ask("POST", "/v1/seats/1002/login", {"extension": "1002"}, token=agent)
    assert told(other) == (403, "forbidden")
    assert other.json["message"] == "bob may act for seat 1001 only."
    assert told(await api.ask("POST", "/v1/calls/x/hangup", token=agent)) == (403, "forbidden")
    on_record = [(r["actor"], r["act"], r["outcome"]) for r in await rows(world)]
    assert on_record == [
        ("root", "POST /v1/tokens", "done"),
        ("bob", "POST /v1/seats/{seat}/login", "done"),
        ("bob", "POST /v1/seats/{seat}/busy", "done"),
        ("bob", "POST /v1/seats/{seat}/login", "forbidden"),
        ("bob", "POST /v1/calls/{call}/hangup", "forbidden"),
    ]


async def test_wrong_tokens_are_slowed_down_and_nobody_else(world: World, api: Api) -> None:
    good = await api.token("board", "supervisor", tenants=["acme"])

    async def wrong() -> float:
        begun = world.clock.monotonic()
        answer = await api.ask("GET", "/v1/seats", token="cct_guess", within=60)
        assert told(answer) == (401, "unknown_token")
        return world.clock.monotonic() - begun

    took = [await wrong() for _ in range(17)]
    assert took[:10] == [0] * 10
    assert took[10:] == pytest.approx([0.25, 0.5, 1, 2, 4, 5, 5])
    waiting = asyncio.create_task(wrong())
    await world.passes(seconds=0.1)
    begun = world.clock.monotonic()
    assert (await api.ask("GET", "/v1/seats", token=good)).status == 200  # from the same address
    assert world.clock.monotonic() == begun
    assert await waiting == pytest.approx(5)
    assert len([r for r in await rows(world) if r["outcome"] == "unknown_token"]) == 18
    await world.passes(minutes=11)
    assert await wrong() == 0


async def test_a_flood_of_wrong_tokens_is_cut_short(world: World, api: Api) -> None:
    async def wrong() -> Answer:
        return await api.ask("GET", "/v1/seats", token="cct_guess", within=60)

    answers = await asyncio.gather(*(wrong() for _ in range(100)))
    codes = [told(answer) for answer in answers]
    assert codes.count((401, "unknown_token")) == 14  # ten at once, four have waited
    assert codes.count((429, "too_many_wrong_tokens")) == 86
    on_record = [str(r["sentence"])[:3] for r in await rows(world) if "too_many" in r["outcome"]]  # type: ignore[operator]
    assert on_record == ["16 ", "32 ", "64 "]


async def test_tokens_work_while_the_database_is_away(world: World, api: Api) -> None:
    secret = await api.token("board", "supervisor", tenants=["acme"])
    assert world.engine is not None
    await world.engine.projector.settled()
    _take_away(world)
    assert (await api.ask("GET", "/v1/seats", token=secret)).status == 200
    revoked = await api.ask("DELETE", "/v1/tokens/board")
    assert revoked.status == 200
    assert told(await api.ask("GET", "/v1/seats", token=secret)) == (401, "revoked_token")
    await world.engine_dies()
    _give_back(world)
    await world.start()
    again = Api(world)
    assert told(await again.ask("GET", "/v1/seats", token=secret)) == (401, "revoked_token")
    assert [r["outcome"] for r in await rows(world)] == [
        "done",
        "done",
        "revoked_token",
        "revoked_token",
    ]
    assert await verified(again) == {"rows": 4, "broken": 0, "why": ""}


def _take_away(world: World) -> None:
    (world.folder / "world.db").rename(world.folder / "away.db")
    world.database.dispose()
    (world.folder / "world.db").mkdir()


def _give_back(world: World) -> None:
    (world.folder / "world.db").rmdir()
    (world.folder / "away.db").rename(world.folder / "world.db")


async def test_a_live_feed_ends_when_its_token_is_revoked(world: World, api: Api) -> None:
    secret = await api.token("board", "supervisor", tenants=["acme"])
    feed = asyncio.create_task(api.ask("GET", "/v1/events", token=secret, within=300))
    await world.passes(seconds=30)
    await api.ask("DELETE", "/v1/tokens/board")
    begun = world.clock.monotonic()
    world.calls("+8613800000077")
    await world.passes(seconds=0.1)
    while not api.closed and world.clock.monotonic() - begun < 60:
        await world.passes(seconds=1)
    assert api.closed
    assert world.clock.monotonic() - begun < 30
    feed.cancel()
    [answer] = await asyncio.gather(feed, return_exceptions=True)
    assert isinstance(answer, asyncio.CancelledError)


async def test_last_use_reaches_the_database_now_and_then(world: World, api: Api) -> None:
    secret = await api.token("board", "supervisor", tenants=["acme"])
    await api.ask("GET", "/v1/seats", token=secret)
    await world.passes(minutes=2)
    with world.database.connect() as connection:
        assert connection.execute(select(api_tokens.c.used_at)).scalar_one() is not None
