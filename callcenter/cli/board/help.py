"""Which keys the board has."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from callcenter.cli.board.columns import Mood
from callcenter.cli.board.looks import STYLES

_KEYS = (
    ("1 2 3 4, Tab", "queues, seats, calls, trunks & machine"),
    ("↑ ↓ PgUp PgDn Home End", "choose a row"),
    ("Enter", "its calls, its call, its seat"),
    ("s S r", "sort by next, by previous column; reverse"),
    ("/ Esc", "filter by words; show all"),
    ("l w b", "listen; whisper to the agent; join in"),
    ("x", "leave the call you listen to"),
    ("h", "end the call"),
    ("t", "transfer: to a seat, queue, extension …"),
    ("n", "serve this waiting caller next"),
    ("f", "force the seat: ready, out, a reason"),
    ("q", "leave the board; the engine goes on"),
)


class Help(ModalScreen[None]):
    """A page over the board; any of a few keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,enter,space", "dismiss", show=False),
        Binding("q", "app.quit", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The page."""
        found = Text("Keys of the board\n\n", STYLES[Mood.NAME])
        for keys, what in _KEYS:
            found.append(f"{keys:<23}", STYLES[Mood.BUSY])
            found.append(what + "\n", STYLES[Mood.PLAIN])
        more = "\nTimes run by the clock of the engine; SL NOW is of 30 minutes.\nEsc closes it."
        found.append(more, STYLES[Mood.FAINT])
        yield Static(found)
