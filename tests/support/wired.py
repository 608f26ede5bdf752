"""An Asterisk node between two wires played by a test: AMI, and calls that come by FastAGI."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from callcenter.kernel.clock import LoopClock
from callcenter.pbx.asterisk import AsteriskLink, AsteriskNode
from callcenter.pbx.port import Channel, Dial, DialProgress, DialResult, LinkUp
from tests.support.wire import AgiCall, AmiServer

HERE = "cc-loop|s|3"
NO_DIAL = f"200 result=1 (|||16|1700000000000||{HERE})"
ANSWERED = f"200 result=1 (ANSWER|1700000000.2|1700000010000|16|1700000012500|1|{HERE})"
RING = Dial(extension="1001", ring=timedelta(seconds=20))


class Wires:
    """A node between a played AMI server and played FastAGI calls."""

    def __init__(self, ami: AmiServer) -> None:
        self.ami = ami
        self.told: list[DialProgress] = []
        link = AsteriskLink(
            ami_host="127.0.0.1",
            ami_port=ami.port,
            ami_user="callcenter",
            ami_secret="s",
            fastagi_host="127.0.0.1",
            fastagi_port=0,
            fastagi_key="key",
            sounds=Path("/sounds"),
        )
        self.node = AsteriskNode(link, LoopClock())

    async def call(self, **fields: str) -> tuple[AgiCall, Channel]:
        """A call comes in."""
        call = await AgiCall.connect(self.node._agi.port, **fields)
        async with asyncio.timeout(2):
            return call, await anext(self.node.calls())

    def dial(self, channel: Channel, dial: Dial = RING) -> "asyncio.Future[DialResult]":
        return asyncio.ensure_future(channel.dial(dial, self.told.append))

    async def rings(self) -> None:
        """AMI tells that the leg rings."""
        pair = {"Uniqueid": "1700000000.1", "DestUniqueid": "1700000000.2"}
        self.ami.event("DialBegin", **pair)
        self.ami.event("DialState", DialStatus="RINGING", **pair)
        async with asyncio.timeout(2):
            while not self.told:  # noqa: ASYNC110  told by a plain callback
                await asyncio.sleep(0.005)


@pytest.fixture
async def wires() -> AsyncIterator[Wires]:
    async with AmiServer().listening() as ami:
        made = Wires(ami)
        await made.node.start()
        assert await anext(made.node.events()) == LinkUp(node="pbx1")
        yield made
        await made.node.stop()


async def closes(call: AgiCall, facts: str = NO_DIAL) -> None:
    """What the adapter does when the caller has gone."""
    await call.expects("GET FULL VARIABLE", facts)
    await call.expects('SET VARIABLE "CC_CLOSED" "1"', "200 result=1")
    await call.ended()
    call.close()


async def starts_dial(call: AgiCall) -> str:
    """Take what is said before a dial; the dial itself is returned."""
    begun = await call.expects('EXEC "MSet"')
    assert "CC_DIALLING=1" in begun
    assert "DIALSTATUS=," in begun, "an older dial's result is not taken for this one's"
    return await call.command()
