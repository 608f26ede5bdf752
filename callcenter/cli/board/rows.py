"""The list of a tab as a widget: draws only the rows in sight, whatever their number."""

from collections.abc import Callable
from datetime import datetime

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from callcenter.cli.board import fitting
from callcenter.cli.board.columns import Mood, Row, Tab, chosen, widths
from callcenter.cli.board.looks import CHOSEN, STYLES, TITLES
from callcenter.cli.board.tabs import TABS


class Rows(Widget, can_focus=True):
    """One list at a time: filtered, sorted, with one row chosen, which stays chosen by its key."""

    class Chosen(Message):
        """Another row was chosen."""

    def __init__(self, rows: Callable[[str], dict[str, Row]], now: Callable[[], datetime]) -> None:
        super().__init__()
        self._rows = rows
        self._now = now
        self.tab: Tab = TABS[0]
        self.words = ""
        self.keys: list[str] = []
        self._sorts = {tab.kind: (tab.first, False) for tab in TABS}
        self._places: dict[str, int] = {}  # by kind: where the chosen one is, or was
        self._keys: dict[str, str] = {}  # by kind: the chosen one; "" for none
        self._top = 0

    # -- what is shown ------------------------------------------------------------------------

    @property
    def sorted_by(self) -> tuple[int, bool]:
        """Column and whether it is turned round."""
        return self._sorts[self.tab.kind]

    @property
    def chosen(self) -> Row | None:
        """The row that keys act on, if one was chosen and is still shown."""
        key = self._keys.get(self.tab.kind, "")
        return self._rows(self.tab.kind).get(key) if key in self.keys else None

    @property
    def place(self) -> tuple[int, int]:
        """Which of how many, for people; 0: none."""
        chosen = self.chosen is not None
        return (self._places.get(self.tab.kind, 0) + 1 if chosen else 0), len(self.keys)

    def show(self, tab: Tab) -> None:
        """Another list."""
        self.tab = tab
        self._top = 0
        self.follow()

    def follow(self) -> None:
        """The rows are others, or in another order; the chosen one stays the chosen one.

        When it is gone none is: a key must not act on whatever moved into its place.
        """
        kind, (sort, reverse) = self.tab.kind, self.sorted_by
        rows = self._rows(kind)
        self.keys = chosen(self.tab, rows, sort=sort, reverse=reverse, words=self.words)
        key = self._keys.get(kind, "")
        at = self._places.get(kind, 0)
        if key and (at >= len(self.keys) or self.keys[at] != key):
            if key in self.keys:
                self._places[kind] = self.keys.index(key)
            else:
                self._keys[kind] = ""
        self._scroll()

    def let_go(self) -> None:
        """Choose none and show the first rows."""
        self._keys[self.tab.kind] = ""
        self._places[self.tab.kind] = self._top = 0
        self.follow()

    def sort(self, step: int) -> None:
        """By the next column, or the one before."""
        column, _ = self.sorted_by
        self._sorts[self.tab.kind] = ((column + step) % len(self.tab.columns), False)
        self.follow()

    def turn(self) -> None:
        """The other way round."""
        column, reverse = self.sorted_by
        self._sorts[self.tab.kind] = (column, not reverse)
        self.follow()

    def move(self, steps: int) -> None:
        """Choose a row further down, or up; the first time the one at hand."""
        at = self._places.get(self.tab.kind, 0)
        self._choose(at + (steps if self.chosen is not None or abs(steps) > 1 else 0))

    def choose(self, key: str) -> None:
        """Choose the row with this key, if it is shown."""
        if key in self.keys:
            self._choose(self.keys.index(key))

    @property
    def page(self) -> int:
        """Rows in sight."""
        return max(1, self.size.height - 1)

    def _choose(self, at: int) -> None:
        at = max(0, min(at, len(self.keys) - 1))
        self._places[self.tab.kind] = at
        self._keys[self.tab.kind] = self.keys[at] if self.keys else ""
        self._scroll()
        self.post_message(self.Chosen())

    def _scroll(self) -> None:
        """Keep the chosen row, or the first, in sight."""
        at = self._places.get(self.tab.kind, 0) if self.chosen is not None else self._top
        self._top = max(0, min(self._top, len(self.keys) - self.page))
        self._top = max(at - self.page + 1, min(self._top, at))
        self.refresh()

    # -- drawing ------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        room = max(10, self.size.width - 2)
        if y == 0:
            sort, reverse = self.sorted_by
            titles = fitting.head(self.tab, room, sort=sort, reverse=reverse)
            return self._strip([Segment("  " + titles, TITLES)], TITLES)
        at = self._top + y - 1
        if at >= len(self.keys):
            return self._nothing(y)
        key = self.keys[at]
        row = self._rows(self.tab.kind).get(key)
        if row is None:  # it went since; the next look leaves it out
            return self._strip([])
        ground = CHOSEN if key == self._keys.get(self.tab.kind) else Style.null()
        segments = [Segment("▌ " if ground is CHOSEN else "  ", STYLES[Mood.NAME] + ground)]
        for text, mood in fitting.line(self.tab, row, room, self._now()):
            segments.append(Segment(text, STYLES[mood] + ground))
        return self._strip(segments, ground)

    def _nothing(self, y: int) -> Strip:
        if self.keys or y != 2:
            return self._strip([])
        there = self._rows(self.tab.kind)
        text = f"  No row holds {self.words!r}; Esc shows all." if there else "  " + self.tab.none
        return self._strip([Segment(text, STYLES[Mood.FAINT])])

    def _strip(self, segments: list[Segment], ground: Style | None = None) -> Strip:
        return Strip(segments).adjust_cell_length(self.size.width, ground)

    # -- the mouse ----------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Choose a row, or sort by a title."""
        if event.y == 0:
            self._sort_at(event.x - 2)
        elif self._top + event.y - 1 < len(self.keys):
            self._choose(self._top + event.y - 1)

    def _sort_at(self, x: int) -> None:
        end = 0
        for at, width in enumerate(widths(self.tab, max(10, self.size.width - 2))):
            end += width + 1
            if x < end:
                column, _ = self.sorted_by
                if column == at:
                    self.turn()
                else:
                    self.sort(at - column)
                return

    def on_mouse_scroll_down(self) -> None:
        """Down."""
        self.move(3)

    def on_mouse_scroll_up(self) -> None:
        """Up."""
        self.move(-3)

    def on_resize(self) -> None:
        """Keep the chosen row in sight."""
        self.follow()
