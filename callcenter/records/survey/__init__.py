"""What callers say of the service: answers to surveys, one row each, and spoken comments (R3)."""

from callcenter.records.survey.comments import Comments
from callcenter.records.survey.model import SurveyAnswer, SurveyFilter, SurveyResult
from callcenter.records.survey.store import list_answers, save_answer, survey_results

__all__ = [
    "Comments",
    "SurveyAnswer",
    "SurveyFilter",
    "SurveyResult",
    "list_answers",
    "save_answer",
    "survey_results",
]
