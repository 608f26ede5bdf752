"""What all kinds of node share. Pure.

``exits()`` names the branches of a node. A branch *waits* when the caller has been asked, spoken
with or recorded on the way to it: a circle of branches none of which waits would spin for ever.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

PromptName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9/_-]*$", max_length=80)]
NodeName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]
Variable = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Prompts = list[PromptName]
Seconds = Annotated[float, Field(gt=0, le=60)]
Attempts = Annotated[int, Field(ge=1, le=10)]
Language = Literal["en", "zh", "ja"]


class Exit(NamedTuple):
    """One branch: its path below the node in the document, where it goes, whether it waits."""

    path: tuple[str, ...]
    target: str
    waits: bool

    @property
    def label(self) -> str:
        """What is written on the branch."""
        return self.path[-1]


class BaseNode(BaseModel):
    """What all kinds share. ``note`` is for people."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
    waiting: ClassVar[tuple[str, ...]] = ()  # fields whose branch waits
    passing: ClassVar[tuple[str, ...]] = ()  # fields whose branch does not
    spoken: ClassVar[tuple[str, ...]] = ("prompts",)

    note: str = Field("", max_length=500)

    def exits(self) -> Iterator[Exit]:
        """Every branch that leads to a node."""
        for field in (*self.waiting, *self.passing):
            if target := getattr(self, field):
                yield Exit((field,), target, field in self.waiting)

    def prompt_names(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Every prompt it plays, with its path below the node."""
        for field in self.spoken:
            for position, name in enumerate(getattr(self, field, ())):
                yield (field, position), name
