"""What callers answered, for the REST API."""

import asyncio
from pathlib import Path

from sqlalchemy import Engine as Database

from callcenter.kernel.actor import require_own
from callcenter.kernel.errors import NotFound
from callcenter.records.survey import SurveyAnswer, SurveyFilter, SurveyResult
from callcenter.records.survey.store import By, get_answer, list_answers, survey_results
from callcenter.services.faults import told


class EngineSurveys:
    """See :class:`callcenter.web.survey.Surveys`."""

    def __init__(self, database: Database, comments: Path) -> None:
        self._database = database
        self._comments = comments

    async def answers(self, wanted: SurveyFilter, most: int) -> list[SurveyAnswer]:
        """The newest answers, newest first."""
        return await asyncio.to_thread(self._answers, wanted, most)

    async def results(self, wanted: SurveyFilter, by: By) -> list[SurveyResult]:
        """Counts and means."""
        return await asyncio.to_thread(self._results, wanted, by)

    async def comment(self, call: str, position: int) -> bytes:
        """A spoken answer as WAV."""
        return await asyncio.to_thread(self._comment, call, position)

    @told
    def _answers(self, wanted: SurveyFilter, most: int) -> list[SurveyAnswer]:
        with self._database.connect() as connection:
            return list_answers(connection, wanted, most=most)

    @told
    def _results(self, wanted: SurveyFilter, by: By) -> list[SurveyResult]:
        with self._database.connect() as connection:
            return survey_results(connection, wanted, by=by)

    @told
    def _comment(self, call: str, position: int) -> bytes:
        sentence = f"There is no spoken answer {position} of call {call}."
        with self._database.connect() as connection:
            found = get_answer(connection, call, position)
        if found is None or not found.comment:
            raise NotFound(sentence)
        require_own(found.tenant, sentence)
        try:
            return (self._comments / found.comment).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"The sound of answer {position} of call {call} is gone.") from None
