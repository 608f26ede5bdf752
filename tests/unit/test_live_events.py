"""``/v1/events`` over the real socket: resumed, filtered by tenant, not held up by who is slow."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_sse import EventSource, ServerSentEvent

from callcenter.kernel.actor import Actor, Role
from callcenter.web.feed import Feed
from callcenter.web.rows import Kind, Row
from tests.support.services import RowsInMemory, WallClock, served


class Told(Row, frozen=True, kw_only=True):
    """A row with something in it."""

    call: str
    what: str


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RowsInMemory]:
    services = RowsInMemory()
    services.feed = Feed(WallClock(), most=100)
    with served(services, tmp_path / "engine.sock"):
        yield services


@pytest.fixture
def client(engine: RowsInMemory, tmp_path: Path) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(uds=str(tmp_path / "engine.sock"))
    with httpx.Client(transport=transport, base_url="http://engine", timeout=5) as client:
        yield client


class Stream:
    """One connection to the feed."""

    def __init__(self, client: httpx.Client, last: str = "", token: str = "") -> None:
        headers = {"Last-Event-ID": last}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._opened = client.stream("GET", "/v1/events", headers=headers)

    def __enter__(self) -> Iterator[ServerSentEvent]:
        return EventSource(self._opened.__enter__()).iter_sse()

    def __exit__(self, *why: object) -> None:
        self._opened.__exit__(None, None, None)


def publish(engine: RowsInMemory, call: str, what: str, tenant: str = "demo") -> None:
    """Show a row; returns when it is shown."""
    done = threading.Event()

    def now() -> None:
        engine.feed.publish(Kind.CALL, call, Told(tenant=tenant, call=call, what=what))
        done.set()

    engine.soon(now)
    assert done.wait(5)


def rows(event: ServerSentEvent) -> dict[str, str]:
    told: dict[str, Any] = json.loads(event.data)
    changed = [change["row"] for change in told.get("changes", [])] or told["call"]
    return {row["call"]: row["what"] for row in changed}


def test_a_broken_stream_is_resumed_where_it_broke(
    engine: RowsInMemory, client: httpx.Client
) -> None:
    publish(engine, "c-1", "arrives")
    with Stream(client) as events:
        first = next(events)
        assert (first.event, rows(first)) == ("reset", {"c-1": "arrives"})
        publish(engine, "c-1", "waits")
        second = next(events)
        assert (second.event, rows(second)) == ("changes", {"c-1": "waits"})
    publish(engine, "c-1", "talks")
    publish(engine, "c-2", "arrives")
    with Stream(client, second.id) as events:
        third = next(events)
    assert (third.event, rows(third)) == ("changes", {"c-1": "talks", "c-2": "arrives"})
    deadline = time.monotonic() + 5
    while engine.feed.readers and time.monotonic() < deadline:
        publish(engine, "c-3", str(time.monotonic()))  # it notices when it has something to send
        time.sleep(0.05)
    assert not engine.feed.readers


def test_whatever_a_name_holds_is_one_line(engine: RowsInMemory, client: httpx.Client) -> None:
    name = "a\u2028b\u0085c\x0bd\r\n\r\ndata: x\n\n王"
    with Stream(client) as events:
        next(events)
        publish(engine, "c-1", name)
        assert rows(next(events)) == {"c-1": name}


def test_each_tenant_has_its_own(engine: RowsInMemory, client: httpx.Client) -> None:
    engine.access.tokens["hers"] = Actor(
        name="her", role=Role.SUPERVISOR, tenants=frozenset({"demo"})
    )
    publish(engine, "c-1", "mine")
    publish(engine, "c-2", "another's", tenant="other")
    with Stream(client, token="hers") as events:
        assert rows(next(events)) == {"c-1": "mine"}
        publish(engine, "c-2", "still another's", tenant="other")
        publish(engine, "c-3", "mine too")
        assert rows(next(events)) == {"c-3": "mine too"}
    answer = client.get("/v1/board", headers={"Authorization": "Bearer hers"})
    assert [row["call"] for row in answer.json()["call"]] == ["c-1", "c-3"]


def test_an_agent_sees_no_board(engine: RowsInMemory, client: httpx.Client) -> None:
    engine.access.tokens["his"] = Actor(name="he", role=Role.AGENT, seat="21")
    for path in ("/v1/events", "/v1/board"):
        answer = client.get(path, headers={"Authorization": "Bearer his"})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_the_engine_ends_although_somebody_reads(tmp_path: Path) -> None:
    services, socket = RowsInMemory(), tmp_path / "another.sock"
    transport = httpx.HTTPTransport(uds=str(socket))
    with httpx.Client(transport=transport, base_url="http://engine", timeout=5) as client:
        with served(services, socket):
            stream = Stream(client)
            events = stream.__enter__()
            next(events)
            began = time.monotonic()
        assert time.monotonic() - began < 1.5  # not the two seconds that a request may go on
        assert list(events) == []
        stream.__exit__()


def test_who_does_not_read_holds_up_nobody(engine: RowsInMemory, client: httpx.Client) -> None:
    much = "x" * 20_000
    with Stream(client) as events:
        next(events)
        for at in range(400):  # more than the ring and the socket hold
            publish(engine, f"c-{at % 50}", f"{at} {much}")
            if at % 100 == 99:
                began = time.monotonic()
                assert client.get("/v1/status").status_code == 200
                assert time.monotonic() - began < 2
                time.sleep(0.3)
        seen: list[ServerSentEvent] = []
        while not seen or seen[-1].event != "reset":
            seen.append(next(events))
    assert json.loads(seen[-1].data)["why"] == "too_slow"
    assert rows(seen[-1])["c-49"].startswith("399 ")
