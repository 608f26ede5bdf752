"""The control connection: logs in, notices death, comes back, and never says a thing twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from callcenter.pbx.asterisk.ami import ActionRefused, AmiLink
from callcenter.pbx.port import NodeLost
from tests.support.played import Told
from tests.support.wire import AmiServer


class Linked(Told):
    """A link to a played Asterisk, and what it told in order."""

    patience = 6.0

    def __init__(self, server: AmiServer) -> None:
        super().__init__()
        self.server = server
        self.link = AmiLink(
            host="127.0.0.1",
            port=server.port,
            user="callcenter",
            secret="s3cret",
            on_message=lambda message: self.tell(str(message.get("Number", ""))),
            on_up=lambda: self.tell("up"),
            on_down=lambda why: self.tell(f"down: {why}"),
        )
        self.link.connect_seconds = self.link.answer_seconds = self.link.ping_seconds = 0.3

    def tell(self, what: str) -> None:
        if what:
            super().tell(what)


@pytest.fixture
async def linked() -> AsyncIterator[Linked]:
    async with AmiServer().listening() as server:
        made = Linked(server)
        made.link.start()
        await made.until("up")
        yield made
        await made.link.stop()


async def test_login_and_an_answer(linked: Linked) -> None:
    login = linked.server.named("Login")[0]
    assert (login["Username"], login["Secret"]) == ("callcenter", "s3cret")
    linked.server.answers["Hangup"] = lambda action: "Response: Success\r\nMessage: ok"
    assert (await linked.link.ask({"Action": "Hangup", "Channel": "x"})).message == "ok"


async def test_a_refusal_is_told_with_asterisks_words(linked: Linked) -> None:
    linked.server.answers["Hangup"] = lambda action: "Response: Error\r\nMessage: No such channel"
    with pytest.raises(ActionRefused, match="No such channel"):
        await linked.link.ask({"Action": "Hangup", "Channel": "x"})


async def test_an_action_without_an_answer_ends_in_time(linked: Linked) -> None:
    linked.server.answers["Ping"] = lambda action: "Response: Success"
    with pytest.raises(NodeLost, match="did not answer Nothing"):
        await linked.link.ask({"Action": "Nothing"})
    assert linked.link.up, "one slow action is no broken connection"


async def test_a_refused_login_is_one_sentence_and_tried_again() -> None:
    async with AmiServer().listening() as server:
        accepted = server.answers["Login"]
        server.answers["Login"] = lambda action: "Response: Error\r\nMessage: Authentication failed"
        linked = Linked(server)
        linked.link.start()
        await server.until(lambda: len(server.named("Login")) >= 3)
        assert len(linked.told) == 1, "the same reason is told once"
        assert linked.told[0].startswith(
            f"down: Asterisk at 127.0.0.1:{server.port} refused the login of 'callcenter': check"
        )
        assert "s3cret" not in linked.told[0]
        server.answers["Login"] = accepted
        await linked.until("down", "up")
        await linked.link.stop()


async def test_nobody_listening_is_told_and_tried_again() -> None:
    server = AmiServer()
    await server.start()
    await server.stop()
    linked = Linked(server)
    linked.link.start()
    await linked.until("down: Asterisk's manager port 127.0.0.1:")
    async with server.listening():
        await linked.until("down", "up")
        await linked.link.stop()


async def test_a_server_that_accepts_and_says_nothing_is_not_waited_for() -> None:
    async with AmiServer().listening() as server:
        server.answers.clear()
        linked = Linked(server)
        linked.link.start()
        await linked.until("down: Asterisk did not answer Login")
        await linked.link.stop()


async def test_a_half_open_connection_is_noticed_and_replaced(linked: Linked) -> None:
    linked.server.answers["Ping"] = lambda action: None
    await linked.until("up", "down: Asterisk did not answer Ping")
    linked.server.answers["Ping"] = lambda action: "Response: Success"
    await linked.until("up", "down", "up")
    assert linked.server.logins == 2


async def test_a_quiet_connection_is_pinged_and_stays(linked: Linked) -> None:
    await linked.server.until(lambda: len(linked.server.named("Ping")) >= 3)
    assert linked.told == ["up"]


async def test_an_unanswered_originate_is_not_sent_again(linked: Linked) -> None:
    originate = {"Action": "Originate", "Channel": "PJSIP/1001"}
    asked = asyncio.ensure_future(linked.link.ask(originate))
    await linked.server.until(lambda: bool(linked.server.named("Originate")))
    linked.server.drop()
    with pytest.raises(NodeLost, match="nothing is sent again"):
        await asked
    await linked.until("up", "down", "up")
    await linked.server.until(lambda: bool(linked.server.named("Ping")))
    assert len(linked.server.named("Originate")) == 1


async def test_nothing_is_sent_later_that_was_asked_while_away(linked: Linked) -> None:
    await linked.server.stop()
    await linked.until("up", "down")
    with pytest.raises(NodeLost, match="no control connection"):
        await linked.link.ask({"Action": "Originate", "Channel": "PJSIP/1001"})
    await linked.server.start()
    await linked.until("up", "down", "up")
    assert linked.server.named("Originate") == []


async def test_events_keep_their_order_however_they_are_cut(linked: Linked) -> None:
    stream = b"".join(b"Event: E\r\nNumber: n%d\r\n\r\n" % number for number in range(1000))
    await linked.server.cut_anywhere(stream)
    await linked.until("n999")
    assert linked.told[1:] == [f"n{number}" for number in range(1000)]


async def test_a_shutdown_told_by_asterisk_is_the_end(linked: Linked) -> None:
    linked.server.event("Shutdown", Shutdown="Cleanly", Restart="False")
    await linked.until("up", "down", "up")


async def test_each_end_is_told_even_for_the_same_reason(linked: Linked) -> None:
    linked.server.drop()
    await linked.until("up", "down", "up")
    linked.server.drop()
    await linked.until("up", "down", "up", "down", "up")


async def test_it_is_up_only_when_asterisk_has_booted() -> None:
    async with AmiServer().listening() as server:
        server.greets_with_booted = False
        server.answers["Ping"] = lambda action: "Response: Success"
        linked = Linked(server)
        linked.link.start()
        await server.until(lambda: server.logins == 1)
        server.event("Something", Number="early")
        await linked.until("early")
        await asyncio.sleep(0.05)
        assert not linked.link.up
        server.event("FullyBooted")
        await linked.until("early", "up")
        await linked.link.stop()


async def test_stopping_while_connecting_is_quiet() -> None:
    server = AmiServer()
    await server.start()
    await server.stop()
    linked = Linked(server)
    linked.link.start()
    await asyncio.sleep(0)
    await linked.link.stop()
    await linked.link.stop()
