"""Which line is rung next. Pure: the same facts always choose the same."""

from collections.abc import Callable
from dataclasses import dataclass

from callcenter.lines.model import Line, LineGroup, Order


@dataclass(frozen=True, kw_only=True)
class Choice:
    """``lines`` to ring now, none at the end; ``passed`` over are names with the reason."""

    lines: tuple[Line, ...]
    passed: tuple[tuple[str, str], ...]


def choose(
    group: LineGroup, tried: frozenset[str], turn: int, why_not: Callable[[Line], str]
) -> Choice:
    """The next step of a hunt.

    ``tried`` are names of lines this caller had already; ``turn`` counts the group's calls, for
    round-robin; ``why_not`` says why a line takes no call now, "" when it does.
    """
    chosen: list[Line] = []
    passed: list[tuple[str, str]] = []
    for line in _in_order(group, turn):
        if line.name in tried:
            continue
        if reason := why_not(line):
            passed.append((line.name, reason))
            continue
        chosen.append(line)
        if group.order is not Order.ALL:
            break
    return Choice(lines=tuple(chosen), passed=tuple(passed))


def _in_order(group: LineGroup, turn: int) -> tuple[Line, ...]:
    lines = group.lines
    if group.order is not Order.ROUND_ROBIN or not lines:
        return lines
    first = turn % len(lines)
    return lines[first:] + lines[:first]
