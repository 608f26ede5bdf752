"""What agents do besides log in and out, over REST: wrap-up, dispositions, pauses, times,
transfers, messages."""

from datetime import timedelta
from typing import Annotated, Protocol

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from callcenter.acd import Disposed, Pause, SeatView, load_plan, save_pauses
from callcenter.acd.log import SeatTimes
from callcenter.kernel.errors import Refused
from callcenter.web.routing import Routing

Text = Annotated[str, Field(min_length=1, max_length=64)]


class Agents(Protocol):
    """What this file asks of the engine."""

    def log_in_outside(self, seat: str, number: str) -> None:
        """Put an agent at an outside telephone."""

    def wrap_up(self, seat: str, seconds: float) -> SeatView:
        """More wrap-up."""

    def dispose(self, seat: str, code: str) -> SeatView:
        """What came of its last call."""

    async def dispositions(self, call: str) -> list[Disposed]:
        """What agents said of a call."""

    async def times(
        self, seat: str, since: AwareDatetime | None, until: AwareDatetime | None
    ) -> SeatTimes:
        """How it spent its time, the last day by default."""

    async def transfer(self, call: str, to: str) -> None:
        """Send the caller on."""

    async def message(self, seat: str, sender: str, text: str) -> None:
        """A text to the phone of a seat."""


class PauseDesk(Protocol):
    """Whoever has the database."""

    @property
    def routing(self) -> Routing:
        """The database."""


class Desk(PauseDesk, Protocol):
    """Whoever has all of it."""

    @property
    def agents(self) -> Agents:
        """Agents."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WrapUp(_Body):
    """How much more."""

    seconds: float = Field(gt=0, le=3600)


class Disposition(_Body):
    """A code of the queue."""

    code: Text


class Transfer(_Body):
    """``seat:1002``, ``queue:sales``, ``extension:1003`` or ``outside:13800000000``."""

    to: Text


class Message(_Body):
    """A text; ``sender`` is the number it comes from."""

    sender: Annotated[str, Field(pattern="^[0-9A-Za-z+*#_-]{1,64}$")]
    text: str = Field(min_length=1, max_length=700)


class PauseBody(_Body):
    """A reason to be busy; ``minutes`` is how long it may last."""

    key: Annotated[str, Field(pattern="^[0-9]{1,3}$")]
    name: Text
    minutes: float | None = Field(None, gt=0, le=1440)


class Pauses(_Body):
    """All reasons of a tenant."""

    pauses: list[PauseBody] = Field(max_length=99)


def add_agents(router: APIRouter, desk: Desk) -> None:
    """Put the paths of this file on the router."""
    _seats(router, desk)
    add_pauses(router, desk)

    @router.post("/calls/{call}/transfer", status_code=202)
    async def transfer(call: str, body: Transfer) -> None:
        """Send the caller to a seat, a queue, an extension or outside; it stays one call."""
        await desk.agents.transfer(call, body.to)

    @router.get("/calls/{call}/dispositions")
    async def dispositions(call: str) -> list[Disposed]:
        """What agents said of a call."""
        return await desk.agents.dispositions(call)


def _seats(router: APIRouter, desk: Desk) -> None:
    @router.post("/seats/{seat}/wrapup")
    async def wrap_up(seat: str, body: WrapUp) -> SeatView:
        """More wrap-up for a seat that is in it, or idle."""
        return desk.agents.wrap_up(seat, body.seconds)

    @router.post("/seats/{seat}/dispose")
    async def dispose(seat: str, body: Disposition) -> SeatView:
        """What came of the last call of a seat."""
        return desk.agents.dispose(seat, body.code)

    @router.get("/seats/{seat}/times")
    async def times(
        seat: str, since: AwareDatetime | None = None, until: AwareDatetime | None = None
    ) -> SeatTimes:
        """Seconds by what a seat did; the last day where nothing is given."""
        return await desk.agents.times(seat, since, until)

    @router.post("/seats/{seat}/message", status_code=202)
    async def message(seat: str, body: Message) -> None:
        """Send a text to the phone where a seat is logged in."""
        await desk.agents.message(seat, body.sender, body.text)


def add_pauses(router: APIRouter, desk: PauseDesk) -> None:
    """Reasons to be busy; also where no engine runs."""

    @router.get("/tenants/{tenant}/pauses")
    async def pauses(tenant: str) -> list[PauseBody]:
        """Reasons for agents to be busy."""
        plan = await desk.routing.ask(load_plan)
        return [_shown(pause) for pause in plan.pauses_of(tenant)]

    @router.put("/tenants/{tenant}/pauses")
    async def change(tenant: str, given: Pauses) -> list[PauseBody]:
        """Set all reasons; none: the usual ones."""
        body = given.pauses
        if len({pause.key for pause in body}) < len(body):
            raise Refused("A key is given twice; each reason needs its own.")
        made = [_made(pause) for pause in body]
        await desk.routing.change(lambda connection: save_pauses(connection, tenant, made))
        return [_shown(pause) for pause in made]


def _made(body: PauseBody) -> Pause:
    limit = timedelta(minutes=body.minutes) if body.minutes else None
    return Pause(key=body.key, name=body.name, limit=limit)


def _shown(pause: Pause) -> PauseBody:
    minutes = pause.limit.total_seconds() / 60 if pause.limit else None
    return PauseBody(key=pause.key, name=pause.name, minutes=minutes)
