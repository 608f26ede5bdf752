"""The audit log of a running engine: what is on record, and that the record is whole."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from callcenter.access.store import audit_head, audit_log
from callcenter.acd.store import load_status
from callcenter.numbers import Tenant, save_tenant
from tests.support.api import OUTSIDE, Answer, Api
from tests.support.world import World


@pytest.fixture
async def api(world: World) -> Api:
    return Api(world)


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["code"]


async def rows(world: World) -> list[dict[str, object]]:
    assert world.engine is not None
    await world.engine.projector.settled()
    with world.database.connect() as connection:
        found = connection.execute(select(audit_log).order_by(audit_log.c.number))
        return [dict(row._mapping) for row in found]


async def verified(api: Api) -> dict[str, object]:
    found: dict[str, object] = (await api.ask("GET", "/v1/audit/verify")).json
    return found


async def test_an_act_and_a_refusal_on_record(world: World, api: Api) -> None:
    await api.ask("POST", "/v1/seats/1001/login", {"extension": "1001"})
    await api.ask("POST", "/v1/seats/9%099%0A/ready?x=1")
    await api.ask("GET", "/v1/seats")
    await api.ask("POST", "/v1/nothing")
    await api.ask("PUT", "/v1/tenants/acme", {"zone": 7})
    found = await rows(world)
    first, second, third, fourth = found
    assert first["actor"] == "root"
    assert first["role"] == "platform"
    assert first["door"] == "local root"
    assert (first["act"], first["target"]) == (
        "POST /v1/seats/{seat}/login",
        "/v1/seats/1001/login",
    )
    assert (first["tenant"], first["outcome"], first["sentence"]) == ("acme", "done", "")
    assert (second["outcome"], second["target"]) == ("not_found", "/v1/seats/9?9?/ready?x=1")
    assert (third["act"], third["outcome"]) == ("POST unknown path", "not_found")
    assert (fourth["tenant"], fourth["outcome"]) == ("acme", "bad_request")
    listed = (await api.ask("GET", "/v1/audit?act=login")).json
    assert [row["number"] for row in listed] == [1]
    assert (await api.ask("GET", "/v1/audit?actor=nobody")).json == []
    assert len((await api.ask("GET", "/v1/audit?since=2026-03-02T00:00:00Z&most=2")).json) == 2
    assert (await api.ask("GET", "/v1/audit?since=2026-03-03T00:00:00Z")).json == []


async def test_taking_out_and_listening_is_on_record(world: World, api: Api) -> None:
    spy = await api.token("spy", "administrator", tenants=["acme"])
    for path in ("/v1/lists/black/export?tenant=acme", "/v1/voicemail/vm-1/audio", "/v1/cdrs"):
        await api.ask("GET", path, token=spy)
    [export, listening] = (await rows(world))[1:]
    assert (export["act"], export["outcome"]) == ("GET /v1/lists/{name}/export", "done")
    assert str(export["door"]).endswith(" from 192.0.2.7")
    assert listening["target"] == "/v1/voicemail/vm-1/audio"


async def test_who_did_it_is_in_the_seats_log_too(world: World, api: Api) -> None:
    boss = await api.token("boss", "supervisor", tenants=["acme"])
    await api.ask("POST", "/v1/seats/1001/login", {"extension": "1001"}, token=boss)
    assert world.engine is not None
    await world.engine.projector.settled()
    with world.database.connect() as connection:
        assert {said.by for said in load_status(connection)} == {"boss"}


async def test_a_tenants_administrator_sees_its_own_rows(world: World, api: Api) -> None:
    with world.database.begin() as connection:
        save_tenant(connection, Tenant(id="rival", name="Rival"))
    assert world.engine is not None
    await world.engine.reload()
    rival = await api.token("ann", "administrator", tenants=["rival"])
    await api.ask("POST", "/v1/seats/1001/login", {"extension": "1001"}, token=rival)
    await api.ask("PUT", "/v1/tenants/rival", {"name": "New"}, token=rival)
    acme = await api.token("eve", "administrator", tenants=["acme"])
    seen = (await api.ask("GET", "/v1/audit", token=acme)).json
    assert ("ann", "not_found") in [(row["actor"], row["outcome"]) for row in seen]
    assert all(row["tenant"] == "acme" for row in seen)
    seen = (await api.ask("GET", "/v1/audit", token=rival)).json
    assert {row["tenant"] for row in seen} == {"rival"}


async def test_the_chain_is_right_over_many_requests_at_once(world: World, api: Api) -> None:
    async def act(number: int) -> None:
        if number % 3:
            await api.ask("PUT", "/v1/tenants/acme", {"calls_limit": number})
        else:
            await api.ask("POST", f"/v1/seats/{number}/ready")

    await asyncio.gather(*(act(number) for number in range(60)))
    assert await verified(api) == {"rows": 60, "broken": 0, "why": ""}
    assert [row["number"] for row in await rows(world)] == list(range(1, 61))


async def test_every_damage_is_found_and_its_row_named(world: World, api: Api) -> None:
    for _ in range(6):
        await api.ask("POST", "/v1/seats/1001/ready")
    kept = await rows(world)
    fourth = audit_log.c.number == 4
    changed = "Row 4 is not as it was written."

    async def damaged(*statements: object) -> tuple[object, object]:
        with world.database.begin() as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]
        found = await verified(api)
        with world.database.begin() as connection:
            connection.execute(delete(audit_log))
            connection.execute(insert(audit_log), kept)
            connection.execute(
                update(audit_head).values(number=kept[-1]["number"], hash=kept[-1]["hash"])
            )
        assert (await verified(api))["broken"] == 0
        return found["broken"], found["why"]

    for column in ("actor", "role", "tenant", "act", "target", "door", "outcome", "sentence"):
        spoiled = update(audit_log).where(fourth).values({column: "x"})
        assert await damaged(spoiled) == (4, changed), column
    later = kept[3]["at"] + timedelta(microseconds=1)  # type: ignore[operator]
    assert await damaged(update(audit_log).where(fourth).values(at=later)) == (4, changed)
    assert await damaged(delete(audit_log).where(fourth)) == (4, "Row 4 is missing.")
    head = update(audit_head).values(number=4, hash=kept[3]["hash"])
    tail = delete(audit_log).where(audit_log.c.number > 4)
    assert await damaged(tail) == (5, "Row 5 to 6 are missing at the end.")
    assert await damaged(tail, head) == (5, "Row 5 to 6 are missing at the end.")
    assert await damaged(delete(audit_log)) == (1, "Row 1 to 6 are missing at the end.")
    # All rows from the fourth on are made anew, with hashes that fit: a changed past.
    forged, statements = kept[2]["hash"], []
    for row in kept[3:]:
        made = replace(_row(row), actor="nobody", previous=str(forged)).sealed()
        forged = made.hash
        where = audit_log.c.number == row["number"]
        statements.append(update(audit_log).where(where).values(vars(made)))
    statements.append(update(audit_head).values(hash=forged))
    assert await damaged(*statements) == (6, "Row 6 is not the one that the engine wrote.")
    extra = replace(_row(kept[5]), number=7, previous=str(kept[5]["hash"])).sealed()
    assert await damaged(insert(audit_log).values(vars(extra))) == (
        7,
        "Row 7 was not written by an engine.",
    )


def _row(row: dict[str, object]):  # type: ignore[no-untyped-def]
    from callcenter.access.model import AuditRow

    return AuditRow(**row)  # type: ignore[arg-type]


async def test_a_killed_engine_leaves_a_whole_log(world: World, api: Api) -> None:
    """Acts that were answered are on record; one that was under way is, as unknown."""
    for _ in range(3):
        await api.ask("POST", "/v1/seats/1001/ready")
    assert world.engine is not None

    async def never() -> None:
        await asyncio.sleep(3600)

    world.engine.reload = never  # type: ignore[method-assign, assignment]
    under_way = asyncio.create_task(api.ask("POST", "/v1/reload", within=4000))
    await world.passes(seconds=1)
    answered = await api.ask("POST", "/v1/seats/1002/ready")
    assert answered.status == 409
    journal = world.folder / "journal"
    torn = sorted(journal.iterdir())[-1]
    text = torn.read_bytes()
    await world.engine_dies()
    under_way.cancel()
    await asyncio.gather(under_way, return_exceptions=True)
    torn.write_bytes(text + b'9999 audit {"row":{"numb')  # it died in the midst of a line
    await world.start()
    again = Api(world)
    found = await rows(world)
    assert [(r["act"], r["outcome"]) for r in found[3:]] == [
        ("POST /v1/seats/{seat}/ready", "refused"),
        ("POST /v1/reload", "unknown"),
    ]
    assert found[-1]["sentence"] == "The engine ended before it had answered."
    await again.ask("POST", "/v1/seats/1001/ready")
    assert await verified(again) == {"rows": 6, "broken": 0, "why": ""}
    await world.engine_dies()
    await world.start()
    assert await verified(Api(world)) == {"rows": 6, "broken": 0, "why": ""}


async def test_the_journal_remembers_the_head_when_its_rows_are_released(world: World) -> None:
    api = Api(world)
    assert world.engine is not None
    world.engine.journal._segment_bytes = 2000
    for _ in range(30):
        await api.ask("POST", "/v1/seats/1001/ready")
        await world.passes(seconds=10)
    assert world.engine.journal.segments < 4
    with world.database.begin() as connection:
        connection.execute(delete(audit_log).where(audit_log.c.number > 20))
        connection.execute(delete(audit_head))
    await world.engine_dies()
    await world.start()
    found = await verified(Api(world))
    assert (found["broken"], found["rows"]) == (21, 20)


async def test_who_comes_without_a_token_from_outside_is_refused(world: World, api: Api) -> None:
    answer = await api.ask("GET", "/v1/status", peer=OUTSIDE)
    assert told(answer) == (401, "unauthenticated")
    [row] = await rows(world)
    assert (row["actor"], row["door"]) == ("unknown", "192.0.2.7")
