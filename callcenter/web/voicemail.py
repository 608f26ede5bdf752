"""Voicemail over REST."""

from typing import TYPE_CHECKING, Annotated, Protocol

from fastapi import APIRouter, Query, Response

from callcenter.records.model import Message

if TYPE_CHECKING:
    from callcenter.web.services import Services


class Boxes(Protocol):
    """What this file asks of the engine."""

    async def messages(self, box: str) -> list[Message]:
        """Messages of a box, or of all; newest first."""

    async def audio(self, message: str, heard: bool) -> bytes:
        """The sound as WAV; with ``heard`` it counts as listened to."""

    async def remove(self, message: str) -> None:
        """Forget a message."""


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

    @router.delete("/voicemail/{message}", status_code=204)
    async def remove(message: str) -> None:
        """Forget a message with its sound."""
        await services.voicemail.remove(message)
