"""The FastAGI port takes calls that show the key; strangers and garbage harm no call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk import agi_server
from callcenter.pbx.asterisk.agi_server import AgiServer
from callcenter.pbx.asterisk.agi_session import AgiSession
from callcenter.pbx.port import NodeLost
from tests.support.wire import AgiCall


class Door:
    """A listening server and the sessions that came in."""

    def __init__(self) -> None:
        self.sessions: asyncio.Queue[AgiSession] = asyncio.Queue()
        self.server = AgiServer("127.0.0.1", 0, "key", self.sessions.put_nowait)

    async def call(self) -> tuple[AgiCall, AgiSession]:
        """A good call."""
        call = await AgiCall.connect(self.server.port)
        async with asyncio.timeout(2):
            return call, await self.sessions.get()


@pytest.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(agi_server, "OPENING_SECONDS", 0.3)
    made = Door()
    await made.server.start()
    yield made
    await made.server.stop()


async def works(call: AgiCall, session: AgiSession) -> None:
    """The call goes on."""
    asked = asyncio.ensure_future(session.command("ANSWER"))
    await call.expects("ANSWER", "200 result=0")
    assert (await asked).result == "0"


async def stranger(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port)


async def refused(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The other side has closed without a word."""
    async with asyncio.timeout(3):
        with suppress(ConnectionError):
            assert await reader.read() == b""
    writer.transport.abort()


async def test_a_call_comes_in_with_what_asterisk_said(door: Door) -> None:
    call, session = await door.call()
    assert session.environment["uniqueid"] == "1700000000.1"
    await works(call, session)
    call.close()


async def test_a_client_that_connects_and_closes_freezes_nobody(door: Door) -> None:
    call, session = await door.call()
    for _ in range(50):
        _, writer = await stranger(door.server.port)
        writer.close()
    await works(call, session)
    call.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"x" * 1_000_000,
        bytes(range(256)) * 100,
        b"agi_network: yes\n" * 500,
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xfe\n\n",
        b"\n",
    ],
    ids=["nothing", "1 MB without newline", "binary", "no end", "http", "not utf-8", "empty"],
)
async def test_garbage_is_refused_while_a_call_goes_on(door: Door, garbage: bytes) -> None:
    call, session = await door.call()
    reader, writer = await stranger(door.server.port)
    writer.write(garbage)
    await works(call, session)
    await refused(reader, writer)
    await works(call, session)
    assert door.sessions.empty()
    call.close()


async def test_a_slow_drip_has_a_deadline(door: Door) -> None:
    call, session = await door.call()
    reader, writer = await stranger(door.server.port)

    async def drip() -> None:
        while not writer.is_closing():
            writer.write(b"a")
            await asyncio.sleep(0.05)

    dripping = asyncio.ensure_future(drip())
    await refused(reader, writer)
    dripping.cancel()
    await works(call, session)
    call.close()


@pytest.mark.parametrize("key", ["", "other", "keykey", "ключ"])
async def test_a_wrong_key_is_refused(door: Door, key: str) -> None:
    intruder = await AgiCall.connect(door.server.port, key=key)
    assert await intruder.ended() == b""
    assert door.sessions.empty()
    intruder.close()


async def test_a_crowd_of_strangers_does_not_keep_calls_out(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agi_server, "OPENING_SECONDS", 30.0)
    crowd = [await stranger(door.server.port) for _ in range(agi_server.STRANGERS + 30)]
    call, session = await door.call()
    await works(call, session)
    gone = [reader for reader, _ in crowd if reader.at_eof() or reader.exception()]
    assert len(gone) >= 30, "the oldest made room"
    for _, writer in crowd:
        writer.transport.abort()
    call.close()


async def test_an_endless_line_on_a_good_connection_ends_that_call_only(door: Door) -> None:
    call, session = await door.call()
    other, other_session = await door.call()
    call.writer.write(b"y" * 1_000_000)
    async with asyncio.timeout(3):
        await session.lost
    await works(other, other_session)
    for one in (call, other):
        one.close()


async def test_a_taken_port_is_told_in_one_sentence(door: Door) -> None:
    second = AgiServer("127.0.0.1", door.server.port, "key", lambda session: None)
    with pytest.raises(PbxProblem, match=rf"127\.0\.0\.1:{door.server.port}.*choose another\.$"):
        await second.start()


async def test_stopping_lets_go_of_the_calls(door: Door) -> None:
    call, session = await door.call()
    waiting = asyncio.ensure_future(session.command("WAIT FOR DIGIT", "60000"))
    await call.command()
    await door.server.stop()
    with pytest.raises(NodeLost):
        await waiting
    assert await call.ended() == b""
    await door.server.start()
    call.close()
