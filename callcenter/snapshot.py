"""What administrators set up, read whole from the database and held in memory.

Calls read it without waiting; a change is a new snapshot, and the next call sees it.
"""

from dataclasses import dataclass, field, replace

from sqlalchemy import Engine

from callcenter.acd import Plan, load_plan
from callcenter.ivr import Flow, load_flows, load_published
from callcenter.ivr.prompt_store import load_prompts
from callcenter.ivr.prompts import PromptBook
from callcenter.lines import Lines, load_lines
from callcenter.numbers import Numbers, load_numbers
from callcenter.records import RecordingRule, load_rules
from callcenter.records.boxes import Boxes, load_boxes
from callcenter.routing import Tables, load_lists, load_tables


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All settings of all tenants at one moment."""

    numbers: Numbers = field(default_factory=Numbers)
    routing: Tables = field(default_factory=Tables)
    plan: Plan = field(default_factory=lambda: Plan(seats={}, queues={}))
    flows: dict[tuple[str, int], Flow] = field(default_factory=dict)
    published: dict[str, int] = field(default_factory=dict)
    lines: Lines = field(default_factory=Lines)
    prompts: PromptBook = field(default_factory=PromptBook)
    boxes: Boxes = field(default_factory=Boxes)
    recording_rules: tuple[RecordingRule, ...] = ()

    def flow(self, name: str, version: int | None = None) -> Flow | None:
        """A flow: the version in force, or the one a call began with."""
        return self.flows.get((name, version or self.published.get(name, 0)))


def load_snapshot(engine: Engine, before: Snapshot | None = None) -> Snapshot:
    """Read everything in one transaction (blocking); long lists are built upon ``before``."""
    with engine.connect() as connection:
        numbers = load_numbers(connection)
        return Snapshot(
            numbers=numbers,
            routing=load_tables(connection, numbers, before.routing if before else None),
            plan=load_plan(connection),
            flows=load_flows(connection),
            published=load_published(connection),
            lines=load_lines(connection),
            prompts=load_prompts(connection),
            boxes=load_boxes(connection),
            recording_rules=load_rules(connection),
        )


def load_list_changes(engine: Engine, before: Snapshot) -> Snapshot:
    """Read what changed in black and white lists, leave the rest as it was (blocking)."""
    with engine.connect() as connection:
        lists = load_lists(connection, before.routing.lists)
    return replace(before, routing=replace(before.routing, lists=lists))


class CurrentSnapshot:
    """Holds the snapshot in force."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.now = snapshot
