"""Every path of the API, asked through the socket by the client that the product ships."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from callcenter.kernel.errors import CallCenterError, NotFound, Refused
from callcenter.web.client import Client
from tests.support.services import RowsInMemory, served


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "engine.sock"


@pytest.fixture
def engine(path: Path) -> Iterator[RowsInMemory]:
    with served(RowsInMemory(), path) as services:
        yield services


@pytest.fixture
def client(engine: RowsInMemory, path: Path) -> Iterator[Client]:
    with Client(path) as client:
        yield client


@pytest.fixture
def raw(engine: RowsInMemory, path: Path) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(uds=str(path))
    with httpx.Client(transport=transport, base_url="http://engine") as client:
        yield client


def test_status(client: Client) -> None:
    status = client.status()
    assert status["started_at"] == "2026-03-02T12:00:00Z"
    assert status["pbx"] == {"node": "local", "connected": False, "why": "not connected yet"}
    assert status["database"] == {"ok": True, "backlog": 0}
    assert status["journal"] == {"position": 12, "projected": 12}


def test_an_agents_day(client: Client) -> None:
    assert [seat["status"] for seat in client.seats()] == ["logged_out", "logged_out"]
    assert client.log_in("21", "1001")["extension"] == "1001"
    assert client.busy("21", "lunch") | {"since": ""} == {
        "seat": "21",
        "tenant": "demo",
        "name": "Anna",
        "status": "busy",
        "reason": "lunch",
        "state": "idle",
        "extension": "1001",
        "call": "",
        "since": "",
        "until": None,
    }
    assert client.ready("21")["status"] == "ready"
    assert client.log_out("21")["status"] == "logged_out"


def test_queues_and_calls(client: Client, engine: RowsInMemory) -> None:
    assert client.queues()[0]["longest_wait"] == 75.0
    assert client.calls()[0]["state"] == "waiting"
    client.hang_up("c-2")
    assert client.calls() == []


def test_cdrs(client: Client) -> None:
    (cdr,) = client.cdrs()
    assert cdr == client.cdr("c-1")
    assert cdr["caller_name"] == "王小明"
    assert cdr["seat_rms"] is None  # silence has no level that JSON could say
    assert [leg["kind"] for leg in cdr["legs"]] == ["caller", "seat"]


def test_reload_and_stop(client: Client, engine: RowsInMemory) -> None:
    client.reload()
    client.stop()
    assert engine.reloads == 1
    assert engine.stopping.is_set()


def test_a_refusal_comes_back_as_the_error_it_was(client: Client) -> None:
    with pytest.raises(NotFound, match=r"^There is no seat 99\.$"):
        client.log_in("99", "1001")
    with pytest.raises(Refused, match=r"^Seat 21 is not logged in\.$"):
        client.ready("21")
    for call in ("c-99", "../seats", "a/b?c=d", "%2e%2e"):
        with pytest.raises(CallCenterError) as told:
            client.cdr(call)
        assert told.value.code == "not_found"


def test_bad_requests_are_one_sentence(raw: httpx.Client) -> None:
    for answer in (
        raw.get("/v1/cdrs?most=0"),
        raw.get("/v1/cdrs?most=many"),
        raw.post("/v1/seats/21/login"),
        raw.post("/v1/seats/21/login", json={"extension": ""}),
        raw.post("/v1/seats/21/login", json={"extension": "1001", "pin": "1"}),
        raw.post("/v1/seats/21/login", content=b"\xff\x00{"),
        raw.post("/v1/seats/21/busy", json={"reason": "x" * 65}),
    ):
        assert answer.status_code == 422
        assert answer.json()["code"] == "bad_request"
        assert answer.json()["message"].startswith("The request cannot be used: ")
        assert "\n" not in answer.json()["message"]


def test_a_path_that_does_not_exist_is_told_like_any_problem(raw: httpx.Client) -> None:
    assert raw.get("/v1/nothing").json()["code"] == "not_found"
    assert raw.get("/v1/cdrs/").json()["code"] == "not_found"
    assert raw.post("/v1/status").json()["code"] == "method_not_allowed"


def test_a_fault_of_ours_is_logged_and_not_shown(
    raw: httpx.Client, client: Client, engine: RowsInMemory
) -> None:
    engine.fault = ValueError("secret detail")
    with capture_logs() as logs:
        answer = raw.get("/v1/status")
    assert answer.status_code == 500
    assert answer.json() == {
        "code": "internal",
        "message": "The engine met a fault; its log tells more.",
    }
    assert logs[0]["exc_info"]
    with pytest.raises(CallCenterError, match="met a fault"):
        client.status()
    engine.fault = None
    assert client.status()["pid"] == 4711


def test_the_api_describes_itself(raw: httpx.Client) -> None:
    described = raw.get("/openapi.json").json()
    paths = {(path, verb) for path, verbs in described["paths"].items() for verb in verbs}
    assert paths >= {
        ("/v1/status", "get"),
        ("/v1/seats", "get"),
        ("/v1/seats/{seat}/login", "post"),
        ("/v1/seats/{seat}/logout", "post"),
        ("/v1/seats/{seat}/ready", "post"),
        ("/v1/seats/{seat}/busy", "post"),
        ("/v1/queues", "get"),
        ("/v1/calls", "get"),
        ("/v1/calls/{call}/hangup", "post"),
        ("/v1/cdrs", "get"),
        ("/v1/cdrs/{call}", "get"),
        ("/v1/reload", "post"),
        ("/v1/stop", "post"),
    }
    refusals = described["paths"]["/v1/status"]["get"]["responses"]["4XX"]["content"]
    assert refusals["application/json"]["schema"] == {"$ref": "#/components/schemas/ProblemView"}
    assert set(described["components"]["schemas"]["CallView"]["required"]) >= {"call", "state"}
