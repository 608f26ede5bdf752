"""What supervisors do to calls and seats, over REST. Each act is done when it is answered."""

from typing import Annotated, Literal, Protocol, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from callcenter.acd import SeatView
from callcenter.supervision import Act, ListeningView

Name = Annotated[str, Field(min_length=1, max_length=64)]
Mode = Literal["monitor", "whisper", "barge"]


class Supervision(Protocol):
    """What this file asks of the engine."""

    def listeners(self) -> list[ListeningView]:
        """Who listens to what."""

    async def listen(self, call: str, mode: Act, who: str) -> ListeningView:
        """Ring a phone and let it listen, or switch one that listens."""

    async def switch(self, call: str, mode: Act, who: str) -> ListeningView:
        """Another mode; ``who`` may be empty when one listens."""

    async def leave(self, call: str, who: str) -> None:
        """Take a phone out of a call."""

    async def hang_up(self, call: str) -> None:
        """End a call."""

    async def transfer(self, call: str, to: str) -> None:
        """Send the caller on."""

    async def pick_up(self, call: str, seat: str) -> None:
        """A waiting caller to this seat."""

    async def take_over(self, call: str, seat: str) -> None:
        """A talking caller to this seat."""

    async def conference(self, calls: list[str], guests: list[str]) -> None:
        """Join others to a talk."""

    async def move(self, call: str, queue: str) -> None:
        """A waiting caller to another queue."""

    async def prioritise(self, call: str, priority: int | None) -> int:
        """A waiting caller sooner or later; ``None``: first."""

    def force(self, seat: str, status: str, reason: str) -> SeatView:
        """Say for an agent what the agent does not."""


class Desk(Protocol):
    """Whoever has it."""

    @property
    def supervision(self) -> Supervision:
        """Acts of supervisors."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Listen(_Body):
    """``who`` is a seat, an extension or an outside number."""

    mode: Mode
    who: Name


class Switch(_Body):
    """``who`` may stay away when one listens."""

    mode: Mode
    who: str = Field("", max_length=64)


class Who(_Body):
    """A phone, by seat or number."""

    who: Name


class ToSeat(_Body):
    """The seat that gets the call."""

    seat: Name


class ToQueue(_Body):
    """The queue to wait in."""

    queue: Name


class Priority(_Body):
    """A number, or first of all."""

    priority: int | None = Field(None, ge=-1000, le=1000)
    first: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.priority is None) is not self.first:
            raise ValueError("give a priority or first, one of both")
        return self


class Given(_Body):
    """The priority that it is now."""

    priority: int


class Conference(_Body):
    """Further calls, and phones to bring in."""

    calls: list[Name] = Field(default_factory=list, max_length=10)
    guests: list[Name] = Field(default_factory=list, max_length=10)


class Forced(_Body):
    """What the seat is made to say."""

    status: Literal["ready", "busy", "logged-out"]
    reason: str = Field("", max_length=64)


def add_supervision(router: APIRouter, desk: Desk) -> None:
    """Put the paths of this file on the router."""
    _listening(router, desk)
    _by_force(router, desk)
    _waiting(router, desk)

    @router.post("/seats/{seat}/force")
    async def force(seat: str, body: Forced) -> SeatView:
        """Make a seat ready or busy, or log it out, for its agent."""
        return desk.supervision.force(seat, body.status, body.reason)


def _listening(router: APIRouter, desk: Desk) -> None:
    @router.get("/listeners")
    async def listeners() -> list[ListeningView]:
        """Who listens to which call, or has joined it."""
        return desk.supervision.listeners()

    @router.post("/calls/{call}/listen")
    async def listen(call: str, body: Listen) -> ListeningView:
        """Ring a phone; answered when it listens. Again: another mode."""
        return await desk.supervision.listen(call, Act(body.mode), body.who)

    @router.post("/calls/{call}/mode")
    async def switch(call: str, body: Switch) -> ListeningView:
        """Switch whoever listens to monitor, whisper or barge."""
        return await desk.supervision.switch(call, Act(body.mode), body.who)

    @router.post("/calls/{call}/leave", status_code=204)
    async def leave(call: str, body: Who) -> None:
        """Take a listener, or who joined, out of the call."""
        await desk.supervision.leave(call, body.who)

    @router.post("/calls/{call}/conference", status_code=204)
    async def conference(call: str, body: Conference) -> None:
        """Bring others into the talk: all hear all."""
        await desk.supervision.conference([call, *body.calls], body.guests)


def _by_force(router: APIRouter, desk: Desk) -> None:
    @router.post("/calls/{call}/pickup", status_code=204)
    async def pick_up(call: str, body: ToSeat) -> None:
        """Take a waiting or ringing caller to a seat."""
        await desk.supervision.pick_up(call, body.seat)

    @router.post("/calls/{call}/takeover", status_code=204)
    async def take_over(call: str, body: ToSeat) -> None:
        """Take a caller who talks to another seat; the one left goes to wrap-up."""
        await desk.supervision.take_over(call, body.seat)


def _waiting(router: APIRouter, desk: Desk) -> None:
    @router.post("/calls/{call}/move", status_code=204)
    async def move(call: str, body: ToQueue) -> None:
        """Have a waiting caller wait in another queue; what was waited counts."""
        await desk.supervision.move(call, body.queue)

    @router.post("/calls/{call}/prioritise")
    async def prioritise(call: str, body: Priority) -> Given:
        """Have a waiting caller served sooner or later."""
        given = await desk.supervision.prioritise(call, body.priority)
        return Given(priority=given)
