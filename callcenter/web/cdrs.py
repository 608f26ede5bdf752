"""Ended calls over REST: search page by page, one call, whole results as a file (R4)."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Protocol

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from callcenter.calls.cdr import Cdr, Result
from callcenter.calls.exporting import MEDIA_TYPES, Format
from callcenter.calls.search import Page, Search

if TYPE_CHECKING:
    from callcenter.web.services import Services

MOST = 1000
NEXT = "X-Next-After"
"""Header of a page: what ``after`` has to be for the next one; missing on the last page."""


class CallRecords(Protocol):
    """What this file asks of the engine."""

    async def search(self, wanted: Search, most: int, after: str) -> Page:
        """The next of the calls that are looked for, newest first."""

    async def one(self, call: str) -> Cdr:
        """One ended call; :class:`NotFound` when there is none."""

    async def export(self, wanted: Search, kind: Format) -> AsyncIterator[bytes]:
        """All calls that are looked for, as the pieces of a file."""


class Wanted(BaseModel):
    """What is looked for; what is left out does not matter."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime | None = Field(None, alias="from", description="from this moment on")
    until: AwareDatetime | None = Field(None, alias="to", description="before this moment")
    caller: str = Field("", max_length=64, description="number; with * at the end its beginning")
    dialled: str = Field("", max_length=64, description="number; with * at the end its beginning")
    seat: str = Field("", max_length=32, description="a seat that talked or was rung")
    queue: str = Field("", max_length=64, description="a queue that was joined")
    tenant: str = Field("", max_length=64)
    region: str = Field("", max_length=128, description="like CN/Guangdong/Foshan, CN")
    result: Result | None = None
    longer: float | None = Field(None, ge=0, description="seconds, from ring to end, at least")
    shorter: float | None = Field(None, ge=0, description="seconds, less than")

    @field_validator("caller", "dialled")
    @classmethod
    def _plus_is_no_space(cls, value: str) -> str:
        """A + in a query means a space; no number begins with one."""
        return f"+{value.lstrip()}" if value.startswith(" ") else value

    def search(self) -> Search:
        """As the store knows it."""
        asked = {name: getattr(self, name) for name in Wanted.model_fields}
        return Search(**(asked | {"result": self.result or ""}))


class PageWanted(Wanted):
    """One page of it."""

    most: int = Field(50, ge=1, le=MOST)
    after: str = Field("", max_length=200, description=f"header {NEXT} of the page before")


class FileWanted(Wanted):
    """All of it."""

    format: Format = Format.CSV


def add_cdrs(router: APIRouter, services: "Services") -> None:
    """Put the paths of this file on the router."""

    @router.get("/cdrs")
    async def cdrs(wanted: Annotated[PageWanted, Query()], response: Response) -> list[Cdr]:
        """Ended calls, newest first; the header X-Next-After says how to ask for the next page."""
        page = await services.records.search(wanted.search(), wanted.most, wanted.after)
        if page.after:
            response.headers[NEXT] = page.after
        return page.cdrs

    @router.get("/cdrs/export", response_class=Response)
    async def export(wanted: Annotated[FileWanted, Query()]) -> Response:
        """All calls that are found as a file: CSV, XLSX or JSON lines (with all parts)."""
        pieces = await services.records.export(wanted.search(), wanted.format)
        name = f'attachment; filename="calls.{wanted.format}"'
        return StreamingResponse(
            pieces,
            media_type=MEDIA_TYPES[wanted.format],
            headers={"Content-Disposition": name},
        )

    @router.get("/cdrs/{call}")
    async def cdr(call: str) -> Cdr:
        """One ended call."""
        return await services.records.one(call)
