"""Asks a survey's questions, one after the other (R3). The host keeps the answers."""

from collections.abc import Callable
from datetime import timedelta

from callcenter.ivr.ears import Ears
from callcenter.ivr.host import Answer, Comment, Host
from callcenter.ivr.mind import Mind
from callcenter.ivr.survey_nodes import Question, SurveyNode
from callcenter.pbx.port import Hangup


class Surveying:
    """For one caller. ``chose`` notes keys at the present node."""

    def __init__(
        self, ears: Ears, host: Host, mind: Mind, chose: Callable[[str, str], None]
    ) -> None:
        self._ears = ears
        self._host = host
        self._mind = mind
        self._chose = chose

    async def ask(self, node: SurveyNode, at: str, survey: str) -> str:
        """All questions that are not answered yet; which node is next.

        A caller who hangs up at a question has not answered it, and that is kept too.
        """
        answered = self._host.answered(at)
        for question in node.questions:
            about = Answer(survey=survey, node=at, question=question.name)
            if question.name in answered:  # before the engine was restarted
                self._mind.values[question.name] = answered[question.name]
                continue
            if question.comment:
                spoken = await self._comment(question, about)
                self._mind.values[question.name] = "spoken" if spoken else ""
                continue
            try:
                keys = await self._keys(question, node.wait)
            except Hangup:
                self._host.surveyed(about, "")
                raise
            self._host.surveyed(about, keys)
            self._mind.values[question.name] = keys
        await self._ears.play(node.thanks)
        return node.next

    async def _keys(self, question: Question, wait: float) -> str:
        before: list[str] = []
        for _ in range(question.attempts):
            keys = await self._ears.digits(
                [*before, *question.prompts],
                most=question.digits,
                first=wait,
                between=wait,
                end="" if question.most is None else "#",
            )
            good = question.counts(keys)
            self._chose(keys, "chosen" if good else "invalid" if keys else "timeout")
            if good:
                return str(int(keys)) if question.most is not None else keys
            before = question.invalid if keys else question.timeout
        return ""

    async def _comment(self, question: Question, about: Answer) -> bool:
        try:
            await self._ears.play(question.prompts, barge_in=True)
        except Hangup:
            self._host.surveyed(about, "")
            raise
        longest = timedelta(seconds=question.longest)
        return await self._host.comment(
            Comment(about=about, longest=longest, language=self._ears.language)
        )
