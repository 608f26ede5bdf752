"""What a caller needs of a seat (Q2), and which seats meet it. Pure.

Callers of one queue with equal needs stand in one line, so a need is a small hashable value.
"""

from dataclasses import dataclass, replace

from callcenter.acd.model import SeatPlan, Skill


@dataclass(frozen=True)
class Need:
    """``tiers``: seats up to this tier (``None``: all). ``only``: no other seat will do."""

    skills: tuple[Skill, ...] = ()
    tiers: int | None = None
    only: str | None = None


ANYBODY = Need()


def need_of(*skills: Skill, tiers: int | None = None, only: str | None = None) -> Need:
    """A need in its one spelling: one line per skill, the higher level, sorted."""
    best: dict[str, Skill] = {}
    for skill in skills:
        known = best.get(skill.name)
        if known is None or (not skill.preferred, skill.level) > (
            not known.preferred,
            known.level,
        ):
            best[skill.name] = skill
    return Need(tuple(best[name] for name in sorted(best)), tiers, only)


def meets(seat: SeatPlan, tier: int, need: Need) -> bool:
    """The seat may be offered a caller with this need."""
    if need.only is not None:
        return seat.number == need.only
    if need.tiers is not None and tier > need.tiers:
        return False
    if not need.skills:
        return True
    has = levels(seat)
    return all(has.get(s.name, 0) >= s.level for s in need.skills if not s.preferred)


def level(seat: SeatPlan, need: Need) -> int:
    """Sum of the seat's levels in the skills asked for."""
    has = levels(seat)
    return sum(has.get(skill.name, 0) for skill in need.skills)


def wishes_missed(seat: SeatPlan, need: Need) -> int:
    """How many preferred skills the seat lacks."""
    has = levels(seat)
    return sum(has.get(s.name, 0) < s.level for s in need.skills if s.preferred)


def levels(seat: SeatPlan) -> dict[str, int]:
    """The seat's skills by name."""
    return {skill.name: skill.level for skill in seat.skills}


def relaxed(need: Need, name: str, least: int) -> Need:
    """The need with one skill asked for at a lower level; 0 drops it."""
    skills = []
    for skill in need.skills:
        if skill.name != name:
            skills.append(skill)
        elif least > 0:
            skills.append(replace(skill, level=min(skill.level, least)))
    return replace(need, skills=tuple(skills))
