"""Answering lines bound to numbers: groups, and the hunt through them."""

from callcenter.lines.hunting import Choice, choose
from callcenter.lines.model import Line, LineGroup, LineKind, Lines, Order
from callcenter.lines.store import load_lines, remove_group, save_group

__all__ = [
    "Choice",
    "Line",
    "LineGroup",
    "LineKind",
    "Lines",
    "Order",
    "choose",
    "load_lines",
    "remove_group",
    "save_group",
]
