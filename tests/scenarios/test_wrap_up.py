"""Time after a call that no queue gave (Q7): a seat node, the last agent, a line that is a seat."""

from typing import Any

import pytest

from callcenter.acd import SeatState
from callcenter.ivr import Flow, publish
from callcenter.lines import Line, LineGroup, LineKind, save_group
from callcenter.numbers import Destination, HostedNumber, save_number
from tests.support.world import World

NUMBER = "4008006666"
SEAT: dict[str, Any] = {
    "name": "direct",
    "start": "seat",
    "nodes": {
        "seat": {"kind": "seat", "seat": "1001", "next": "bye", "otherwise": "bye"},
        "bye": {"kind": "hangup", "prompts": ["goodbye"]},
    },
}


async def leads_to(world: World, to: str) -> None:
    line = Line(name="ada", kind=LineKind.SEAT, number="1001")
    with world.database.begin() as connection:
        publish(connection, Flow.model_validate(SEAT))
        save_group(connection, LineGroup(name="office", tenant="acme", lines=(line,)))
        destination = Destination.parse(to)
        number = HostedNumber(number=NUMBER, tenant="acme", destination=destination)
        save_number(connection, number)
    assert world.engine is not None
    await world.engine.reload()


@pytest.mark.parametrize("to", ["flow:direct", "lines:office"])
async def test_wrap_up_follows_a_call_that_no_queue_gave(world: World, to: str) -> None:
    await leads_to(world, to)
    await world.logs_in("1001")
    alice = world.calls(number=NUMBER)
    await world.passes(seconds=5)
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    await world.passes(seconds=2)
    assert world.state("1001") is SeatState.WRAP_UP
    bob = world.calls(number=NUMBER)
    await world.passes(seconds=1)
    assert world.phone("1001").state.name != "RINGING"
    bob.hangs_up()
    await world.passes(seconds=7)
    assert world.state("1001") is SeatState.IDLE
