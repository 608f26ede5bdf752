"""What voicemail's stories have in common: a box and its number, callers and agents who use it."""

from callcenter.numbers import (
    Destination,
    HostedNumber,
    Tenant,
    Trunk,
    save_number,
    save_tenant,
    save_trunk,
)
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.port import Source
from callcenter.records import Message
from callcenter.records.boxes import Box, save_box
from callcenter.records.store import list_messages
from tests.support.world import World

LINE = "4008009999"  # leads to the box of seat 1001
CALLER = "+8613800000001"


async def box(
    world: World, name: str = "seat-1001", *, language: str = "en", **more: object
) -> None:
    """A box that was set up, and a number that leads to it."""
    assert world.engine is not None
    with world.database.begin() as connection:
        save_tenant(connection, Tenant(id="acme", name="Acme", language=language))
        save_box(connection, Box(tenant="acme", name=name, **more))  # type: ignore[arg-type]
        to = Destination.parse(f"voicemail:{name}")
        save_number(connection, HostedNumber(number=LINE, tenant="acme", destination=to))
        save_trunk(connection, Trunk(name="world", match="127.0.0.3", contact="127.0.0.3:5060"))
    await world.engine.reload()


async def leaves(world: World, seconds: float = 3.0, caller: str = CALLER) -> FakeCaller:
    """Somebody leaves a message."""
    alice = world.calls(caller, LINE)
    alice.says(seconds)
    await world.passes(seconds=30)
    assert "voicemail-kept" in alice.heard
    return alice


def dials(world: World, keys: str = "", extension: str = "1001") -> FakeCaller:
    """An agent dials *98 and presses keys as fast as they can."""
    world.phone(extension)
    agent = world.pbx.place_call(extension, "*98", source=Source.EXTENSION)
    agent.presses(keys)
    return agent


async def messages(world: World) -> list[Message]:
    """Newest first."""
    assert world.engine is not None
    await world.passes(seconds=1)
    await world.engine.projector.settled()
    with world.database.connect() as connection:
        return list_messages(connection)


def heard(agent: FakeCaller) -> list[str]:
    """What was heard; messages without their random names."""
    return ["a message" if "/takes/" in name else name for name in agent.heard]
