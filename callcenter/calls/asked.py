"""What a caller is asked after a talk, as events of the call. Pure."""

from callcenter.calls.event import CallEvent


class SurveyStarted(CallEvent, frozen=True, kw_only=True):
    """The seat has hung up and the caller is asked ``survey``, a flow, for ``queue`` (R3)."""

    survey: str
    queue: str
    seat: str


class SurveyAnswered(CallEvent, frozen=True, kw_only=True):
    """A question was asked; ``answer`` and ``comment`` (a file) are empty when nothing came.

    ``seat`` talked with the caller last, ``queue`` is where they were last.
    """

    survey: str
    question: str
    answer: str
    seat: str = ""
    queue: str = ""
    comment: str = ""
    node: str = ""
    tenant: str = ""


class SurveyEnded(CallEvent, frozen=True, kw_only=True):
    """The survey after the talk is through; the caller goes on where the queue leads."""

    survey: str
