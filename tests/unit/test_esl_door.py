"""The port on which FreeSWITCH brings calls: many at once, strangers, garbage, half words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.freeswitch import servers
from callcenter.pbx.freeswitch.connection import Connection, reply_text
from callcenter.pbx.freeswitch.esl_wire import EslEvent, Headers
from callcenter.pbx.freeswitch.hub import GeventThread
from callcenter.pbx.freeswitch.servers import CallDoor, EventLink
from callcenter.pbx.port import NodeLost
from tests.support import esl
from tests.support.esl import EslServer, SocketCall, reply, thread
from tests.support.played import PATIENCE
from tests.support.ports import port_below

__all__ = ["thread"]


class Door:
    """A door and the calls that came through it."""

    def __init__(self, thread: GeventThread) -> None:
        self.thread, self.port = thread, port_below()
        self.sockets: list[SocketCall] = []
        self.calls: asyncio.Queue[tuple[Connection, Headers]] = asyncio.Queue()
        self.door = CallDoor(
            thread, "127.0.0.1", self.port, "key", lambda *call: self.calls.put_nowait(call)
        )

    async def socket(self) -> SocketCall:
        """A connection; it is closed with the test."""
        self.sockets.append(await SocketCall.connect(self.port))
        return self.sockets[-1]

    async def call(self) -> tuple[SocketCall, Connection]:
        """A channel that is ours."""
        came = await self.socket()
        await came.greets()
        return came, (await self.next())[0]

    async def next(self) -> tuple[Connection, Headers]:
        """What came in next."""
        async with asyncio.timeout(PATIENCE):
            return await self.calls.get()


@pytest.fixture
async def door(thread: GeventThread, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(servers, "_GREETING_SECONDS", 0.5)
    made = Door(thread)
    await made.door.start()
    yield made
    for socket in made.sockets:
        socket.close()
    await made.door.stop()


async def works(call: SocketCall, connection: Connection) -> None:
    """The call goes on."""
    asked = asyncio.ensure_future(connection.ask("api uuid_exists x"))
    await call.expects("api uuid_exists x", esl.api("true"))
    assert reply_text(await asked) == "true"


async def test_a_call_comes_in_with_what_freeswitch_said(door: Door) -> None:
    call = await door.socket()
    await call.greets(SocketCall.data(Caller_Caller_ID_Name="王小明 %"))
    connection, about = await door.next()
    assert about["Caller-Caller-ID-Name"] == "王小明 %"
    assert about["variable_cc_dialled"] == "4008001234"
    await works(call, connection)


async def test_many_at_once_are_greeted_before_the_link_has_an_answer_or_two(
    door: Door, thread: GeventThread
) -> None:
    async with EslServer().listening() as server:
        server.answers["api status"] = lambda _: esl.api("UP")
        up = asyncio.Event()
        link = EventLink(
            thread,
            "127.0.0.1",
            server.port,
            esl.PASSWORD,
            events="DTMF",
            on_event=lambda _: None,
            on_up=up.set,
            on_down=lambda _: None,
        )
        link.start()
        await asyncio.wait_for(up.wait(), PATIENCE)
        crowd = [await door.socket() for _ in range(60)]
        for _ in range(5):
            await link.api("status")
        greeted = [asyncio.ensure_future(call.command()) for call in crowd]
        await asyncio.wait(greeted, timeout=0.02)  # what has come is only read here
        assert [one.result() for one in greeted if one.done()] == ["connect"] * 60
        await link.stop()


async def test_a_silent_call_keeps_no_other_waiting(door: Door) -> None:
    silent = await door.socket()
    await silent.command()
    for _ in range(3):
        call, connection = await door.call()
        await works(call, connection)
    assert await silent.ended() == b"", "it had its time"


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"x" * 3_000_000,
        bytes(range(256)) * 100,
        b"A: b\n" * 300_000,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\xff\xfe\n\n",
        b"\n\n\n\n",
        b"Content-Type: command/reply\nContent-Length: x\n\n",
    ],
    ids=["nothing", "no line", "binary", "no end", "http", "not utf-8", "empty", "length"],
)
async def test_garbage_is_refused_while_a_call_goes_on(door: Door, garbage: bytes) -> None:
    call, connection = await door.call()
    stranger = await door.socket()
    stranger.writer.write(garbage)
    await works(call, connection)
    assert (await stranger.ended()).replace(b"connect\n\n", b"") == b""
    await works(call, connection)
    assert door.calls.empty()


async def test_half_a_header_and_a_close_harm_nobody(door: Door) -> None:
    call, connection = await door.call()
    data = SocketCall.data()
    for cut in (0, 1, 30, len(data) - 1):
        stranger = await door.socket()
        await stranger.command()
        stranger.writer.write(data[:cut])
        await stranger.writer.drain()
        stranger.writer.close()
        with suppress(ConnectionError):
            await stranger.writer.wait_closed()
    await works(call, connection)
    assert door.calls.empty()


async def test_a_slow_drip_has_a_deadline(door: Door) -> None:
    stranger = await door.socket()

    async def drip() -> None:
        while not stranger.writer.is_closing():
            stranger.writer.write(b"a: b\n")
            await asyncio.sleep(0.05)

    dripping = asyncio.ensure_future(drip())
    assert (await stranger.ended()) == b"connect\n\n"
    dripping.cancel()
    assert door.calls.empty()


@pytest.mark.parametrize("key", ["", "other", "keykey", "ключ"])
async def test_a_wrong_key_is_refused(door: Door, key: str) -> None:
    intruder = await door.socket()
    await intruder.expects("connect", SocketCall.data(key))
    assert await intruder.ended() == b""
    assert door.calls.empty()


async def test_a_key_smuggled_in_with_the_callers_name_is_no_key(door: Door) -> None:
    intruder = await door.socket()
    name = "evil\nvariable_cc_door: key\n"
    await intruder.expects("connect", SocketCall.data("other", Caller_Caller_ID_Name=name))
    assert await intruder.ended() == b""
    call = await door.socket()
    await call.greets(SocketCall.data(Caller_Caller_ID_Name="x\nUnique-ID: stolen"))
    _, about = await door.next()
    assert about["Unique-ID"] != "stolen"


async def test_channel_data_cut_anywhere_is_the_same(door: Door) -> None:
    data = SocketCall.data(Caller_Caller_ID_Name="王小明")
    for cut in range(1, len(data), 97):
        call = await door.socket()
        await call.command()
        call.writer.write(data[:cut])
        await asyncio.sleep(0.002)
        call.writer.write(data[cut:])
        await call.expects("linger", reply("+OK will linger 10 seconds"))
        await call.expects("myevents json", reply("+OK Events Enabled"))
        assert (await door.next())[1]["Caller-Caller-ID-Name"] == "王小明"


async def test_a_callers_name_that_is_no_text_keeps_nobody_out(door: Door) -> None:
    for name in (b"a%FF%FEb", b"a\xff\xfeb"):
        call = await door.socket()
        data = SocketCall.data(Caller_Caller_ID_Name="STRANGE").replace(b"STRANGE", name)
        await call.greets(data)
        connection, about = await door.next()
        assert about["Caller-Caller-ID-Name"] == "a\ufffd\ufffdb"
        await works(call, connection)


async def test_events_before_anybody_listens_are_told_in_order(door: Door) -> None:
    call, connection = await door.call()
    for number in range(50):
        call.writer.write(esl.event("DTMF", DTMF_Digit=str(number)))
    await works(call, connection)
    heard: list[EslEvent] = []
    connection.listen(heard.append)
    call.writer.write(esl.event("DTMF", DTMF_Digit="50"))
    await works(call, connection)
    assert [event.get("DTMF-Digit") for event in heard] == [str(number) for number in range(51)]


async def test_a_call_that_is_cut_off_tells_whoever_asks(door: Door) -> None:
    call, connection = await door.call()
    asked = asyncio.ensure_future(connection.ask("exit"))
    await call.command()
    call.close()
    with pytest.raises(NodeLost, match=r"^The connection to FreeSWITCH is over: .*\.$"):
        await asked
    with pytest.raises(NodeLost):
        await connection.ask("exit")


async def test_a_linger_notice_is_not_yet_the_end(door: Door) -> None:
    call, connection = await door.call()
    head = {"Content-Type": "text/disconnect-notice", "Content-Disposition": "linger"}
    call.writer.write(esl.block({**head, "Linger-Time": 10, "Content-Length": 0}))
    heard: list[str] = []
    connection.listen(lambda event: heard.append(event.name))
    call.writer.write(esl.event("CHANNEL_HANGUP_COMPLETE"))
    await works(call, connection)
    assert heard == ["CHANNEL_HANGUP_COMPLETE"]


async def test_a_taken_port_is_told_in_one_sentence(door: Door) -> None:
    second = CallDoor(door.thread, "127.0.0.1", door.port, "key", lambda *_: None)
    with pytest.raises(PbxProblem, match=rf"127\.0\.0\.1:{door.port}.*free that port\.$"):
        await second.start()


async def test_stopping_lets_go_of_the_calls(door: Door) -> None:
    call, connection = await door.call()
    waiting = asyncio.ensure_future(connection.ask("api slow"))
    await call.command()
    await door.door.stop()
    with pytest.raises(NodeLost, match="is over"):
        await waiting
    assert await call.ended() == b""
    await door.door.start()
