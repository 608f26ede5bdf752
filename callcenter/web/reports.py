"""Reports over REST: figures as JSON, page, picture or sheet; their calls; their proofs; mails."""

from datetime import UTC, datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from callcenter.reports.answer import Proof, Report, shown
from callcenter.reports.desk import Question
from callcenter.reports.drill import Counted
from callcenter.reports.formats import MEDIA, written
from callcenter.reports.schedules import Schedule

Text = Annotated[str, Query(max_length=128)]
Typed = Annotated[str, Query(min_length=1, max_length=40)]
Seconds = Annotated[int, Query(ge=0, le=600)]


class Reports(Protocol):
    """What this file asks of the engine."""

    async def report(self, question: Question) -> Report:
        """A report with its cheap proofs."""

    async def calls(self, question: Question, figure: str, name: str, most: int) -> list[Counted]:
        """The calls below a figure."""

    async def prove(self, question: Question) -> list[Proof]:
        """All proofs of a span."""

    async def recompute(self, question: Question) -> int:
        """Count a span anew."""

    async def schedules(self) -> list[Schedule]:
        """What is mailed."""

    async def add_schedule(self, wanted: Schedule) -> Schedule:
        """A new one."""

    async def remove_schedule(self, schedule: str) -> None:
        """Mail it no more."""


class Desk(Protocol):
    """Whoever has them."""

    @property
    def reports(self) -> Reports:
        """Reports."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SpanBody(_Body):
    """From a day, or a day and a time, to another; a last day is meant whole."""

    begin: str = Field(min_length=1, max_length=40)
    end: str = Field(min_length=1, max_length=40)
    zone: str = Field("", max_length=64)


class ScheduleBody(_Body):
    """A report that is mailed when its day, week or month is over, at ``hour``."""

    kind: str = Field(max_length=16)
    every: str = Field(max_length=8)
    to: str = Field(min_length=3, max_length=254)
    tenant: str = Field("", max_length=64)
    hour: int = Field(6, ge=0, le=23)
    zone: str = Field("", max_length=64)
    format: str = Field("html", max_length=8)


def add_reports(router: APIRouter, desk: Desk) -> None:
    """Put the paths of this file on the router."""

    @router.get("/reports/{kind}", response_model=None)
    async def report(
        kind: str,
        begin: Typed,
        end: Typed,
        *,
        by: Text = "",
        tenant: Text = "",
        zone: Text = "",
        within: Seconds = 0,
        short: Seconds = 0,
        form: Annotated[str, Query(max_length=8, alias="format")] = "json",
        width: Annotated[int, Query(ge=20, le=1000)] = 100,
    ) -> Response:
        """Traffic, queues, seats, survey, regions, flows, numbers or tenants; ``format`` json,
        csv, xlsx, html, png or table, that one ``width`` columns wide."""
        question = Question(
            kind=kind,
            begin=begin,
            end=end,
            by=by,
            tenant=tenant,
            zone=zone,
            within=within,
            short=short,
        )
        made = await desk.reports.report(question)
        pieces = written(shown(made), form, width=width)
        return StreamingResponse(pieces, media_type=MEDIA[form])

    @router.get("/reports/{kind}/calls/{figure}")
    async def calls(
        kind: str,
        figure: str,
        begin: Typed,
        end: Typed,
        *,
        name: Text = "",
        tenant: Text = "",
        zone: Text = "",
        within: Seconds = 0,
        short: Seconds = 0,
        most: Annotated[int, Query(ge=1, le=100_000)] = 1000,
    ) -> list[Counted]:
        """The calls below a figure, of all lines or of those of ``name``."""
        question = Question(
            kind=kind, begin=begin, end=end, tenant=tenant, zone=zone, within=within, short=short
        )
        return await desk.reports.calls(question, figure, name, most)

    @router.get("/report-proofs")
    async def proofs(begin: Typed, end: Typed, zone: Text = "") -> list[Proof]:
        """Prove all figures of a span; the first that is wrong is an error that names its row."""
        return await desk.reports.prove(Question(begin=begin, end=end, zone=zone))

    @router.post("/report-counts")
    async def recompute(body: SpanBody) -> dict[str, int]:
        """Count a span anew from CDRs and seat logs."""
        question = Question(begin=body.begin, end=body.end, zone=body.zone)
        return {"rows": await desk.reports.recompute(question)}

    _schedules(router, desk)


def _schedules(router: APIRouter, desk: Desk) -> None:
    @router.get("/report-schedules")
    async def schedules() -> list[Schedule]:
        """Reports that are mailed by themselves."""
        return await desk.reports.schedules()

    @router.post("/report-schedules", status_code=201)
    async def add(body: ScheduleBody) -> Schedule:
        """Mail one from now on."""
        wanted = Schedule(id="", since=datetime.now(UTC), by="", **body.model_dump())
        return await desk.reports.add_schedule(wanted)

    @router.delete("/report-schedules/{schedule}", status_code=204)
    async def remove(schedule: str) -> None:
        """Mail it no more."""
        await desk.reports.remove_schedule(schedule)
