"""Colours of the board: few, dark ground, readable at night and without colours too."""

from rich.style import Style
from rich.text import Text

from callcenter.cli.board.columns import Mood
from callcenter.cli.board.fitting import Piece
from callcenter.cli.shown import clean

STYLES = {
    Mood.PLAIN: Style(color="#c8c8c8"),
    Mood.FAINT: Style(color="#7d8590"),
    Mood.GOOD: Style(color="#7fbf7f"),
    Mood.BUSY: Style(color="#7fb2e5"),
    Mood.LOOK: Style(color="#e5c07b"),
    Mood.BAD: Style(color="#ff7b72", bold=True),
    Mood.NAME: Style(color="#ffffff", bold=True),
}
TITLES = Style(color="#9aa4b0", bgcolor="#1c232c")
CHOSEN = Style(bgcolor="#2a3a4d")

CSS = """
Screen { background: #0d1117; color: #c8c8c8; }
#engine, #figures, #said { height: 1; padding: 0 1; }
#tabs { height: 1; padding: 0 1; margin: 0; background: #161b22; }
Rows { height: 1fr; }
#machine { height: 6; padding: 1 1 0 1; display: none; }
#machine.shown { display: block; }
#ask { height: 1; padding: 0 1; display: none; background: #2a3a4d; }
#ask.shown { display: block; }
#said.asking { display: none; }
#keys { height: 1; padding: 0 1; background: #161b22; color: #9aa4b0; }
Help { align: center middle; background: #0d1117 60%; }
Help Static { width: 72; height: auto; max-height: 22; padding: 1 2; background: #1c232c; }
"""


def text(pieces: list[Piece]) -> Text:
    """Pieces as a widget shows them; never more than a line."""
    found = Text(no_wrap=True, overflow="ellipsis", end="")
    for words, mood in pieces:
        found.append(clean(words), STYLES[mood])
    return found
