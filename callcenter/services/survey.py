"""What callers answered, for the REST API."""

import asyncio

from sqlalchemy import Engine as Database

from callcenter.kernel.actor import require_own
from callcenter.kernel.errors import NotFound
from callcenter.records.sounds import SpokenSounds
from callcenter.records.survey import SurveyAnswer, SurveyFilter, SurveyResult
from callcenter.records.survey.store import By, get_answer, list_answers, survey_results
from callcenter.services.faults import told
from callcenter.web.recordings import Check


class EngineSurveys:
    """See :class:`callcenter.web.survey.Surveys`."""

    def __init__(self, database: Database, comments: SpokenSounds) -> None:
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

    async def check(self, call: str, position: int) -> Check:
        """Whether a spoken answer is what was kept."""
        return await asyncio.to_thread(self._check, call, position)

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
        found = self._spoken(call, position)
        try:
            return self._comments.read(found.tenant, found.comment)
        except FileNotFoundError:
            raise NotFound(f"The sound of answer {position} of call {call} is gone.") from None

    @told
    def _check(self, call: str, position: int) -> Check:
        found = self._spoken(call, position)
        state, why = self._comments.check(found.tenant, found.comment)
        return Check(id=f"{call}/{position}", state=state, ok=not why, why=why)

    def _spoken(self, call: str, position: int) -> SurveyAnswer:
        sentence = f"There is no spoken answer {position} of call {call}."
        with self._database.connect() as connection:
            found = get_answer(connection, call, position)
        if found is None or not found.comment:
            raise NotFound(sentence)
        require_own(found.tenant, sentence)
        return found
