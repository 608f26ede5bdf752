"""A flow: the published tree that a caller walks. Pure; read from YAML or JSON, checked here."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

PromptName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9/_-]*$", max_length=80)]
NodeName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlayNode(_Node):
    """Play prompts, then go on. With ``barge_in`` a key ends it and counts at the next menu."""

    kind: Literal["play"]
    prompts: list[PromptName] = Field(min_length=1)
    barge_in: bool = True
    next: NodeName


class MenuNode(_Node):
    """Play prompts and branch on one key. Keys may be pressed while it speaks.

    After ``attempts`` wrong or missing keys the call goes to ``otherwise``. Times are seconds.
    """

    kind: Literal["menu"]
    prompts: list[PromptName] = Field(min_length=1)
    choices: dict[Annotated[str, Field(pattern=r"^[0-9*#]$")], NodeName] = Field(min_length=1)
    wait: float = Field(5.0, gt=0, le=60)
    attempts: int = Field(3, ge=1, le=10)
    invalid: list[PromptName] = Field(default_factory=lambda: ["invalid-choice"])
    timeout: list[PromptName] = Field(default_factory=lambda: ["no-input"])
    otherwise: NodeName


class QueueNode(_Node):
    """Wait for a seat with music; ``next`` is where the call goes when the seat hangs up."""

    kind: Literal["queue"]
    queue: str = Field(min_length=1, max_length=64)
    prompts: list[PromptName] = Field(default_factory=list)
    next: NodeName


class HangUpNode(_Node):
    """Say goodbye, if there is anything to say, and end the call."""

    kind: Literal["hangup"]
    prompts: list[PromptName] = Field(default_factory=list)


Node = Annotated[PlayNode | MenuNode | QueueNode | HangUpNode, Field(discriminator="kind")]


class Flow(BaseModel):
    """One version of one flow."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=64)
    version: int = Field(1, ge=1)
    start: NodeName
    nodes: dict[NodeName, Node]

    @model_validator(mode="after")
    def _targets_exist(self) -> "Flow":
        missing = sorted(
            f"{place} -> {target}" for place, target in self._targets() if target not in self.nodes
        )
        if missing:
            raise ValueError(f"these branches lead nowhere: {', '.join(missing)}")
        return self

    def _targets(self) -> list[tuple[str, str]]:
        targets = [("start", self.start)]
        for name, node in self.nodes.items():
            match node:
                case MenuNode():
                    targets += [(f"{name}.{key}", to) for key, to in node.choices.items()]
                    targets.append((f"{name}.otherwise", node.otherwise))
                case PlayNode() | QueueNode():
                    targets.append((f"{name}.next", node.next))
                case HangUpNode():
                    pass
        return targets
