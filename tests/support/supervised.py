"""Words for scenarios about supervisors: a world with somebody to listen to, and who acts."""

from collections.abc import Callable

from sqlalchemy import Connection

from callcenter.acd import SeatState
from callcenter.calls.cdr import Cdr
from callcenter.conductor.conductor import Conductor
from callcenter.numbers import Extension
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.port import EavesdropMode
from tests.support.world import World

BY = "wang"
SPARE = Extension(number="1003", tenant="acme", secret="unused")


def conductor(world: World) -> Conductor:
    assert world.engine is not None
    return world.engine.conductor


async def talking(world: World, seat: str = "1001", caller: str = "+861") -> FakeCaller:
    """A caller of the queue who talks with this seat."""
    await world.logs_in(seat)
    alice = world.calls(caller)
    alice.presses("1")
    await world.passes(seconds=16)
    assert world.state(seat) is SeatState.TALKING
    return alice


async def waiting(world: World, caller: str = "+861") -> FakeCaller:
    """A caller whom nobody can serve yet."""
    alice = world.calls(caller)
    alice.presses("1")
    await world.passes(seconds=10)
    assert alice.music == "default"
    return alice


async def cdr_of(world: World, caller: str = "+861") -> Cdr:
    [found] = [cdr for cdr in await world.cdrs() if cdr.caller == caller]
    return found


async def changes(world: World, change: Callable[[Connection], None]) -> None:
    """An administrator changes something."""
    with world.database.begin() as connection:
        change(connection)
    assert world.engine is not None
    await world.engine.reload()


def mode(world: World) -> EavesdropMode | None:
    """How somebody listens in the PBX now."""
    found = list(world.pbx.talks.listening.values())
    return found[0].mode if found else None


def rooms(world: World) -> list[tuple[int, list[str]]]:
    """How many talks, and which guests, are in each room of the PBX."""
    found = world.pbx.talks.rooms.values()
    return [(len(r.talks), sorted(phone.extension for phone in r.guests.values())) for r in found]
