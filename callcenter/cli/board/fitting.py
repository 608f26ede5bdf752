"""Text in cells of a terminal: cut, filled, lines of a table. Chinese signs take two cells."""

from datetime import datetime

from rich.cells import cell_len, set_cell_size

from callcenter.cli.board.columns import Cell, Column, Mood, Row, Tab, widths
from callcenter.cli.shown import clean

Piece = tuple[str, Mood]


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Exactly ``width`` cells; what is too long ends in …"""
    text = clean(text)
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, max(0, width - 1)) + "…" if width else ""
    gap = " " * (width - length)
    return gap + text if right else text + gap


def head(tab: Tab, room: int, *, sort: int = -1, reverse: bool = False) -> str:
    """The titles; an arrow at the one that is sorted by."""
    pieces = []
    for at, (column, width) in enumerate(zip(tab.columns, widths(tab, room), strict=True)):
        down = column.down != reverse
        title = column.title + ("▾" if down else "▴") * (at == sort)
        pieces.append(fit(title, width, right=column.right))
    return " ".join(pieces)


def line(tab: Tab, row: Row, room: int, now: datetime) -> list[Piece]:
    """A row in pieces."""
    pieces: list[Piece] = []
    for column, width in zip(tab.columns, widths(tab, room), strict=True):
        text, mood = _cell(column, row, now)
        pieces.append((fit(text, width, right=column.right) + " ", mood))
    return pieces


def _cell(column: Column, row: Row, now: datetime) -> Cell:
    return column.cell(row, now)
