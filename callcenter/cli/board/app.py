"""The live board: lists of what the feed tells, and keys that act on the chosen row.

It draws at most a few times a second however much happens, and only the rows in sight.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from callcenter.cli.board.asking import Ask, Asking
from callcenter.cli.board.columns import Mood
from callcenter.cli.board.fitting import Piece
from callcenter.cli.board.help import Help
from callcenter.cli.board.looks import CSS, text
from callcenter.cli.board.rows import Rows
from callcenter.cli.board.summary import engine_line, figures_line, machine_lines
from callcenter.cli.board.tabs import TABS
from callcenter.kernel.errors import CallCenterError
from callcenter.web.listening import Board

DRAW_SECONDS = 0.25
"""Changes are drawn at most so often."""
SECONDS_SECONDS = 1.0
"""Running times are drawn so often."""

KEYS = (
    ("?", "help"),
    ("/", "filter"),
    ("s", "sort"),
    ("⏎", "open"),
    ("l", "listen"),
    ("h", "end"),
    ("t", "transfer"),
    ("f", "force"),
    ("q", "quit"),
)
Listen = Callable[[Board, Callable[[], None], Callable[[str], None]], Awaitable[None]]


class BoardApp(Asking):
    """``listen`` keeps the board up to date for ever; ``ask`` sends a request."""

    CSS = CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", show=False),
        Binding("ctrl+c", "stop", show=False, priority=True),
        *(Binding(str(at), f"tab({at - 1})", show=False) for at in range(1, len(TABS) + 1)),
        Binding("tab,right", "next_tab(1)", show=False),
        Binding("shift+tab,left", "next_tab(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home,g", "move(-1000000)", show=False),
        Binding("end,G", "move(1000000)", show=False),
        Binding("s", "sort(1)", show=False),
        Binding("S", "sort(-1)", show=False),
        Binding("r", "turn", show=False),
        Binding("slash", "filter", show=False),
        Binding("escape", "undo", show=False),
        Binding("enter", "open", show=False),
        Binding("l", "listen('monitor')", show=False),
        Binding("w", "listen('whisper')", show=False),
        Binding("b", "listen('barge')", show=False),
        Binding("x", "leave", show=False),
        Binding("h", "hang_up", show=False),
        Binding("t", "transfer", show=False),
        Binding("n", "first", show=False),
        Binding("f", "force", show=False),
        Binding("question_mark", "help", show=False),
    ]

    def __init__(self, listen: Listen, ask: Ask, *, phone: str = "", words: str = "") -> None:
        super().__init__(ask, phone)
        self.board = Board()
        self._listen = listen
        self._words = words
        self._away = ""
        self._away_since: datetime | None = None
        self._changed = True
        self.fault: Exception | None = None
        self.rows = Rows(lambda kind: self.board.rows[kind], self._now)
        self._engine, self._figures = Static(id="engine"), Static(id="figures")
        self._tabs, self._machine = Static(id="tabs"), Static(id="machine")
        self._keys = Static(id="keys")

    def compose(self) -> ComposeResult:
        """What is where."""
        yield from (self._engine, self._figures, self._tabs, self.rows, self._machine)
        yield from self.compose_questions()
        yield self._keys

    def on_mount(self) -> None:
        """Begin to listen and to draw."""
        self.rows.words = self._words
        self.rows.focus()
        self.say("")
        self.set_interval(DRAW_SECONDS, self._draw_changes)
        self.set_interval(SECONDS_SECONDS, self._draw)
        self._follow()

    @work(exclusive=True)
    async def _follow(self) -> None:
        try:
            await self._listen(self.board, self._note, self._note_away)
        except CallCenterError as error:
            self._note_away(str(error))

    def _note(self) -> None:
        self._changed = True

    def _note_away(self, why: str) -> None:
        self._away, self._changed = why, True
        self._away_since = (self._away_since or self.board.now()) if why else None

    def _now(self) -> datetime:
        """The engine's time; it stands still while nobody tells what happens."""
        return self._away_since or self.board.now()

    # -- drawing ------------------------------------------------------------------------------

    def _draw_changes(self) -> None:
        if self._changed and self.screen is self.screen_stack[0]:
            self._changed = False
            self.rows.follow()
            self._draw()

    def _draw(self) -> None:
        now, room = self._now(), self.size.width - 2
        self._engine.update(text(engine_line(self.board.engine, self._away, now, room)))
        self._figures.update(text(figures_line(self.board.rows, now)))
        self._tabs.update(text(self._tabs_line()))
        if self.rows.tab is TABS[-1]:
            lines = [text(pieces) for pieces in machine_lines(self.board.machine)]
            self._machine.update(Text("\n").join(lines))
        self.rows.refresh()

    def _tabs_line(self) -> list[Piece]:
        pieces: list[Piece] = []
        for at, tab in enumerate(TABS, 1):
            here = tab is self.rows.tab
            there = f" {len(self.board.rows[tab.kind])}"
            pieces.append((f"{at} ", Mood.FAINT))
            pieces.append((tab.title, Mood.NAME if here else Mood.FAINT))
            pieces.append((there + "   ", Mood.BUSY if here else Mood.FAINT))
        at, count = self.rows.place
        if count:
            rows = "1 row" if count == 1 else f"{count} rows"
            where = f"row {at} of {count}" if at else rows
            pieces.append((where, Mood.FAINT))
        if self.rows.words:
            pieces.append((f"  /{self.rows.words}", Mood.LOOK))
        return pieces

    def say(self, sentence: str, mood: Mood = Mood.PLAIN) -> None:
        """A sentence in the line for it."""
        self._said.update(text([(sentence, mood)]))
        keys: list[Piece] = []
        for key, what in KEYS:
            keys += [(f"{key} ", Mood.BUSY), (f"{what}  ", Mood.FAINT)]
        self._keys.update(text(keys))

    # -- where one is -------------------------------------------------------------------------

    def action_tab(self, at: int) -> None:
        """Another list."""
        self.rows.show(TABS[at])
        self._machine.set_class(TABS[at] is TABS[-1], "shown")
        self._draw()

    def on_rows_chosen(self) -> None:
        """Say which of how many."""
        self._tabs.update(text(self._tabs_line()))

    def action_next_tab(self, step: int) -> None:
        """The list beside it."""
        self.action_tab((TABS.index(self.rows.tab) + step) % len(TABS))

    def action_move(self, steps: int) -> None:
        """Another row."""
        self.rows.move(steps)

    def action_page(self, pages: int) -> None:
        """A page further."""
        self.rows.move(pages * self.rows.page)

    def action_sort(self, step: int) -> None:
        """Another column."""
        self.rows.sort(step)

    def action_turn(self) -> None:
        """The other way round."""
        self.rows.turn()

    def action_open(self) -> None:
        """From a queue to its calls, from a seat to its call, from a call to its seat."""
        kind, row = self.rows.tab.kind, self.rows.chosen
        if row is None:
            return
        if kind == "queue":
            self.narrow(row["queue"])
            self.action_tab(2)
        elif kind == "seat" and row["call"]:
            self._jump(2, row["call"])
        elif kind == "call" and row["seat"]:
            self._jump(1, row["seat"])

    def _jump(self, tab: int, key: str) -> None:
        self.narrow("")
        self.action_tab(tab)
        self.rows.choose(key)

    def narrow(self, words: str) -> None:
        """Show rows with these words."""
        self.rows.words = words
        self.rows.follow()
        self._draw()

    def action_stop(self) -> None:
        """Leave, from wherever."""
        self.exit()

    def action_help(self) -> None:
        """Which keys there are."""
        self.push_screen(Help())

    # -- the end ------------------------------------------------------------------------------

    def _handle_exception(self, error: Exception) -> None:
        """A fault ends the board; its caller tells of it in one sentence, no traceback is drawn."""
        self.fault = self.fault or error
        self._return_code = 1
        if self._exception is None:  # tests see it
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()
