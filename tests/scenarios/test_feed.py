"""The feed: whoever reads it with any breaks, at any pace, ends with what is shown; no gap, no
double, and nobody else's rows."""

import asyncio
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.kernel.clock import LoopClock
from callcenter.kernel.turned import TurnedLoop
from callcenter.web.feed import BATCH_CHANGES, BATCH_SECONDS, QUIET_SECONDS, Feed, Packet
from callcenter.web.rows import EVERYBODYS, Kind, Row


class Told(Row, frozen=True, kw_only=True):
    """A row with something in it."""

    what: int


class Reader:
    """Folds packets as a client does, and notices each change that comes twice or out of order."""

    def __init__(self, feed: Feed, sees: Callable[[str], bool] = lambda _tenant: True) -> None:
        self.feed, self.sees = feed, sees
        self.last = ""
        self.rows: dict[str, int] = {}
        self.whys: list[str] = []
        self.seen: list[tuple[str, int | None]] = []
        self._task: asyncio.Task[None] | None = None

    def connect(self) -> None:
        self._task = asyncio.create_task(self._read())

    async def cut(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        async for packet in self.feed.read(self.last, self.sees):
            self.take(packet)

    def take(self, packet: Packet) -> None:
        self.last = packet.id
        if packet.event == "reset":
            whole = json.loads(packet.data)
            self.whys.append(whole["why"])
            self.rows = {row["what"] // 1000: row["what"] for row in whole["call"]}
            self.seen.clear()
        elif packet.event == "changes":
            for change in json.loads(packet.data)["changes"]:
                self._change(change)

    def _change(self, change: dict[str, Any]) -> None:
        key, row = int(change["key"]), change["row"]
        self.seen.append((change["key"], row and row["what"]))
        if row is None:
            del self.rows[key]
        else:
            self.rows[key] = row["what"]


def turned(story: Callable[[], Any]) -> None:
    loop = TurnedLoop()
    try:
        loop.run_until_complete(story())
    finally:
        loop.close()


def publish(feed: Feed, key: int, what: int, tenant: str = "a") -> None:
    feed.publish(Kind.CALL, str(key), Told(tenant=tenant, what=key * 1000 + what))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(0, 5), st.integers(0, 9)),
        st.tuples(st.just("remove"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from([0, 0.1, 0.3, 15]), st.just(0)),
        st.tuples(st.just("break"), st.sampled_from([0, 0.1, 1]), st.just(0)),
    ),
    max_size=60,
)


@given(STEPS, st.sampled_from([5, 20, 1000]))
@settings(max_examples=150, deadline=None)
def test_however_it_breaks_a_reader_ends_with_what_is_shown(steps: list[Any], most: int) -> None:
    async def story() -> None:
        feed = Feed(LoopClock(), most=most)
        truth: dict[int, int] = {}
        told: list[tuple[str, int | None]] = []  # each change there was, in order
        reader = Reader(feed)
        reader.connect()
        await asyncio.sleep(0.01)
        for what, first, second in steps:
            if what == "publish":
                row = first * 1000 + second
                if truth.get(first) != row:
                    told.append((str(first), row))
                truth[first] = row
                publish(feed, first, second)
            elif what == "remove":
                if truth.pop(first, None) is not None:
                    told.append((str(first), None))
                feed.remove(Kind.CALL, str(first))
            elif what == "wait":
                await asyncio.sleep(first)
            else:
                await reader.cut()
                await asyncio.sleep(first)
                reader.connect()
        await asyncio.sleep(2 * BATCH_SECONDS)
        assert reader.rows == truth
        assert reader.seen == told[len(told) - len(reader.seen) :]  # none twice, none left out
        if most == 1000:
            assert reader.whys == ["first"]
            assert reader.seen == told
        await reader.cut()
        assert feed.readers == 0

    turned(story)


async def test_who_comes_from_another_life_or_too_late_gets_everything() -> None:
    feed = Feed(LoopClock(), most=3, life="f-1")
    publish(feed, 1, 1)
    for last, why in (
        ("", "first"),
        ("f-0.1", "restarted"),
        ("f-1.2", "restarted"),  # a future that never was
        ("f-1.x", "restarted"),
        ("nonsense", "restarted"),
    ):
        packet = await anext(feed.read(last, lambda _: True))
        assert (packet.event, json.loads(packet.data)["why"]) == ("reset", why)
    reader = feed.read("f-1.1", lambda _: True)
    for what in range(2, 7):
        publish(feed, 1, what)
    assert json.loads((await anext(reader)).data)["why"] == "too_old"
    for what in range(7, 12):
        publish(feed, 1, what)
    slow = await anext(reader)
    assert json.loads(slow.data)["why"] == "too_slow"
    assert json.loads(slow.data)["call"][0]["what"] == 1011


async def test_at_most_four_packets_a_second_and_a_sign_of_life_when_it_is_quiet() -> None:
    feed, loop = Feed(LoopClock()), asyncio.get_running_loop()
    packets: list[tuple[float, Packet]] = []

    async def read() -> None:
        async for packet in feed.read("", lambda _: True):
            packets.append((loop.time(), packet))

    reading = asyncio.create_task(read())
    for what in range(100):
        publish(feed, 1, what)
        await asyncio.sleep(0.01)
    await asyncio.sleep(1)
    assert 4 <= len(packets) <= 6
    gaps = [after[0] - before[0] for before, after in pairwise(packets)]
    assert min(gaps) >= BATCH_SECONDS - 0.001
    count = len(packets)
    await asyncio.sleep(QUIET_SECONDS * 2.5)
    signs = [packet for _, packet in packets[count:]]
    assert [(sign.event, sign.id) for sign in signs] == [("", packets[count - 1][1].id)] * 2
    feed.close()
    await reading


async def test_a_packet_has_an_end_and_the_next_goes_on() -> None:
    feed = Feed(LoopClock())
    reader = feed.read("", lambda _: True)
    await anext(reader)
    for key in range(BATCH_CHANGES + 10):
        publish(feed, key, 1)
    sizes = [len(json.loads((await anext(reader)).data)["changes"]) for _ in range(2)]
    assert sizes == [BATCH_CHANGES, 10]


async def test_each_sees_their_own_tenants_only() -> None:
    feed = Feed(LoopClock())
    mine = Reader(feed, lambda tenant: tenant == "a")
    publish(feed, 1, 1, "a")
    publish(feed, 2, 1, "b")
    mine.connect()
    await asyncio.sleep(1)
    publish(feed, 2, 2, "b")
    publish(feed, 3, 1, EVERYBODYS)
    publish(feed, 4, 1, "")
    await asyncio.sleep(1)
    assert mine.rows == {1: 1001, 3: 3001}
    publish(feed, 1, 2, "b")  # it is another's now
    publish(feed, 2, 3, "a")
    await asyncio.sleep(1)
    assert mine.rows == {2: 2003, 3: 3001}
    await mine.cut()


async def test_a_stream_ends_so_that_rights_are_asked_again() -> None:
    feed, loop = Feed(LoopClock()), asyncio.get_running_loop()
    began = loop.time()
    events = [packet.event async for packet in feed.read("", lambda _: True, most=60)]
    assert events[0] == "reset"
    assert 60 <= loop.time() - began < 60 + 2 * QUIET_SECONDS


async def test_what_is_equal_is_told_once() -> None:
    feed = Feed(LoopClock())
    reader = feed.read("", lambda _: True)
    publish(feed, 1, 1)
    first = await anext(reader)
    publish(feed, 1, 1)
    feed.remove(Kind.CALL, "9")
    publish(feed, 2, 1)
    second = await anext(reader)
    assert second.id.endswith(".2")
    assert first.id.endswith(".1")
