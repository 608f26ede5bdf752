"""panoramisk's protocol behind its fence: characters, line breaks, endless messages, lists."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from panoramisk.message import Message

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk import ami_wire
from callcenter.pbx.asterisk.ami_wire import AmiConnection, encode
from callcenter.pbx.port import NodeLost
from tests.support.wire import AmiServer


class Line:
    """A connection to a played Asterisk, and what it told."""

    def __init__(self, server: AmiServer) -> None:
        self.server = server
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.connection = AmiConnection(self.messages.put_nowait, self.end.set_result)

    async def next(self) -> Message:
        async with asyncio.timeout(2):
            return await self.messages.get()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with AmiServer().listening() as server:
        made = Line(server)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: made.connection, "127.0.0.1", server.port)
        await server.until(lambda: True)
        asked = made.connection.ask({"Action": "Ping"}, as_list=False)
        await asked
        yield made
        made.connection.drop("over")


async def test_a_chinese_name_split_over_chunks_keeps_its_characters(line: Line) -> None:
    message = "Event: Newchannel\r\nCallerIDName: 王小明\r\n\r\n".encode()
    for cut in range(len(message)):
        line.server.send(message[:cut])
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        line.server.send(message[cut:])
        assert (await line.next()).calleridname == "王小明"


async def test_bytes_that_are_no_text_do_not_end_the_connection(line: Line) -> None:
    line.server.send(b"Event: A\r\nName: \xff\xfe\r\n\r\n")
    assert (await line.next()).event == "A"
    line.server.event("B")
    assert (await line.next()).event == "B"


@pytest.mark.parametrize("value", ["x\r\nAction: Originate", "x\nVariable: y", "x\0y"])
async def test_a_line_break_in_a_value_is_refused_and_nothing_is_sent(
    line: Line, value: str
) -> None:
    sent = len(line.server.actions)
    for fields in (
        {"Action": "Setvar", "Value": value},
        {"Action": "Setvar", "Value": ["a", value]},
    ):
        with pytest.raises(PbxProblem, match="line break"):
            line.connection.ask(fields, as_list=False)
    with pytest.raises(PbxProblem, match="line break"):
        line.connection.ask({"Action": "Setvar", value: "x"}, as_list=False)
    await line.connection.ask({"Action": "Ping"}, as_list=False)
    assert [action["Action"] for action in line.server.actions[sent:]] == ["Ping"]


def test_values_are_written_as_they_are() -> None:
    assert encode({"Action": "A", "Variable": ["x=1", "y=王"]}).decode() == (
        "Action: A\r\nVariable: x=1\r\nVariable: y=王\r\n\r\n"
    )


async def test_the_unfenced_way_to_send_is_closed(line: Line) -> None:
    with pytest.raises(NotImplementedError):
        line.connection.send({"Action": "Ping"})


async def test_a_message_without_end_ends_the_connection(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ami_wire, "MESSAGE_LIMIT", 10_000)
    line.server.send(b"Event: Endless\r\n" + b"x" * 200_000)
    async with asyncio.timeout(2):
        assert await line.end == "Asterisk sent a message without end"


async def test_a_list_is_complete_at_its_last_event(line: Line) -> None:
    asked = line.connection.ask({"Action": "Status"}, as_list=None)
    await line.server.until(lambda: bool(line.server.named("Status")))
    mine = line.server.named("Status")[0]["ActionID"]
    line.server.send(
        f"Response: Success\r\nActionID: {mine}\r\nEventList: start\r\n"
        "Message: Channel status will follow\r\n\r\n"
        f"Event: Status\r\nActionID: {mine}\r\nUniqueid: 1.1\r\n\r\n"
        "Event: Hangup\r\nUniqueid: 9.9\r\n\r\n"
        f"Event: StatusComplete\r\nActionID: {mine}\r\n\r\n".encode()
    )
    assert [str(one.event) for one in await asked] == ["", "Status", "StatusComplete"]
    assert (await line.next()).uniqueid == "9.9"


async def test_what_is_unanswered_at_the_end_is_told_and_not_kept(line: Line) -> None:
    asked = line.connection.ask({"Action": "Originate", "Channel": "PJSIP/1001"}, as_list=False)
    await line.server.until(lambda: bool(line.server.named("Originate")))
    line.server.drop()
    with pytest.raises(NodeLost, match="nothing is sent again"):
        await asked
    assert line.connection.responses == {}
    with pytest.raises(NodeLost):
        line.connection.ask({"Action": "Ping"}, as_list=False)


async def test_an_answer_that_comes_too_late_is_no_event_and_harms_nothing(line: Line) -> None:
    asked = line.connection.ask({"Action": "Slow"}, as_list=False)
    await line.server.until(lambda: bool(line.server.named("Slow")))
    asked.cancel()
    await asyncio.sleep(0)
    mine = line.server.named("Slow")[0]["ActionID"]
    line.server.send(f"Response: Success\r\nActionID: {mine}\r\n\r\n".encode())
    line.server.event("After")
    assert (await line.next()).event == "After"
