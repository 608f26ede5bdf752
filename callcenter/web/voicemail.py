"""Voicemail over REST: messages, and the boxes they come to."""

from typing import TYPE_CHECKING, Annotated, Protocol

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from callcenter.records.boxes import Box
from callcenter.records.model import Message
from callcenter.web.recordings import Check

if TYPE_CHECKING:
    from callcenter.web.services import Services

Word = Annotated[str, Field(min_length=1, max_length=64)]


class Boxes(Protocol):
    """What this file asks of the engine."""

    async def messages(self, box: str) -> list[Message]:
        """Messages of a box, or of all; newest first."""

    async def audio(self, message: str, heard: bool) -> bytes:
        """The sound as WAV; with ``heard`` it counts as listened to."""

    async def check(self, message: str) -> Check:
        """Whether its sound is what was kept."""

    async def hand_over(self, message: str, to: str) -> Message:
        """Put a message into another box: ``seat:1002``, or a box by its name."""

    async def remove(self, message: str) -> None:
        """Forget a message."""

    async def boxes(self) -> list[Box]:
        """Boxes that were set up."""

    async def set_box(self, box: Box) -> Box:
        """Set a box up (anew)."""

    async def remove_box(self, tenant: str, name: str) -> None:
        """Forget how a box was set up; its messages stay."""


class HandOver(BaseModel):
    """Body of a hand-over: ``seat:1002``, or the name of a box."""

    model_config = ConfigDict(extra="forbid")
    to: Annotated[str, Field(min_length=1, max_length=80)]


class BoxPlan(BaseModel):
    """How a box is set up, whole."""

    model_config = ConfigDict(extra="forbid")
    greeting: str = Field("", max_length=80, pattern=r"^([a-z0-9][a-z0-9/_-]*)?$")
    mail: list[Annotated[str, Field(max_length=320)]] = Field(default_factory=list)
    seats: list[Word] = Field(default_factory=list, max_length=200)
    keep_days: int | None = Field(None, ge=1, le=3650)


def add_voicemail(router: APIRouter, services: "Services") -> None:
    """Put the paths of this file on the router."""

    @router.get("/voicemail")
    async def messages(box: Annotated[str, Query(max_length=64)] = "") -> list[Message]:
        """Messages of a box, or of all; newest first."""
        return await services.voicemail.messages(box)

    @router.get("/voicemail/{message}/audio", response_class=Response)
    async def audio(message: str, heard: bool = True) -> Response:
        """The sound as WAV; the message then counts as heard unless ``heard`` is false."""
        return Response(await services.voicemail.audio(message, heard), media_type="audio/wav")

    @router.get("/voicemail/{message}/verify")
    async def check(message: str) -> Check:
        """Whether its sound is there, opens, and is what was kept. ``state`` says how it is kept:
        ``sealed``, ``plain`` (from before messages were encrypted), ``waiting`` (for a key)."""
        return await services.voicemail.check(message)

    @router.post("/voicemail/{message}/hand-over")
    async def hand_over(message: str, body: HandOver) -> Message:
        """Put a message into another box of its tenant, where it is new again."""
        return await services.voicemail.hand_over(message, body.to)

    @router.delete("/voicemail/{message}", status_code=204)
    async def remove(message: str) -> None:
        """Forget a message with its sound."""
        await services.voicemail.remove(message)

    @router.get("/voicemail-boxes")
    async def boxes() -> list[Box]:
        """Boxes that were set up; others need no setting up."""
        return await services.voicemail.boxes()

    @router.put("/voicemail-boxes/{tenant}/{box}")
    async def set_box(tenant: str, box: str, body: BoxPlan) -> Box:
        """Set a box up (anew): greeting, addresses, who may listen, how long messages are kept."""
        made = Box(
            tenant=tenant,
            name=box[:64],
            greeting=body.greeting,
            mail=tuple(body.mail),
            seats=tuple(body.seats),
            keep_days=body.keep_days,
        )
        return await services.voicemail.set_box(made)

    @router.delete("/voicemail-boxes/{tenant}/{box}", status_code=204)
    async def remove_box(tenant: str, box: str) -> None:
        """Forget how a box was set up; its messages stay."""
        await services.voicemail.remove_box(tenant, box)
