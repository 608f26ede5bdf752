"""Two tenants on one engine: to each other they do not exist, on whatever route they ask.

Every route of the application is walked with tokens of one tenant and everything it could name of
the other one. A new route is walked without anybody thinking of it; give it a body below where it
needs one.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Boolean, Column, Float, Integer, String, Table, Text, select

from callcenter.acd import QueuePlan, SeatPlan, save_queue, save_seat
from callcenter.kernel.database import UtcDateTime, metadata
from callcenter.numbers import (
    Extension,
    HostedNumber,
    Tenant,
    save_extension,
    save_number,
    save_tenant,
)
from tests.support.api import Answer, Api
from tests.support.world import FLOW, NUMBER, World

CALLER = "+8613800000001"
OURS = ("Acme", "Annabel", "+86139777", '"kr"', "geheim", "7001", CALLER, "sales", "1002")
"""What nobody of the other tenant may read, unless it has just written it itself."""
NOT_ROWS = {"audit_log", "audit_head", "journal_mark", "api_tokens"}
Doc = dict[str, Any]

BYE = {"name": "main", "tenant": "rival", "start": "a", "nodes": {"a": {"kind": "hangup"}}}
FLOW_TEXT = json.dumps(FLOW | {"tenant": "acme"})
BODIES: dict[str, Doc] = {
    "POST /v1/tokens": {"name": "spy", "role": "supervisor", "tenants": ["acme"]},
    "POST /v1/seats/{seat}/login": {"extension": "1001"},
    "POST /v1/seats/{seat}/wrapup": {"seconds": 60},
    "POST /v1/seats/{seat}/dispose": {"code": "sold"},
    "POST /v1/seats/{seat}/message": {"sender": "1", "text": "hello"},
    "POST /v1/seats/{seat}/force": {"status": "ready", "reason": ""},
    "PUT /v1/seats/{seat}/skills": {"ja": 3},
    "PATCH /v1/queues/{queue}/plan": {"tenant": "rival"},
    "PUT /v1/tenants/{tenant}/pauses": {"pauses": []},
    "PUT /v1/tenants/{tenant}": {"name": "Taken"},
    "POST /v1/calls/{call}/transfer": {"to": "queue:mine"},
    "POST /v1/calls/{call}/listen": {"mode": "monitor", "who": "2001"},
    "POST /v1/calls/{call}/mode": {"mode": "barge", "who": "2001"},
    "POST /v1/calls/{call}/leave": {"who": "2001"},
    "POST /v1/calls/{call}/conference": {"calls": [], "guests": ["2001"]},
    "POST /v1/calls/{call}/pickup": {"seat": "2001"},
    "POST /v1/calls/{call}/takeover": {"seat": "2001"},
    "POST /v1/calls/{call}/move": {"queue": "mine"},
    "POST /v1/calls/{call}/prioritise": {"priority": 5},
    "PUT /v1/recordings/{recording}/hold": {"why": "mine"},
    "POST /v1/recordings/{recording}/remove": {"why": "mine"},
    "PUT /v1/recording-rules/{rule}": {"tenant": "acme", "never": True},
    "POST /v1/recording-rules/try": {"tenant": "acme"},
    "POST /v1/flows/validate": {"document": FLOW_TEXT},
    "POST /v1/flows": {"document": FLOW_TEXT},
    "POST /v1/prompts": {"tenant": "acme", "name": "welcome", "language": "en", "text": "Hi"},
    "POST /v1/prompts/number": {"tenant": "acme", "name": "welcome"},
    "POST /v1/prompts/use": {
        "tenant": "acme",
        "name": "welcome",
        "language": "en",
        "version": 1,
    },
    "PUT /v1/numbers/{number}": {"destination": "queue:mine"},
    "PUT /v1/numbers/{number}/colour-ring": {"colour_ring": ""},
    "POST /v1/route/explain": {"from": "13800000001", "to": NUMBER},
    "POST /v1/lists/{name}": {"number": "13800000009", "tenant": "acme"},
    "POST /v1/lists/{name}/import": {"csv": "number\n13800000009\n", "tenant": "acme"},
    "PUT /v1/regions": {"tenant": "acme", "region": "KR", "destination": "queue:mine"},
    "PUT /v1/hours/{tenant}/{name}": {"weekly": {"mon": "08:00-09:00"}},
    "PUT /v1/calendars/{tenant}/{calendar}/{day}": {"kind": "closed"},
    "PUT /v1/lines/{group}": {"tenant": "acme", "lines": []},
    "PUT /v1/extensions/{extension}/rights": {"outside": True},
    "PUT /v1/members/{tenant}/{number}": {"pin": "123456"},
    "POST /v1/members/{tenant}/import": {"csv": "number,pin\n7002,123456\n"},
}
STOLEN: list[tuple[str, str, Doc]] = [
    # what is ours is not to be tied to what is theirs
    ("PATCH", "/v1/queues/mine/plan", {"seats": [["1001", 1]]}),
    ("PATCH", "/v1/queues/mine/plan", {"limits": {"full_to": "queue:sales"}}),
    ("PATCH", "/v1/queues/mine/plan", {"tenant": "acme"}),
    ("PATCH", "/v1/queues/other/plan", {"tenant": "acme"}),
    ("PUT", "/v1/numbers/5001", {"destination": "queue:sales"}),
    ("PUT", "/v1/numbers/5001", {"fallback": "seat:1001"}),
    ("PUT", "/v1/numbers/5001", {"tenant": "acme"}),
    ("PUT", "/v1/numbers/5002", {"tenant": "rival", "destination": "queue:mine"}),
    ("PUT", "/v1/numbers/5001", {"state": "active", "closed_to": "flow:main"}),
    ("PUT", "/v1/regions", {"tenant": "rival", "region": "JP", "destination": "flow:main"}),
    ("PUT", "/v1/regions", {"tenant": "*", "region": "JP", "destination": "refuse:rejected"}),
    ("POST", "/v1/lists/black", {"number": "13800000009", "tenant": "*"}),
    ("PUT", "/v1/lines/mine", {"tenant": "rival", "fallback": "queue:sales"}),
    (
        "PUT",
        "/v1/lines/mine",
        {"tenant": "rival", "lines": [{"name": "a", "kind": "extension", "number": "1001"}]},
    ),
    ("POST", "/v1/seats/2001/login", {"extension": "1001"}),
    ("POST", "/v1/route/explain", {"from": "1001", "to": "1002", "source": "extension"}),
    ("POST", "/v1/flows", {"document": json.dumps(BYE)}),
    ("PUT", "/v1/tenants/rival", {"calls_limit": 0, "zone": "Nowhere"}),
    ("PUT", "/v1/tenants/rival", {"calls_limit": 99}),
    ("PUT", "/v1/tenants/new", {}),
]


def _rival(world: World) -> None:
    with world.database.begin() as connection:
        save_seat(connection, SeatPlan(number="1002", tenant="acme", name="Annabel", pin_hash=""))
        save_tenant(connection, Tenant(id="rival", name="Rival"))
        save_extension(connection, Extension(number="2001", tenant="rival", secret="unused"))
        save_seat(connection, SeatPlan(number="2001", tenant="rival", name="Rita", pin_hash=""))
        save_queue(connection, QueuePlan(name="mine", tenant="rival", seats=(("2001", 1),)))
        save_number(connection, HostedNumber(number="5001", tenant="rival", flow="rivals"))


async def _ours(world: World, api: Api) -> dict[str, list[str]]:
    """All of acme that can be set up; what there is to name on a path."""
    for verb, path, body in (
        ("POST", "/v1/lists/black", {"number": "+86139777*", "tenant": "acme"}),
        ("POST", "/v1/lists/black", {"number": "+86139777*"}),
        ("PUT", "/v1/regions", BODIES["PUT /v1/regions"] | {"destination": "queue:sales"}),
        ("PUT", "/v1/hours/acme/office", {"weekly": {"mon": "09:00-17:00"}}),
        ("PUT", "/v1/calendars/acme/fair/2026-05-01", {"kind": "closed"}),
        ("PUT", "/v1/lines/desk", {"tenant": "acme", "lines": []}),
        ("PUT", "/v1/members/acme/7001", {"pin": "123456"}),
        ("PUT", "/v1/recording-rules/all", {"tenant": "acme"}),
        ("PUT", "/v1/tenants/acme/pauses", {"pauses": [{"key": "1", "name": "geheim"}]}),
        ("PUT", "/v1/seats/1001/skills", {"geheim": 2}),
    ):
        made = await api.ask(verb, path, body)
        assert made.status == 200, (path, made.text)
    await api.token("theirs", "supervisor", tenants=["acme"])
    ended, running = world.calls(), world.calls()
    ended.hangs_up()
    running.presses("1")
    await world.logs_in("1001")
    await world.passes(seconds=5)
    [cdr] = [row.id for row in await world.cdrs()]
    assert world.engine is not None
    open_calls = list(world.engine.ledger.open)
    for table, more in (
        ("voicemail_messages", {"box": "1001"}),
        ("recordings", {"state": "kept", "direction": "inbound"}),
        ("tenant_prompts", {"name": "welcome"}),
        ("prompt_versions", {"name": "welcome", "language": "en", "origin": "text"}),
        ("survey_answers", {"seat": "1001", "queue": "sales"}),
    ):
        _insert(world, metadata.tables[table], {"call": cdr, "caller": CALLER} | more)
    return {
        "tenant": ["acme"],
        "seat": ["1001", "1002"],
        "queue": ["sales"],
        "call": [*open_calls, cdr],
        "message": ["x1"],
        "recording": ["x1"],
        "rule": ["all"],
        "token": ["theirs"],
        "name": ["main", "black", "office", "welcome"],
        "number": [NUMBER, "7001"],
        "calendar": ["fair"],
        "group": ["desk"],
        "extension": ["1001"],
        "position": ["1"],
        "day": ["2026-05-01"],
        "country": ["CN"],
    }


def _insert(world: World, table: Table, values: Doc) -> None:
    row = {column.name: _filling(column) for column in table.columns if not column.nullable}
    row |= {name: value for name, value in values.items() if name in table.c}
    with world.database.begin() as connection:
        connection.execute(table.insert().values(row | {"tenant": "acme"}))


def _filling(column: Column[Any]) -> object:
    if isinstance(column.type, UtcDateTime):
        return datetime(2026, 3, 1, tzinfo=UTC)
    if isinstance(column.type, Boolean):
        return True
    if isinstance(column.type, Integer | Float):
        return 1
    if column.name in ("pauses",):
        return "[]"
    assert isinstance(column.type, String | Text)
    return "x1" if column.primary_key else "geheim"


def _paths(api: Api, ours: dict[str, list[str]]) -> Iterator[tuple[str, str, str]]:
    """Verb, template and path with every name of theirs in it, bare and with every query."""
    for template, verbs in api.app.openapi()["paths"].items():
        for verb, described in verbs.items():
            filled = [template]
            for name in re.findall(r"{(\w+)}", template):
                filled = [
                    path.replace(f"{{{name}}}", value)
                    for path in filled
                    for value in ours.get(name, ["x1"])
                ]
            given = [p for p in described.get("parameters", ()) if p["in"] == "query"]
            query = {p["name"]: _asked(p["name"], ours) for p in given}
            needed = {p["name"]: query[p["name"]] for p in given if p["required"]}
            queries = {urlencode(needed), urlencode(query)}
            if "tenant" in query:
                queries.add(urlencode(needed | {"tenant": "acme"}))
            for path in filled:
                for asked in sorted(queries):
                    yield verb.upper(), template, f"{path}?{asked}"


def _asked(name: str, ours: dict[str, list[str]]) -> str:
    known = {"box": "1001", "language": "en", "number": "+86139777*", "region": "KR"}
    known |= {"most": "5", "version": "1", "since": "2026-01-01T00:00:00Z"}
    return known.get(name) or ours.get(name, ["1"])[0]


def _all(world: World) -> str:
    """All that is set up and all that goes on."""
    assert world.engine is not None
    with world.database.connect() as connection:
        tables = {
            name: sorted(str(tuple(row)) for row in connection.execute(select(table)))
            for name, table in metadata.tables.items()
            if name not in NOT_ROWS
        }
    calls = [(call.id, call.state, len(call.events)) for call in world.engine.ledger.open.values()]
    seats = [seat.view() for seat in world.engine.dispatcher.seats()]
    members = world.engine.members.everybody("")
    tokens = [(t.name, t.revoked_at) for t in world.engine.tokens.everybody()]
    return repr((tables, calls, seats, members, tokens))


def _leaks(answer: Answer, request: str) -> list[str]:
    return [secret for secret in OURS if secret in answer.text and secret not in request]


async def test_no_route_leaks_or_changes_anything_of_another_tenant(world: World) -> None:
    _rival(world)
    assert world.engine is not None
    await world.engine.reload()
    api = Api(world)
    ours = await _ours(world, api)
    await world.engine.reload()
    admin = await api.token("spy", "administrator", tenants=["rival"])
    agent = await api.token("rita", "agent", seat="2001")
    await world.engine.projector.settled()
    before, wrong, done = _all(world), [], 0
    for verb, template, path in _paths(api, ours):
        body = BODIES.get(f"{verb} {template}")
        request = path + json.dumps(body) + "acme"
        for secret in (admin, agent):
            answer = await api.ask(verb, path, body, token=secret)
            done += 1
            told = [] if template == "/v1/audit" else _leaks(answer, request)  # its own words
            if answer.status >= 500 or told:
                wrong.append((verb, path, answer.status, told, answer.text))
            elif verb != "GET" and answer.status < 300 and "/flows/validate" not in path:
                wrong.append((verb, path, answer.status, [], answer.text))
        if verb != "GET" and _all(world) != before:
            wrong.append((verb, path, 0, ["changed"], ""))
            before = _all(world)
    for verb, path, body in STOLEN:
        answer = await api.ask(verb, path, body, token=admin)
        if answer.status < 400 or answer.status >= 500 or _all(world) != before:
            wrong.append((verb, path, answer.status, [json.dumps(body)], answer.text))
            before = _all(world)
    assert wrong == []
    assert _all(world) == before
    assert done > 300


async def test_the_same_routes_serve_the_tenant_itself(world: World) -> None:
    """Else the test above could pass because nothing works."""
    _rival(world)
    assert world.engine is not None
    await world.engine.reload()
    api = Api(world)
    ours = await _ours(world, api)
    await world.engine.reload()
    mine = await api.token("ann", "administrator", tenants=["acme"])
    seen = set()
    for verb, _, path in _paths(api, ours):
        if verb == "GET":
            answer = await api.ask(verb, path, token=mine)
            seen |= {secret for secret in OURS if secret in answer.text}
    assert seen == set(OURS)
    status = await api.ask("GET", "/v1/status", token=mine)
    assert json.loads(status.text)["offers"] is None  # those of all tenants
    for verb, path, body in (
        ("POST", "/v1/seats/1001/busy", None),
        ("PATCH", "/v1/queues/sales/plan", {"wrap_up": 5}),
        ("PUT", f"/v1/numbers/{NUMBER}", {"destination": "queue:sales"}),
        ("PUT", "/v1/hours/acme/office", {"weekly": {"mon": "08:00-17:00"}}),
        ("POST", f"/v1/calls/{ours['call'][0]}/hangup", None),
    ):
        answer = await api.ask(verb, path, body, token=mine)
        assert answer.status in (200, 204), (path, answer.text)
