"""Answers to surveys over REST (R3)."""

from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from callcenter.records.survey import SurveyAnswer, SurveyFilter, SurveyResult
from callcenter.web.recordings import Check

By = Literal["seat", "queue", "survey"]
Name = Annotated[str, Query(max_length=64)]


class Surveys(Protocol):
    """What this file asks of the engine."""

    async def answers(self, wanted: SurveyFilter, most: int) -> list[SurveyAnswer]:
        """The newest answers, newest first."""

    async def results(self, wanted: SurveyFilter, by: By) -> list[SurveyResult]:
        """Counts and means by question, and by seat, queue or survey as a whole."""

    async def comment(self, call: str, position: int) -> bytes:
        """A spoken answer as WAV; :class:`NotFound` when there is none."""

    async def check(self, call: str, position: int) -> Check:
        """Whether a spoken answer is what was kept."""


class Desk(Protocol):
    """Whoever has them."""

    @property
    def surveys(self) -> Surveys:
        """Answers to surveys."""


def add_survey(router: APIRouter, services: Desk) -> None:
    """Put the paths of this file on the router."""

    @router.get("/survey/answers")
    async def answers(
        *,
        tenant: Name = "",
        survey: Name = "",
        queue: Name = "",
        seat: Name = "",
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        most: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[SurveyAnswer]:
        """What callers answered, newest first; empty answer and comment: nothing came."""
        wanted = SurveyFilter(
            tenant=tenant, survey=survey, queue=queue, seat=seat, since=since, until=until
        )
        return await services.surveys.answers(wanted, most)

    @router.get("/survey/results")
    async def results(
        *,
        by: By = "seat",
        tenant: Name = "",
        survey: Name = "",
        queue: Name = "",
        seat: Name = "",
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
    ) -> list[SurveyResult]:
        """How often each question was asked and answered, with what, and the mean of numbers."""
        wanted = SurveyFilter(
            tenant=tenant, survey=survey, queue=queue, seat=seat, since=since, until=until
        )
        return await services.surveys.results(wanted, by)

    @router.get("/survey/answers/{call}/{position}/comment", response_class=Response)
    async def comment(call: str, position: int) -> Response:
        """A spoken answer as WAV."""
        return Response(await services.surveys.comment(call, position), media_type="audio/wav")

    @router.get("/survey/answers/{call}/{position}/verify")
    async def check(call: str, position: int) -> Check:
        """Whether a spoken answer is there, opens, and is what was kept; see that of voicemail."""
        return await services.surveys.check(call, position)
