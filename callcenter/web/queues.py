"""How queues choose, limit and relax, and what seats can do, over REST."""

from dataclasses import fields, replace
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body
from sqlalchemy import Connection

from callcenter.acd import (
    QueuePlan,
    Skill,
    load_plan,
    save_queue,
    save_seat,
)
from callcenter.ivr import load_flows, load_published
from callcenter.ivr.store import list_versions
from callcenter.kernel.actor import require_own, sees
from callcenter.kernel.errors import NotFound, Refused
from callcenter.numbers import load_numbers
from callcenter.reports.model import EDGES
from callcenter.web.places import require_places
from callcenter.web.queue_voices import check_voices, targets_of
from callcenter.web.routing import Desk

_FIELDS = {field.name for field in fields(QueuePlan)} - {"name"}
Given = Annotated[dict[str, Any], Body()]


def add_queues(router: APIRouter, desk: Desk) -> None:
    """Put the paths of this file on the router."""

    @router.get("/queues/{queue}/plan")
    async def plan(queue: str) -> dict[str, Any]:
        """How a queue is set up; durations in ISO 8601."""
        return _shown(await desk.routing.ask(lambda c: _found(c, queue)))

    @router.patch("/queues/{queue}/plan")
    async def change(queue: str, given: Given) -> dict[str, Any]:
        """Set what is given, the rest stays; a new queue needs a tenant. Durations in seconds or
        ISO 8601; ``seats`` are pairs of number and tier."""

        def work(connection: Connection) -> QueuePlan:
            before = load_plan(connection).queues.get(queue)
            if before is not None:
                require_own(before.tenant, _no_queue(queue))
            made = _made(queue, before, given)
            _require_known(connection, made)
            save_queue(connection, made)
            return made

        return _shown(await desk.routing.change(work))

    @router.put("/seats/{seat}/skills")
    async def skills(seat: str, given: Annotated[dict[str, int], Body()]) -> dict[str, int]:
        """What a seat can do: level by skill, whole; a level of 0 takes it away."""

        def work(connection: Connection) -> dict[str, int]:
            found = load_plan(connection).seats.get(seat)
            if found is None:
                raise NotFound(f"There is no seat {seat}.")
            require_own(found.tenant, f"There is no seat {seat}.")
            has = {name: level for name, level in sorted(given.items()) if level > 0}
            made = tuple(Skill(name=name, level=level) for name, level in has.items())
            save_seat(connection, replace(found, skills=made))
            return has

        return await desk.routing.change(work)

    @router.put("/seats/{seat}/listens")
    async def listens(
        seat: str, most: Annotated[int, Body(embed=True, ge=0, le=100)]
    ) -> dict[str, int]:
        """How many calls may be listened to from a seat at once; 0: as its tenant allows."""

        def work(connection: Connection) -> dict[str, int]:
            found = load_plan(connection).seats.get(seat)
            if found is None:
                raise NotFound(f"There is no seat {seat}.")
            require_own(found.tenant, f"There is no seat {seat}.")
            save_seat(connection, replace(found, listens=most))
            return {"most": most}

        return await desk.routing.change(work)

    @router.get("/seats/{seat}/skills")
    async def has(seat: str) -> dict[str, int]:
        """What a seat can do."""
        found = await desk.routing.ask(lambda c: load_plan(c).seats.get(seat))
        if found is None:
            raise NotFound(f"There is no seat {seat}.")
        require_own(found.tenant, f"There is no seat {seat}.")
        return {skill.name: skill.level for skill in found.skills}


def _found(connection: Connection, queue: str) -> QueuePlan:
    found = load_plan(connection).queues.get(queue)
    if found is None:
        raise NotFound(_no_queue(queue))
    require_own(found.tenant, _no_queue(queue))
    return found


def _no_queue(name: str) -> str:
    return f"There is no queue {name!r}."


def _shown(plan: QueuePlan) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(plan)
    return shown


def _made(name: str, before: QueuePlan | None, given: dict[str, Any]) -> QueuePlan:
    if unknown := sorted(given.keys() - _FIELDS):
        raise Refused(f"A queue has no {unknown[0]!r}; it has: {', '.join(sorted(_FIELDS))}.")
    if before is None and not given.get("tenant"):
        raise NotFound(f"There is no queue {name!r}; to make it, say whose it is (tenant).")
    values = {**(_shown(before) if before else {}), **given, "name": name}
    try:
        # made anew: msgspec leaves defaults to the class, and would not show them again
        made = replace(msgspec.convert(values, QueuePlan, strict=False))
    except msgspec.ValidationError as error:
        raise Refused(f"Queue {name}: {error}.") from None
    return _sane(made)


def _sane(plan: QueuePlan) -> QueuePlan:
    seconds = {
        name: value.total_seconds()
        for name in ("ring", "wrap_up", "rest_after_miss", "tier_after", "redial")
        if (value := getattr(plan, name)) is not None
    }
    if wrong := [name for name, value in seconds.items() if value < 0]:
        raise Refused(f"Queue {plan.name}: {wrong[0]} cannot be less than nothing.")
    if seconds["ring"] < 1 or plan.most_misses < 1 or plan.ring_most < 1:
        raise Refused(f"Queue {plan.name}: ring, most_misses and ring_most are at least 1.")
    if plan.announce_every is not None and plan.announce_every.total_seconds() < 5:
        raise Refused(f"Queue {plan.name}: announce_every is at least 5 seconds.")
    if not {plan.answer_within, plan.short_abandon} <= set(EDGES):
        edges = ", ".join(map(str, EDGES))
        raise Refused(
            f"Queue {plan.name}: answer_within and short_abandon are counted in steps of {edges} s."
        )
    check_voices(plan)
    return plan


def _require_known(connection: Connection, plan: QueuePlan) -> None:
    if plan.tenant not in load_numbers(connection).tenants:
        raise NotFound(f"There is no tenant {plan.tenant!r}.")
    require_own(plan.tenant, f"There is no tenant {plan.tenant!r}.")
    require_places(connection, targets_of(plan))
    known = load_plan(connection)
    for number, _ in plan.seats:
        if number not in known.seats or not sees(known.seats[number].tenant):
            raise NotFound(f"There is no seat {number}.")
    if len({number for number, _ in plan.seats}) < len(plan.seats):
        raise Refused(f"Queue {plan.name}: a seat is named twice.")
    _require_survey(connection, plan)
    before = known.queues.get(plan.name)
    if before is not None and before.tenant != plan.tenant:
        raise Refused(f"Queue {plan.name!r} belongs to tenant {before.tenant!r}.")


def _require_survey(connection: Connection, plan: QueuePlan) -> None:
    if not plan.survey:
        return
    version = load_published(connection).get(plan.survey)
    flow = load_flows(connection).get((plan.survey, version or 0))
    owner = next((each.tenant for each in list_versions(connection, plan.survey)), "")
    if flow is None or owner not in ("", plan.tenant):
        raise NotFound(f"There is no published flow {plan.survey!r}; publish the survey first.")
    if not any(node.kind == "survey" for node in flow.nodes.values()):
        raise Refused(f"Flow {plan.survey!r} asks nothing; a survey needs a node of kind survey.")
