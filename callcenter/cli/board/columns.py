"""What each tab of the board shows: columns, their order, what they mean. Pure.

A cell is text and a mood; the mood becomes a colour where there are colours, and says nothing that
the text does not say.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

Row = dict[str, Any]


class Mood(StrEnum):
    """How a cell feels to a supervisor."""

    PLAIN = "plain"
    FAINT = "faint"
    GOOD = "good"
    BUSY = "busy"
    LOOK = "look"
    BAD = "bad"
    NAME = "name"


Cell = tuple[str, Mood]


@dataclass(frozen=True, kw_only=True)
class Column:
    """``cell`` gets a row and the engine's time; ``order`` is what is sorted by.

    ``share`` of the room that is left over goes to it; ``down``: the largest first.
    """

    title: str
    width: int
    cell: Callable[[Row, datetime], Cell]
    order: Callable[[Row], Any]
    right: bool = False
    share: int = 0
    down: bool = False


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One list of the board; ``first`` is the column it is sorted by at first."""

    kind: str
    title: str
    columns: tuple[Column, ...]
    first: int
    none: str

    def matches(self, row: Row, words: str) -> bool:
        """Whether the row holds every word, anywhere in what it shows."""
        text = " ".join(str(value) for value in row.values() if isinstance(value, str)).lower()
        return all(word in text for word in words.lower().split())


def since(moment: str | None, now: datetime) -> float | None:
    """Seconds since an ISO moment; never less than none."""
    if not moment:
        return None
    return max(0.0, (now - datetime.fromisoformat(moment)).total_seconds())


def share(value: float | None) -> str:
    """``87 %``, or a dash when nobody counted."""
    return "–" if value is None else f"{int(value * 100 + 1e-9)} %"


def chosen(tab: Tab, rows: dict[str, Row], *, sort: int, reverse: bool, words: str) -> list[str]:
    """Keys of the rows that match, in order."""
    keys = list(rows)
    if words.strip():
        keys = [key for key in keys if tab.matches(rows[key], words)]
    column = tab.columns[sort]
    order, down = column.order, column.down != reverse
    keys.sort()
    keys.sort(key=lambda key: order(rows[key]), reverse=down)
    return keys


def widths(tab: Tab, room: int) -> list[int]:
    """Of each column in ``room`` cells, one blank between two; what is left over is shared."""
    found = [column.width for column in tab.columns]
    spare = room - sum(found) - (len(found) - 1)
    shares = sum(column.share for column in tab.columns)
    if spare > 0 and shares:
        for at, column in enumerate(tab.columns):
            found[at] += spare * column.share // shares
        first = next(at for at, column in enumerate(tab.columns) if column.share)
        found[first] += room - sum(found) - (len(found) - 1)
    return found
