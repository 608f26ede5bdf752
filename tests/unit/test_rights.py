"""Roles on every route: none is forgotten, none lets a lower role in, agents have one seat."""

import asyncio
import getpass
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from callcenter.kernel.actor import Actor, Role, acting
from callcenter.web.api import create_api
from callcenter.web.client import Client
from callcenter.web.rights import HARMLESS, LEAST, LISTENING
from tests.support.services import RowsInMemory, served

ALL = frozenset({"demo"})


class OneApi:
    """One application for all tests of this file: to make it takes longer than to ask it."""

    def __init__(self) -> None:
        self._rows = RowsInMemory()
        self.api = create_api(self._rows)

    def of(self, rows: RowsInMemory) -> FastAPI:
        """The application with these rows behind it."""
        access = self._rows.access
        access.tokens = rows.access.tokens
        access.asked = rows.access.asked
        self._rows.__dict__.update(vars(rows) | {"access": access})
        return self.api


ONE = OneApi()
ROUTES = sorted(
    (verb.upper(), path) for path, verbs in ONE.api.openapi()["paths"].items() for verb in verbs
)


def ask(
    services: RowsInMemory, verb: str, path: str, *headers: tuple[str, str | bytes]
) -> httpx.Response:
    async def asking() -> httpx.Response:
        transport = httpx.ASGITransport(ONE.of(services), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://e") as client:
            raw = [(name.encode(), _octets(value)) for name, value in headers]
            return await client.request(verb, path, headers=raw)

    return asyncio.run(asking())


def _octets(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


KEY = ("Authorization", "Bearer key")


def filled(path: str, seat: str = "21") -> str:
    """A path with something in its places."""
    path = path.replace("{tenant}", "demo").replace("{seat}", seat)
    path = path.replace("{day}", "2026-05-01")
    return re.sub(r"\{\w+\}", "x", path)


def holder(role: Role, seat: str = "", tenants: frozenset[str] | None = ALL) -> RowsInMemory:
    rows = RowsInMemory()
    rows.access.tokens["key"] = Actor(name="ann", role=role, tenants=tenants, seat=seat)
    return rows


def test_every_route_has_its_least_role() -> None:
    """When this fails: give the new route a line in ``callcenter/web/rights.py``."""
    known = set(LEAST) - {("GET", "/openapi.json")}
    assert set(ROUTES) - known == set()
    assert known - set(ROUTES) == set()
    assert set(LEAST) >= HARMLESS | LISTENING


@pytest.mark.parametrize(("verb", "path"), ROUTES)
def test_a_role_below_is_refused_before_anything_is_read(verb: str, path: str) -> None:
    least = LEAST.get((verb, path), Role.PLATFORM)
    for role in Role:
        if role.covers(least):
            continue
        rows = holder(role)
        answer = ask(rows, verb, filled(path), KEY)
        assert answer.status_code == 403, role
        assert answer.json() == {
            "code": "forbidden",
            "message": f"ann is {role}; this needs the role {least}.",
        }
        (asked,) = rows.access.asked
        assert (asked.act, asked.code, asked.status) == ((verb, path), "forbidden", 403)


@pytest.mark.parametrize(("verb", "path"), [*ROUTES, ("GET", "/openapi.json"), ("GET", "/v1/no")])
def test_without_a_good_token_nothing_is_told(verb: str, path: str) -> None:
    for secret in ("", "wrong"):
        rows = RowsInMemory()
        given = [("Authorization", f"Bearer {secret}")] if secret else []
        answer = ask(rows, verb, filled(path), *given)
        assert answer.status_code == 401
        assert answer.json()["code"] == ("unknown_token" if secret else "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert [one.status for one in rows.access.asked] == [401]


@pytest.mark.parametrize(("verb", "path"), [act for act in ROUTES if "{seat}" in act[1]])
def test_an_agent_acts_for_its_own_seat_only(verb: str, path: str) -> None:
    for seat in ("22", ""):
        answer = ask(holder(Role.AGENT, seat=seat), verb, filled(path), KEY)
        assert answer.status_code == 403
    if LEAST.get((verb, path)) is Role.AGENT:
        rows = holder(Role.AGENT, seat="21")
        rows.seat_log_in("21", "1001")
        assert ask(rows, verb, filled(path), KEY).status_code != 403


@pytest.mark.parametrize(("verb", "path"), [act for act in ROUTES if "{tenant}" in act[1]])
def test_another_tenant_in_a_path_does_not_exist(verb: str, path: str) -> None:
    rows = holder(Role.PLATFORM, tenants=frozenset({"other"}))
    answer = ask(rows, verb, filled(path), KEY)
    assert answer.status_code == 404
    assert answer.json() == {"code": "not_found", "message": "There is no tenant 'demo'."}


def test_whoever_is_served_is_known_below() -> None:
    seen: list[Actor] = []

    rows = holder(Role.PLATFORM)
    rows.status = lambda: seen.append(acting.get())  # type: ignore[method-assign]
    ask(rows, "GET", "/v1/status", KEY)
    assert seen == [rows.access.tokens["key"]]
    assert acting.get().name == "engine"


def test_an_authorization_that_is_no_token_is_refused() -> None:
    rows = holder(Role.PLATFORM)

    def told(*values: str | bytes) -> int:
        headers = [("Authorization", value) for value in values]
        return ask(rows, "GET", "/openapi.json", *headers).status_code

    for value in ("key", "Basic key", "Bearer", "Bearer key key", b"Bearer \xff"):
        assert told(value) == 401, value
    assert told("Bearer key", "Bearer other") == 401
    assert told("bearer key") == 200


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[RowsInMemory]:
    with served(RowsInMemory(), tmp_path / "engine.sock") as services:
        yield services


def test_file_rights_of_the_socket_are_the_platforms(rows: RowsInMemory, tmp_path: Path) -> None:
    with Client(tmp_path / "engine.sock") as client:
        client.reload()
        client.status()
    (asked,) = rows.access.asked
    assert asked.actor == Actor(name=getpass.getuser(), role=Role.PLATFORM)
    assert asked.act == ("POST", "/v1/reload")
    assert (asked.status, asked.code) == (204, "")


def test_a_token_counts_at_the_local_socket_too(rows: RowsInMemory, tmp_path: Path) -> None:
    rows.access.tokens["key"] = Actor(name="ann", role=Role.AGENT, tenants=ALL, seat="21")
    transport = httpx.HTTPTransport(uds=str(tmp_path / "engine.sock"))
    key = {"Authorization": "Bearer key"}
    with httpx.Client(transport=transport, base_url="http://e", headers=key) as client:
        assert client.get("/v1/seats").status_code == 200
        assert client.post("/v1/stop").status_code == 403
        assert client.post("/v1/seats/22/logout").status_code == 403
    assert not rows.stopping.is_set()
