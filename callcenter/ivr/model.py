"""A flow: the published tree that a caller walks. Pure; its kinds of node are in ``nodes.py``."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from callcenter.ivr.node_base import Exit, Language, NodeName
from callcenter.ivr.nodes import HangUpNode, JumpNode, MenuNode, Node, PlayNode, QueueNode

__all__ = ["Exit", "Flow", "HangUpNode", "JumpNode", "MenuNode", "Node", "PlayNode", "QueueNode"]

FlowName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64)]


class Flow(BaseModel):
    """One version of one flow. ``language``: what it begins in, else the tenant's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: FlowName
    version: int = Field(1, ge=1)
    tenant: str = Field("", max_length=64)
    note: str = Field("", max_length=500)
    language: Language | None = None
    start: NodeName
    nodes: dict[NodeName, Node] = Field(min_length=1, max_length=2000)

    @model_validator(mode="after")
    def _targets_exist(self) -> "Flow":
        missing = sorted(
            f"{place} -> {to}" for place, to in self._targets() if to not in self.nodes
        )
        if missing:
            raise ValueError(f"these branches lead nowhere: {', '.join(missing)}")
        return self

    def _targets(self) -> Iterator[tuple[str, str]]:
        yield "start", self.start
        for name, node in self.nodes.items():
            for leaving in node.exits():
                yield f"{name}.{leaving.label}", leaving.target
