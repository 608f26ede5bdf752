"""Words of surveys, and how their results are counted. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class SurveyAnswer:
    """One question asked of one caller.

    ``answer`` and ``comment`` are both empty when it was not answered. ``seat`` is the last that
    talked with the caller, ``queue`` the last they were in; empty when there was none. ``comment``
    is a path below the folder of comments. ``position`` is where the journal has it.
    """

    call: str
    position: int
    tenant: str
    survey: str
    question: str
    answer: str
    comment: str = ""
    seat: str = ""
    queue: str = ""
    at: datetime


@dataclass(frozen=True, kw_only=True)
class SurveyFilter:
    """Which answers; what is empty does not matter. ``since`` counts, ``until`` does no more."""

    tenant: str = ""
    survey: str = ""
    question: str = ""
    seat: str = ""
    queue: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SurveyResult:
    """What came of one question for one seat, queue, ... (``of``).

    ``asked`` callers heard it, ``answered`` pressed a key that counts or spoke. ``mean`` is that
    of the answers that are numbers. ``answers`` counts each answer.
    """

    tenant: str
    survey: str
    question: str
    of: str
    asked: int
    answered: int
    comments: int
    mean: float | None
    answers: dict[str, int] = field(default_factory=dict)


Group = tuple[str, str, str, str]
"""Tenant, survey, question, and what it is grouped by."""


def results_of(counts: Iterable[tuple[Group, str, bool, int]]) -> list[SurveyResult]:
    """From how often each group has each answer, with a comment or without."""
    groups: dict[Group, list[tuple[str, bool, int]]] = {}
    for group, answer, spoken, count in counts:
        groups.setdefault(group, []).append((answer, spoken, count))
    return [_result(group, rows) for group, rows in sorted(groups.items())]


def _result(group: Group, rows: list[tuple[str, bool, int]]) -> SurveyResult:
    answers: dict[str, int] = {}
    for answer, _, count in rows:
        if answer:
            answers[answer] = answers.get(answer, 0) + count
    numbers = [(int(answer), count) for answer, count in answers.items() if answer.isdecimal()]
    of_numbers = sum(count for _, count in numbers)
    total = sum(number * count for number, count in numbers)
    comments = sum(count for _, spoken, count in rows if spoken)
    tenant, survey, question, of = group
    return SurveyResult(
        tenant=tenant,
        survey=survey,
        question=question,
        of=of,
        asked=sum(count for _, _, count in rows),
        answered=sum(count for answer, spoken, count in rows if answer or spoken),
        comments=comments,
        mean=round(total / of_numbers, 3) if of_numbers else None,
        answers=dict(sorted(answers.items())),
    )
