"""The thread of gevent: work goes in and results come out in order; its end harms nobody."""

import asyncio

import gevent
import pytest

from callcenter.pbx.freeswitch.connection import Connection
from callcenter.pbx.freeswitch.hub import GeventThread
from callcenter.pbx.port import NodeLost


async def test_work_and_results_keep_their_order() -> None:
    thread = GeventThread()
    thread.start()
    told: list[int] = []
    over = asyncio.Event()
    for number in range(2000):
        thread.spawn(lambda number=number: thread.tell(told.append, number))  # type: ignore[misc]
    thread.spawn(lambda: thread.tell(over.set))
    await asyncio.wait_for(over.wait(), 5)
    assert told == list(range(2000))
    await thread.stop()


async def test_work_that_fails_does_not_end_the_thread() -> None:
    thread = GeventThread()
    thread.start()
    thread.spawn(lambda: 1 / 0)
    over = asyncio.Event()
    thread.spawn(lambda: thread.tell(over.set))
    await asyncio.wait_for(over.wait(), 5)
    await thread.stop()


async def test_a_thread_that_was_stopped_takes_nothing_and_may_begin_anew() -> None:
    thread = GeventThread()
    thread.start()
    thread.spawn(lambda: gevent.sleep(60))
    await thread.stop()
    await thread.stop()
    told: list[str] = []
    thread.spawn(lambda: thread.tell(told.append, "late"))
    thread.start()
    over = asyncio.Event()
    thread.spawn(lambda: thread.tell(over.set))
    await asyncio.wait_for(over.wait(), 5)
    await thread.stop()


async def test_a_connection_that_never_began_is_over_when_it_is_closed() -> None:
    thread = GeventThread()
    thread.start()
    connection = Connection(thread, asyncio.get_running_loop())
    await connection.closed()
    with pytest.raises(NodeLost, match=r"^The connection to FreeSWITCH is over: it never began\.$"):
        await connection.ask("api status")
    await thread.stop()
