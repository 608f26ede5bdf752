"""Rules of recording over REST: list, set, remove, and try one without a call."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from callcenter.acd import load_plan
from callcenter.kernel.actor import require_own, require_platform, sees
from callcenter.kernel.errors import NotFound, Refused
from callcenter.numbers import load_numbers
from callcenter.records import (
    Direction,
    RecordingDecision,
    RecordingRule,
    TalkFacts,
    decide_recording,
)
from callcenter.records.rule_store import load_rules, remove_rule, save_rule
from callcenter.web.routing import Desk

_Name = Annotated[str, Field(max_length=64)]


class RuleBody(BaseModel):
    """A rule as it is to be, whole; what is left out is any."""

    model_config = ConfigDict(extra="forbid")
    tenant: _Name = ""
    number: _Name = ""
    queue: _Name = ""
    seat: str = Field("", max_length=32)
    direction: Direction | None = None
    percentage: float = Field(100, ge=0, le=100, description="of the calls are recorded")
    never: bool = False
    announce: bool = Field(False, description="whoever is outside is told before")
    keep_days: int | None = Field(None, ge=1, le=36_500)
    pause_on_hold: bool = Field(False, description="music on hold is not recorded")


class RuleView(RuleBody):
    """A rule under its name."""

    rule: str


class TryBody(BaseModel):
    """A talk that might be; ``call`` is what a percentage is drawn from."""

    model_config = ConfigDict(extra="forbid")
    call: str = Field("", max_length=32)
    tenant: _Name
    number: _Name = ""
    queue: _Name = ""
    seat: str = Field("", max_length=32)
    direction: Direction = Direction.INBOUND


def add_recording_rules(router: APIRouter, desk: Desk) -> None:
    """Put the paths of this file on the router."""

    @router.get("/recording-rules")
    async def rules() -> list[RuleView]:
        """Every rule, in the order in which they count."""
        found = await desk.routing.ask(load_rules)
        return [_view(rule) for rule in found if not rule.tenant or sees(rule.tenant)]

    @router.put("/recording-rules/{rule}")
    async def set_rule(rule: _Name, body: RuleBody) -> RuleView:
        """Make a rule, or replace it whole; it counts for the next talk."""
        made = RecordingRule(name=rule, **body.model_dump())
        _require_right(made)

        def work(connection: Connection) -> None:
            _require_known(connection, made)
            save_rule(connection, made)

        await desk.routing.change(work)
        return _view(made)

    @router.delete("/recording-rules/{rule}", status_code=204)
    async def remove(rule: str) -> None:
        """Forget a rule."""

        def work(connection: Connection) -> None:
            found = next((one for one in load_rules(connection) if one.name == rule), None)
            if found is None:
                raise NotFound(_no_rule(rule))
            _require_right(found)
            remove_rule(connection, rule)

        await desk.routing.change(work)

    @router.post("/recording-rules/try")
    async def try_(body: TryBody) -> RecordingDecision:
        """Decide without a call: recorded or not, by which rule and why."""
        require_own(body.tenant, f"There is no tenant {body.tenant!r}.")
        found = await desk.routing.ask(load_rules)
        usual = await desk.routing.ask(lambda c: _usual(c, body.queue))
        return decide_recording(found, TalkFacts(**body.model_dump()), usual=usual)


def _require_right(rule: RecordingRule) -> None:
    if rule.tenant:
        require_own(rule.tenant, _no_rule(rule.name))
    else:
        require_platform("a rule for all tenants is set")


def _require_known(connection: Connection, rule: RecordingRule) -> None:
    """Whatever a rule names must be there, and be of its tenant."""
    known, plan = load_numbers(connection), load_plan(connection)
    if rule.tenant and rule.tenant not in known.tenants:
        raise NotFound(f"There is no tenant {rule.tenant!r}.")
    for what, name, rows in (
        ("number", rule.number, known.numbers),
        ("queue", rule.queue, plan.queues),
        ("seat", rule.seat, plan.seats),
    ):
        if name and name not in rows:
            raise NotFound(f"There is no {what} {name!r}.")
        if name and rule.tenant not in ("", rows[name].tenant):
            raise NotFound(f"There is no {what} {name!r} of tenant {rule.tenant!r}.")
    before = next((one for one in load_rules(connection) if one.name == rule.name), None)
    if before is not None and before.tenant and not sees(before.tenant):
        raise Refused(f"The name {rule.name!r} is taken; choose another.")


def _usual(connection: Connection, queue: str) -> bool:
    found = load_plan(connection).queues.get(queue)
    return found.record if found else True


def _no_rule(name: str) -> str:
    return f"There is no recording rule {name!r}."


def _view(rule: RecordingRule) -> RuleView:
    row = asdict(rule)
    return RuleView(rule=row.pop("name"), **row)
