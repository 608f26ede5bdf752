"""The live board: lists of what the feed tells, and keys that act on the chosen row.

It draws at most a few times a second however much happens, and only the rows in sight.
"""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Label, Static

from callcenter.cli.board import acts
from callcenter.cli.board.acts import NotNow, Request
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

Listen = Callable[[Board, Callable[[], None], Callable[[str], None]], Awaitable[None]]
Ask = Callable[[Request], None]


class BoardApp(App[None]):
    """``listen`` keeps the board up to date for ever; ``ask`` sends a request (in a thread)."""

    CSS = CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+c,ctrl+q", "quit", "Quit", priority=False),
        *(Binding(str(at), f"tab({at - 1})", show=False) for at in range(1, len(TABS) + 1)),
        Binding("tab,right", "next_tab(1)", show=False, priority=False),
        Binding("shift+tab,left", "next_tab(-1)", show=False, priority=False),
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
        super().__init__()
        self.board = Board()
        self._listen = listen
        self._ask = ask
        self._phone = phone
        self._words = words
        self._away = ""
        self._changed = True
        self._asked: Callable[[str], None] | None = None
        self._yes = False  # a single key answers
        self.fault: Exception | None = None

    def compose(self) -> ComposeResult:
        """What is where."""
        yield Static(id="engine")
        yield Static(id="figures")
        yield Static(id="tabs")
        yield Rows(lambda kind: self.board.rows[kind], self.board.now)
        yield Static(id="machine")
        yield Static(id="said")
        with Horizontal(id="ask"):
            yield Label(id="question", markup=False)
            yield Input(id="answer", select_on_focus=False)
        yield Static(id="keys")

    def on_mount(self) -> None:
        """Begin to listen and to draw."""
        self.rows.words = self._words
        self.rows.focus()
        self.say("")
        self.set_interval(DRAW_SECONDS, self._draw_changes)
        self.set_interval(SECONDS_SECONDS, self._draw)
        self._follow()

    @property
    def rows(self) -> Rows:
        """The list."""
        return self.query_one(Rows)

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

    # -- drawing ------------------------------------------------------------------------------

    def _draw_changes(self) -> None:
        if self._changed and self.screen is self.screen_stack[0]:
            self._changed = False
            self.rows.follow()
            self._draw()

    def _draw(self) -> None:
        now = self.board.now()
        self._set("#engine", text(engine_line(self.board.engine, self._away, now)))
        self._set("#figures", text(figures_line(self.board.rows, now)))
        self._set("#tabs", text(self._tabs()))
        if self.rows.tab is TABS[-1]:
            lines = [text(pieces) for pieces in machine_lines(self.board.machine)]
            self._set("#machine", Text("\n").join(lines))
        self.rows.refresh()

    def _tabs(self) -> list[Piece]:
        pieces: list[Piece] = []
        for at, tab in enumerate(TABS, 1):
            here = tab is self.rows.tab
            count = f" {len(self.board.rows[tab.kind])}"
            pieces.append((f"{at} ", Mood.FAINT))
            pieces.append((tab.title, Mood.NAME if here else Mood.FAINT))
            pieces.append((count + "   ", Mood.BUSY if here else Mood.FAINT))
        at, count_shown = self.rows.place
        pieces.append((f"row {at}/{count_shown}", Mood.FAINT))
        if self.rows.words:
            pieces.append((f"   /{self.rows.words}", Mood.LOOK))
        return pieces

    def _set(self, where: str, what: Text) -> None:
        self.query_one(where, Static).update(what)

    def say(self, sentence: str, mood: Mood = Mood.PLAIN) -> None:
        """A sentence in the line for it."""
        self._set("#said", text([(sentence, mood)]))
        keys = "? keys  / filter  s sort  Enter open  l listen  h hang up  t transfer  f force  q"
        self._set("#keys", text([(keys, Mood.FAINT)]))

    # -- where one is -------------------------------------------------------------------------

    def action_tab(self, at: int) -> None:
        """Another list."""
        self.rows.show(TABS[at])
        self.query_one("#machine").set_class(TABS[at] is TABS[-1], "shown")
        self._draw()

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
            self._narrow(row["queue"])
            self.action_tab(2)
        elif kind == "seat" and row["call"]:
            self._jump(2, row["call"])
        elif kind == "call" and row["seat"]:
            self._jump(1, row["seat"])

    def _jump(self, tab: int, key: str) -> None:
        self._narrow("")
        self.action_tab(tab)
        self.rows.choose(key)

    def _narrow(self, words: str) -> None:
        self.rows.words = words
        self.rows.follow()
        self._draw()

    def action_help(self) -> None:
        """Which keys there are."""
        self.push_screen(Help())

    # -- questions ----------------------------------------------------------------------------

    def _question(
        self, words: str, answered: Callable[[str], None], *, given: str = "", yes: bool = False
    ) -> None:
        self._asked, self._yes = answered, yes
        self.query_one("#question", Label).update(words)
        self.query_one("#ask").add_class("shown")
        self.query_one("#said").add_class("asking")
        answer = self.query_one("#answer", Input)
        answer.value = given
        answer.focus()

    def _close_question(self) -> None:
        self._asked = None
        self.query_one("#ask").remove_class("shown")
        self.query_one("#said").remove_class("asking")
        self.rows.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """One key answers a yes-or-no; a filter works while it is typed."""
        if self._asked is None:
            return
        if self._yes and event.value:
            self._answered(event.value)
        elif self._asked == self._narrow:
            self._narrow(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        self._answered(event.value)

    def _answered(self, value: str) -> None:
        asked = self._asked
        self._close_question()
        if asked is not None:
            self._try(lambda: asked(value))

    def action_undo(self) -> None:
        """Leave a question; else show all rows."""
        if self._asked is not None:
            self._close_question()
            self.say("Nothing was done.", Mood.FAINT)
        else:
            self._narrow("")
            self.say("")

    def action_filter(self) -> None:
        """Rows that hold some words."""
        self._question("Show rows with:", self._narrow, given=self.rows.words)

    # -- acts ---------------------------------------------------------------------------------

    def _try(self, what: Callable[[], None]) -> None:
        try:
            what()
        except NotNow as error:
            self.say(str(error), Mood.LOOK)

    def _call(self) -> tuple[str, str]:
        return acts.call_of(self.rows.tab.kind, self.rows.chosen)

    def _with_phone(self, then: Callable[[str], None]) -> None:
        """The phone that listens is asked for once."""

        def said(phone: str) -> None:
            if not phone.strip():
                raise NotNow("Nothing was done; name the seat or number of your phone.")
            self._phone = phone.strip()
            then(self._phone)

        if self._phone:
            then(self._phone)
        else:
            self._question("Your phone (seat, extension or number):", said)

    def action_listen(self, how: str) -> None:
        """Hear a call, whisper, or join."""

        def chosen() -> None:
            call, whose = self._call()
            self._with_phone(lambda phone: self._send(acts.listening(how, call, whose, phone)))

        self._try(chosen)

    def action_leave(self) -> None:
        """Hear it no more."""

        def chosen() -> None:
            call, whose = self._call()
            self._with_phone(lambda phone: self._send(acts.leaving(call, whose, phone)))

        self._try(chosen)

    def action_hang_up(self) -> None:
        """End a call, when one is sure."""

        def chosen() -> None:
            call, whose = self._call()

            def sure(answer: str) -> None:
                if answer.lower() != "y":
                    raise NotNow("Nothing was done.")
                self._send(acts.hanging_up(call, whose))

            self._question(f"End {whose}? y or n:", sure, yes=True)

        self._try(chosen)

    def action_transfer(self) -> None:
        """Send a caller on."""

        def chosen() -> None:
            call, whose = self._call()

            def to(place: str) -> None:
                if not place.strip():
                    raise NotNow("Nothing was done.")
                self._send(acts.transferring(call, whose, place.strip()))

            self._question("Send to (seat:1002 queue:sales extension:… outside:…):", to)

        self._try(chosen)

    def action_first(self) -> None:
        """Serve a waiting caller next."""
        self._try(lambda: self._send(acts.first(*self._call())))

    def action_force(self) -> None:
        """Say for an agent what the agent does not."""

        def chosen() -> None:
            seat = acts.seat_of(self.rows.tab.kind, self.rows.chosen)
            question = f"Seat {seat} is to be (ready, out, or a reason to be busy):"
            self._question(question, lambda said: self._send(acts.forcing(seat, said)))

        self._try(chosen)

    def _send(self, request: Request) -> None:
        self.say("… asking the engine", Mood.FAINT)
        self._do(request)

    @work(thread=True)
    def _do(self, request: Request) -> None:
        try:
            self._ask(request)
        except CallCenterError as error:
            self.call_from_thread(self.say, str(error), Mood.BAD)
        else:
            self.call_from_thread(self.say, request.done, Mood.GOOD)

    # -- the end ------------------------------------------------------------------------------

    def _handle_exception(self, error: Exception) -> None:
        """A fault ends the board; its caller tells of it in one sentence, no traceback is drawn."""
        self.fault = self.fault or error
        self._return_code = 1
        if self._exception is None:  # tests see it
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()
