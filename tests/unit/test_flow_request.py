"""Web requests of flows against a server on loopback: answers, failures, and what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from callcenter.ivr.host import WebRequest
from callcenter.ivr.request import MOST_BYTES, fetch, picked


class Server:
    """Answers every request with the same text, and keeps what was asked."""

    def __init__(self) -> None:
        self.answer = b"{}"
        self.status = "200 OK"
        self.asked: list[str] = []
        self.late = 0.0
        self.url = ""
        self.serving: list[asyncio.Task[None]] = []

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def end(self) -> None:
        for task in self.serving:
            task.cancel()
        await asyncio.gather(*self.serving, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            (int(line.split(":")[1]) for line in head.split("\r\n") if "length:" in line.lower()), 0
        )
        self.asked.append(head + (await reader.readexactly(length)).decode())
        await asyncio.sleep(self.late)
        more = "location: http://example.org/\r\n" if self.status.startswith("3") else ""
        writer.write(
            f"HTTP/1.1 {self.status}\r\n{more}content-length: {len(self.answer)}\r\n"
            "connection: close\r\n\r\n".encode()
            + self.answer
        )
        await writer.drain()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    async with await asyncio.start_server(made.begin, "127.0.0.1", 0) as listening:
        made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/x"
        yield made
        await made.end()


def _request(url: str, **more: Any) -> WebRequest:
    fields = {"method": "GET", "send": {}, "into": {}, "wait": timedelta(seconds=2), **more}
    return WebRequest(url=url, **fields)


async def test_values_are_picked_out_of_the_answer(server: Server) -> None:
    server.answer = json.dumps({"account": {"cards": [{"balance": 12.5, "ok": True}]}}).encode()
    into = {"balance": "account.cards.0.balance", "ok": "account.cards.0.ok"}
    answer = await fetch(_request(server.url, into=into, send={"card": "7&8"}), local=True)
    assert answer.ok
    assert answer.values == {"balance": "12.5", "ok": "true"}
    assert server.asked[0].startswith("GET /x?card=7%268 HTTP/1.1")


async def test_post_sends_json(server: Server) -> None:
    answer = await fetch(_request(server.url, method="POST", send={"card": "7"}), local=True)
    assert answer.ok
    assert server.asked[0].endswith('{"card":"7"}')


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        ("500 Oops", b"{}", "status 500"),
        ("302 Found", b"{}", "status 302"),
        ("200 OK", b"no json", "JSONDecodeError"),
        ("200 OK", b"[1]", "has no a.b"),
        ("200 OK", b'{"a": {"b": {}}}', "no single value"),
        ("200 OK", b'{"a": {"b": null}}', "no single value"),
        ("200 OK", b'"' + b"x" * MOST_BYTES + b'"', "more than"),
    ],
)
async def test_failures_are_answers(server: Server, status: str, answer: bytes, why: str) -> None:
    server.status, server.answer = status, answer
    got = await fetch(_request(server.url, into={"x": "a.b"}), local=True)
    assert not got.ok
    assert why in got.why


async def test_a_slow_service_is_given_up(server: Server) -> None:
    server.late = 5
    wait = timedelta(milliseconds=200)
    assert (
        await fetch(_request(server.url, wait=wait), local=True)
    ).why == "no answer within 0.2 s"


async def test_nobody_listens() -> None:
    assert not (await fetch(_request("http://127.0.0.1:9/"), local=True)).ok


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "[::1]", "169.254.169.254"])
async def test_flows_do_not_reach_into_our_own_house(host: str) -> None:
    assert (await fetch(_request(f"http://{host}/"))).why == "the address is not public"


def test_long_values_are_cut() -> None:
    assert len(picked({"a": "x" * 999}, {"v": "a"}).values["v"]) == 200
