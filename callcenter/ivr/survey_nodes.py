"""The survey node: questions and how each is answered (R3, I2). Pure."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from callcenter.ivr.node_base import Attempts, BaseNode, NodeName, Prompts, Seconds, Variable


class Question(BaseModel):
    """One question of a survey.

    Answered by one of ``keys``; or by a number from ``least`` to ``most``, ended by ``#`` or by
    its last possible digit; or, with ``comment``, by up to ``longest`` seconds of speech after the
    tone. What does not count is asked again, ``attempts`` times in all, after ``invalid`` or
    ``timeout``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
    name: Variable
    prompts: Prompts = Field(min_length=1)
    keys: Annotated[str, Field(pattern=r"^[0-9*#]+$", max_length=12)] = "12345"
    least: int | None = Field(None, ge=0, le=999_999)
    most: int | None = Field(None, ge=0, le=999_999)
    comment: bool = False
    longest: float = Field(60, gt=0, le=300)
    attempts: Attempts = 2
    invalid: Prompts = Field(default_factory=list)
    timeout: Prompts = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_kind_of_answer(self) -> "Question":
        if (self.least is None) != (self.most is None):
            raise ValueError("'least' and 'most' belong together")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("least is more than most")
        if self.comment and (self.most is not None or "keys" in self.model_fields_set):
            raise ValueError("a comment is spoken: it has neither keys nor a range")
        if self.most is not None and "keys" in self.model_fields_set:
            raise ValueError("a number has no 'keys': give 'least' and 'most', or 'keys'")
        return self

    @property
    def digits(self) -> int:
        """How many keys an answer has at most."""
        return 1 if self.most is None else len(str(self.most))

    def counts(self, keys: str) -> bool:
        """Whether this is an answer."""
        if self.least is None or self.most is None:
            return bool(keys) and keys in self.keys
        return keys.isdecimal() and self.least <= int(keys) <= self.most


class SurveyNode(BaseNode):
    """Ask questions and keep the answers, each a variable too; then say ``thanks``.

    Results are kept under ``survey``, the flow's own name when it is left out.
    """

    waiting = ("next",)
    kind: Literal["survey"]
    survey: Annotated[str, Field(max_length=64)] = ""
    questions: list[Question] = Field(min_length=1, max_length=20)
    thanks: Prompts = Field(default_factory=list)
    wait: Seconds = 5.0
    next: NodeName
    spoken = ("thanks",)

    @model_validator(mode="after")
    def _names_differ(self) -> "SurveyNode":
        names = [question.name for question in self.questions]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two questions are called {twice[0]}")
        return self

    def prompt_names(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Those of the questions too."""
        for number, question in enumerate(self.questions):
            for field in ("prompts", "invalid", "timeout"):
                for position, name in enumerate(getattr(question, field)):
                    yield ("questions", number, field, position), name
        yield from super().prompt_names()
