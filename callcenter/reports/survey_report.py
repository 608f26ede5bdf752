"""The report of surveys: few rows, counted from the answers themselves."""

from sqlalchemy import Connection, func, select

from callcenter.records.survey.store import survey_answers
from callcenter.reports.answer import Asked, Report, made
from callcenter.reports.calendar import buckets
from callcenter.reports.columns import Adding, Row


def survey(connection: Connection, asked: Asked) -> Report:
    """Answer."""
    answers = survey_answers.c
    what = (answers.survey, answers.question, answers.queue, answers.seat)
    spoken = answers.comment != ""
    rows: dict[Row, dict[str, int]] = {}
    for bucket in buckets(asked.by, asked.span):
        query = select(*what, answers.answer, spoken, func.count()).group_by(
            *what, answers.answer, spoken
        )
        span = asked.span.between(bucket.begin, bucket.end)
        query = query.where(answers.at >= span.since, answers.at < span.until)
        if asked.whose is not None:
            query = query.where(answers.tenant.in_(asked.whose))
        for *names, answer, is_spoken, count in connection.execute(query):
            sums = rows.setdefault((bucket.begin, tuple(names)), {})
            _take(sums, answer, count, spoken=is_spoken)
    found = Adding()
    found.add_rows(rows)
    return made(asked, found.grid(), ("survey", "question", "queue", "seat"))


def _take(sums: dict[str, int], answer: str, count: int, *, spoken: bool) -> None:
    def add(what: str, number: int) -> None:
        sums[what] = sums.get(what, 0) + number

    add("asked", count)
    add("answers", count if answer or spoken else 0)
    add("comments", count if spoken else 0)
    if answer.isdecimal():
        add("points", int(answer) * count)
        add("digits", count)
