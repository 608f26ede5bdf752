"""Ended calls over REST: what is asked, how pages follow each other, files."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from callcenter.calls.search import Search
from tests.support.services import RowsInMemory, a_cdr, served


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RowsInMemory]:
    with served(RowsInMemory(), tmp_path / "engine.sock") as services:
        yield services


@pytest.fixture
def raw(engine: RowsInMemory, tmp_path: Path) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(uds=str(tmp_path / "engine.sock"))
    with httpx.Client(transport=transport, base_url="http://engine") as client:
        yield client


def test_every_condition_arrives(raw: httpx.Client, engine: RowsInMemory) -> None:
    asked = {
        "from": "2026-03-01T00:00:00+08:00",
        "to": "2026-03-02T00:00:00Z",
        "dialled": "400*",
        "seat": "1001",
        "queue": "sales",
        "tenant": "acme",
        "region": "CN/广东",
        "result": "flowed_out",
        "longer": "1.5",
        "shorter": "60",
    }
    answer = raw.get("/v1/cdrs?caller=+86138*", params=None)
    assert answer.status_code == 200
    raw.get("/v1/cdrs", params=asked)
    assert engine.records.asked == [
        Search(caller="+86138*"),
        Search(
            since=datetime(2026, 2, 28, 16, tzinfo=UTC),
            until=datetime(2026, 3, 2, tzinfo=UTC),
            dialled="400*",
            seat="1001",
            queue="sales",
            tenant="acme",
            region="CN/广东",
            result="flowed_out",
            longer=1.5,
            shorter=60.0,
        ),
    ]


def test_a_page_says_how_the_next_is_asked_for(raw: httpx.Client, engine: RowsInMemory) -> None:
    engine.ended = [a_cdr(f"c-{n}") for n in range(5)]
    first = raw.get("/v1/cdrs", params={"most": 3})
    last = raw.get("/v1/cdrs", params={"most": 3, "after": first.headers["X-Next-After"]})
    assert [row["id"] for row in (*first.json(), *last.json())] == [f"c-{n}" for n in range(5)]
    assert "X-Next-After" not in last.headers


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("most=1001", "most: Input should be less than or equal to 1000"),
        ("colour=red", "colour: Extra inputs are not permitted"),
        ("from=2026-03-01T00:00:00", "from: Input should have timezone info"),
        ("from=yesterday", "from: Input should be a valid datetime"),
        ("result=angry", "result: Input should be 'answered'"),
        ("longer=-1", "longer: Input should be greater than or equal to 0"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(raw: httpx.Client, query: str, why: str) -> None:
    answer = raw.get(f"/v1/cdrs?{query}")
    assert answer.status_code == 422
    assert why in answer.json()["message"]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl"])
def test_a_file_is_streamed_under_a_name(raw: httpx.Client, kind: str) -> None:
    answer = raw.get("/v1/cdrs/export", params={"format": kind})
    assert answer.text == f"c-1 as {kind}\n"
    assert answer.headers["content-disposition"] == f'attachment; filename="calls.{kind}"'
    assert "content-length" not in answer.headers
