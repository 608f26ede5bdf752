"""The live feed over REST: the whole board at once, or its changes as server-sent events.

Events and rows are described in docs/reference/feed.md.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from callcenter.kernel.actor import acting
from callcenter.web.feed import Packet

if TYPE_CHECKING:
    from callcenter.web.services import Services

LONGEST_SECONDS = 600.0
"""A stream ends after this and is asked for again, so that a right that was taken away counts."""

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def add_live(router: APIRouter, services: "Services") -> None:
    """Put the paths of this file on the router."""

    @router.get("/board", response_class=Response)
    async def board() -> Response:
        """All that the board shows now: the data of a ``reset`` event."""
        data = services.feed.whole(acting.get().sees, "asked")
        return Response(data, media_type="application/json", headers=_HEADERS)

    @router.get("/events", response_class=StreamingResponse)
    async def events(
        last: Annotated[str, Header(alias="Last-Event-ID", max_length=64)] = "",
    ) -> Response:
        """Changes as server-sent events, from the event named in ``Last-Event-ID`` on."""
        packets = services.feed.read(last, acting.get().sees, most=LONGEST_SECONDS)
        return StreamingResponse(_stream(packets), media_type="text/event-stream", headers=_HEADERS)


async def _stream(packets: AsyncIterator[Packet]) -> AsyncIterator[bytes]:
    async for packet in packets:
        yield encoded(packet)


def encoded(packet: Packet) -> bytes:
    """As it goes over the wire; a sign of life names no event and has no data."""
    if not packet.event:
        return b": here\nid: %s\n\n" % packet.id.encode()
    return b"event: %s\nid: %s\ndata: %s\n\n" % (
        packet.event.encode(),
        packet.id.encode(),
        packet.data,
    )
