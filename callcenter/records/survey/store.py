"""Answers to surveys in the database."""

from dataclasses import asdict
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Select,
    String,
    Table,
    func,
    literal,
    select,
)

from callcenter.kernel.actor import acting
from callcenter.kernel.database import UtcDateTime, fit, metadata
from callcenter.records.survey.model import SurveyAnswer, SurveyFilter, SurveyResult, results_of

By = Literal["seat", "queue", "survey"]

survey_answers = Table(
    "survey_answers",
    metadata,
    Column("call", String(32), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", String(64), nullable=False),
    Column("survey", String(64), nullable=False),
    Column("question", String(64), nullable=False),
    Column("answer", String(32), nullable=False),
    Column("comment", String(255), nullable=False),
    Column("seat", String(32), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_survey_answers_tenant_at", "tenant", "at"),
)
_a = survey_answers.c


def save_answer(connection: Connection, answer: SurveyAnswer) -> None:
    """Keep an answer."""
    row = fit(survey_answers, asdict(answer))
    connection.execute(survey_answers.insert().values(**row))


def list_answers(
    connection: Connection, wanted: SurveyFilter, *, most: int = 100
) -> list[SurveyAnswer]:
    """The newest answers that the asker may see, newest first."""
    query = select(survey_answers).order_by(_a.at.desc(), _a.position.desc()).limit(most)
    rows = connection.execute(_where(query, wanted))
    return [SurveyAnswer(**row._mapping) for row in rows]


def get_answer(connection: Connection, call: str, position: int) -> SurveyAnswer | None:
    """One answer."""
    query = select(survey_answers).where((_a.call == call) & (_a.position == position))
    row = connection.execute(_where(query, SurveyFilter())).first()
    return SurveyAnswer(**row._mapping) if row else None


def survey_results(connection: Connection, wanted: SurveyFilter, *, by: By) -> list[SurveyResult]:
    """Results by question and by seat, queue or survey as a whole."""
    columns: dict[str, ColumnElement[Any]] = {"seat": _a.seat, "queue": _a.queue}
    of = columns.get(by, literal(""))
    spoken = _a.comment != ""
    what: list[Any] = [_a.tenant, _a.survey, _a.question, of, _a.answer, spoken]
    groups = [column for column in what if column is not of or by in columns]
    query = select(*what, func.count()).group_by(*groups)
    rows = connection.execute(_where(query, wanted))
    return results_of(((row[0], row[1], row[2], row[3]), row[4], row[5], row[6]) for row in rows)


def _where(query: Select[Any], wanted: SurveyFilter) -> Select[Any]:
    for name in ("tenant", "survey", "question", "seat", "queue"):
        if value := getattr(wanted, name):
            query = query.where(_a[name] == value)
    if wanted.since is not None:
        query = query.where(_a.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(_a.at < wanted.until)
    if (tenants := acting.get().tenants) is not None:
        query = query.where(_a.tenant.in_(tenants))
    return query
