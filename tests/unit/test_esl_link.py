"""The event link: logs in, keeps in step, notices death, comes back, says nothing twice."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from callcenter.pbx.freeswitch import connection, servers
from callcenter.pbx.freeswitch.hub import GeventThread
from callcenter.pbx.freeswitch.servers import EventLink
from callcenter.pbx.port import NodeLost
from tests.support import esl
from tests.support.esl import EslServer, reply, thread
from tests.support.played import PATIENCE, Told

__all__ = ["thread"]


class Linked(Told):
    """A link to a played FreeSWITCH, and what it told in order."""

    def __init__(self, server: EslServer, thread: GeventThread, password: str) -> None:
        super().__init__()
        self.server = server
        self.link = EventLink(
            thread,
            "127.0.0.1",
            server.port,
            password,
            events="DTMF CUSTOM sofia::register",
            on_event=lambda event: self.tell(event.get("Number")),
            on_up=lambda: self.tell("up"),
            on_down=lambda why: self.tell(f"down: {why}"),
        )


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connects again soon."""
    monkeypatch.setattr(servers, "_RETRIES", (0.02, 0.05, 0.1))


@pytest.fixture
async def server() -> AsyncIterator[EslServer]:
    async with EslServer().listening() as made:
        made.answers["api status"] = lambda _: esl.api("UP 0 years")
        yield made


@pytest.fixture
async def linked(server: EslServer, thread: GeventThread) -> AsyncIterator[Linked]:
    made = Linked(server, thread, esl.PASSWORD)
    made.link.start()
    await made.until("up")
    yield made
    await made.link.stop()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not answered is given up soon."""
    monkeypatch.setattr(connection, "PATIENCE", 0.3)
    monkeypatch.setattr(servers, "PING_SECONDS", 0.2)
    monkeypatch.setattr(servers, "_GREETING_SECONDS", 0.3)


async def test_it_logs_in_asks_for_events_and_gets_answers(linked: Linked) -> None:
    assert linked.server.commands == ["auth s3cret", "event json DTMF CUSTOM sofia::register"]
    assert await linked.link.api("status") == "UP 0 years"
    assert await linked.link.send("nonsense") == "-ERR command not found"


async def test_a_wrong_password_is_one_sentence_told_once_and_tried_again(
    server: EslServer, thread: GeventThread
) -> None:
    linked = Linked(server, thread, "another")
    linked.link.start()
    await server.until(lambda: len(server.named("auth")) >= 3)
    assert linked.told == [
        f"down: FreeSWITCH at 127.0.0.1:{server.port} refuses the password of its event socket: "
        "check event_socket.conf and the settings."
    ]
    server.answers["auth another"] = lambda _: reply("+OK accepted")
    await linked.until("down", "up")
    await linked.link.stop()


async def test_nobody_listening_is_one_sentence_and_tried_again(thread: GeventThread) -> None:
    server = EslServer()
    await server.start()
    await server.stop()
    linked = Linked(server, thread, esl.PASSWORD)
    linked.link.start()
    await linked.until(f"down: FreeSWITCH's event socket 127.0.0.1:{server.port} cannot be reached")
    async with server.listening():
        await linked.until("down", "up")
        await linked.link.stop()


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_accepts_and_says_nothing_is_not_waited_for(
    server: EslServer, thread: GeventThread
) -> None:
    server.greets = False
    linked = Linked(server, thread, esl.PASSWORD)
    linked.link.start()
    await linked.until("down: ")
    server.greets = True
    await linked.until("down: ", "up")
    await linked.link.stop()


async def test_an_access_list_that_refuses_us_is_told(
    server: EslServer, thread: GeventThread
) -> None:
    server.greets = False
    linked = Linked(server, thread, esl.PASSWORD)
    linked.link.start()
    await server.until(lambda: server.connections == 1)
    message = "Access Denied, go away.\n"
    head = {"Content-Type": "text/rude-rejection", "Content-Length": len(message)}
    server.send(esl.block(head, message))
    server.drop()
    await linked.until("down: ")
    assert "access list" in linked.told[0]
    await linked.link.stop()


async def test_it_comes_back_and_asks_again_for_its_events(linked: Linked) -> None:
    for _ in range(2):
        linked.server.drop()
        await linked.until("down: FreeSWITCH closed the connection", "up")
        linked.told.clear()
    assert len(linked.server.named("event json DTMF")) == 3
    linked.server.send(esl.event("DTMF", Number="after"))
    await linked.until("after")


async def test_a_shutdown_told_by_freeswitch_is_the_end(linked: Linked) -> None:
    linked.server.send(esl.notice())
    linked.server.drop()
    await linked.until("up", "down", "up")


async def test_pauses_between_attempts_grow(
    thread: GeventThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr(servers.asyncio, "sleep", noted)
    server = EslServer()
    await server.start()
    await server.stop()
    linked = Linked(server, thread, esl.PASSWORD)
    linked.link.start()
    async with asyncio.timeout(PATIENCE):
        while len(slept) < 5:
            await sleep(0.01)
    await linked.link.stop()
    assert slept[:3] == sorted(set(slept[:3])), "each is longer than the one before"
    assert slept[2:] == [slept[2]] * len(slept[2:])


async def test_what_is_never_answered_ends_in_time_and_puts_nothing_out_of_step(
    linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.3)
    linked.server.answers["api slow"] = lambda _: None
    with pytest.raises(NodeLost, match=r"^FreeSWITCH does not reply within 0\.3 s\.$"):
        await linked.link.api("slow")
    await linked.until("up", "down", "up")  # replies carry no name: only a new connection is sure
    linked.server.answers["api which"] = lambda command: esl.api(command.partition(" ")[2])
    asked = [linked.link.api("which", str(number)) for number in range(20)]
    assert await asyncio.gather(*asked) == [f"which {number}" for number in range(20)]
    assert len(linked.server.named("api slow")) == 1


async def test_a_question_that_is_called_off_puts_nothing_out_of_step(linked: Linked) -> None:
    linked.server.answers["api slow"] = lambda _: None
    linked.server.answers["api which"] = lambda command: esl.api(command.partition(" ")[2])
    asked = asyncio.ensure_future(linked.link.api("slow"))
    await linked.server.until(lambda: bool(linked.server.named("api slow")))
    asked.cancel()
    await asyncio.wait([asked])
    linked.server.send(esl.api("slow at last"))
    assert await linked.link.api("which", "1") == "which 1"


@pytest.mark.usefixtures("impatient")
async def test_a_frozen_freeswitch_is_noticed_though_nobody_asks(linked: Linked) -> None:
    linked.server.answers[servers.PING] = lambda _: None
    await linked.until("up", "down: FreeSWITCH does not reply")


@pytest.mark.usefixtures("impatient")
async def test_a_quiet_connection_is_asked_and_stays(linked: Linked) -> None:
    linked.server.answers[servers.PING] = lambda _: esl.api("12:00")
    await linked.server.until(lambda: len(linked.server.named(servers.PING)) >= 3)
    assert linked.told == ["up"]


async def test_an_unanswered_command_is_not_sent_again(linked: Linked) -> None:
    linked.server.answers["bgapi"] = lambda _: None
    asked = asyncio.ensure_future(linked.link.send("bgapi originate user/1001 &park"))
    await linked.server.until(lambda: bool(linked.server.named("bgapi")))
    linked.server.drop()
    with pytest.raises(NodeLost, match=r"^The connection to FreeSWITCH is over: .*\.$"):
        await asked
    await linked.until("up", "down", "up")
    assert await linked.link.api("status") == "UP 0 years"
    assert len(linked.server.named("bgapi")) == 1


async def test_nothing_is_sent_later_that_was_asked_while_away(linked: Linked) -> None:
    await linked.server.stop()
    await linked.until("up", "down")
    with pytest.raises(NodeLost, match="not connected"):
        await linked.link.send("bgapi originate user/1001 &park")
    await linked.server.start()
    await linked.until("up", "down", "up")
    assert linked.server.named("bgapi") == []


async def test_a_big_command_arrives_whole_at_a_peer_that_reads_slowly(linked: Linked) -> None:
    linked.server.answers["api echo"] = lambda command: esl.api(str(len(command)))
    linked.server.hands_off.clear()
    word = "王" * 4_000_000
    big = asyncio.ensure_future(linked.link.api("echo", word))
    small = asyncio.ensure_future(linked.link.api("status"))
    await asyncio.sleep(0.1)
    linked.server.hands_off.set()
    assert await big == str(len("api echo ") + len(word))
    assert await small == "UP 0 years"
    assert linked.server.commands[-2:] == [f"api echo {word}", "api status"]


async def test_events_keep_their_order_however_they_are_cut(linked: Linked) -> None:
    stream = b"".join(esl.event("DTMF", Number=f"n{number}") for number in range(1000))
    await linked.server.cut_anywhere(stream)
    await linked.until("n999")
    assert linked.told[1:] == [f"n{number}" for number in range(1000)]


async def test_a_character_or_a_length_cut_in_two_is_one(linked: Linked) -> None:
    told = esl.event("DTMF", Number="王小明")
    for cut in range(1, len(told)):
        linked.told.clear()
        await linked.server.in_pieces(told[:cut], told[cut:])
        await linked.until("王小明")
    assert linked.server.connections == 1


async def test_an_answer_with_many_bytes_a_character_has_its_length_in_bytes(
    linked: Linked,
) -> None:
    linked.server.answers["api name"] = lambda _: esl.api("王小明\n\nReply-Text: no\n")
    assert await linked.link.api("name") == "王小明\n\nReply-Text: no\n"
    assert await linked.link.api("status") == "UP 0 years"


async def test_a_list_of_thousands_of_channels_comes_whole(linked: Linked) -> None:
    rows = ",".join(["x" * 1100] * 8000)
    linked.server.answers["api show channels"] = lambda _: esl.api(rows)
    assert await linked.link.api("show channels as json") == rows
    assert linked.told == ["up"]


async def test_bytes_that_are_no_text_do_not_end_the_connection(linked: Linked) -> None:
    body = b'{"Event-Name": "DTMF", "Number": "a\xff"}'
    head = b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body)
    linked.server.send(head + body)
    await linked.until("a\ufffd")


@pytest.mark.parametrize(
    "nonsense",
    [
        b"Content-Type: api/response\nContent-Length: many\n\n",
        b"Content-Type: api/response\nContent-Length: -1\n\n",
        b"Content-Type: api/response\nContent-Length: 99999999999\n\n",
        b"Content-Type: text/event-json\nContent-Length: 2\n\n[]",
        b"x" * 3_000_000,
        b"A: b\n" * 300_000,
    ],
    ids=["no number", "negative", "too long", "no event", "no line", "no end"],
)
async def test_nonsense_ends_the_connection_in_a_sentence(linked: Linked, nonsense: bytes) -> None:
    linked.server.send(nonsense)
    await linked.until("up", "down: ", "up")
    assert linked.told[1].endswith(".")
    assert "invalid literal" not in linked.told[1]


async def test_half_an_answer_then_nothing_is_no_answer(linked: Linked) -> None:
    for half in (b"Content-Type: api/resp", b"Content-Type: api/response\nContent-Length: 9\n\nUP"):
        linked.server.answers["api half"] = lambda _, half=half: half
        linked.told.clear()
        asked = asyncio.ensure_future(linked.link.api("half"))
        await linked.server.until(lambda: bool(linked.server.named("api half")))
        await asyncio.sleep(0.02)
        linked.server.drop()
        with pytest.raises(NodeLost):
            await asked
        await linked.until("down", "up")
        linked.server.commands.clear()


async def test_stopping_while_connecting_is_quiet(thread: GeventThread) -> None:
    server = EslServer()
    await server.start()
    await server.stop()
    linked = Linked(server, thread, esl.PASSWORD)
    linked.link.start()
    await asyncio.sleep(0)
    await linked.link.stop()
    await linked.link.stop()
    assert linked.told == []


async def test_who_was_stopped_before_it_connected_does_not_connect(
    server: EslServer, thread: GeventThread
) -> None:
    linked = Linked(server, thread, esl.PASSWORD)
    busy = threading.Event()
    thread.spawn(lambda: busy.wait(1))  # the whole thread, not only a greenlet
    linked.link.start()
    await asyncio.sleep(0)
    stopping = asyncio.ensure_future(linked.link.stop())
    await asyncio.sleep(0.05)
    busy.set()
    await stopping
    idle = asyncio.Event()
    thread.spawn(lambda: thread.tell(idle.set))
    await idle.wait()
    await asyncio.sleep(0.05)
    assert server.connections == 0
