"""The board's questions and acts: what keys do to the chosen row, asked for in the last line."""

from collections.abc import Awaitable, Callable

from textual import work
from textual.app import App, ComposeResult
from textual.events import Key, Paste
from textual.widgets import Static

from callcenter.cli.board import acts
from callcenter.cli.board.acts import NotNow, Request
from callcenter.cli.board.columns import Mood
from callcenter.cli.board.looks import text
from callcenter.cli.board.rows import Rows
from callcenter.kernel.errors import CallCenterError

Ask = Callable[[Request], Awaitable[None]]


class Asking(App[None]):
    """``ask`` sends a request; ``phone`` is the one that listens, if it is known."""

    rows: Rows  # the list

    def __init__(self, ask: Ask, phone: str) -> None:
        super().__init__()
        self._ask = ask
        self._phone = phone
        self._asked: Callable[[str], None] | None = None
        self._yes = False  # a single key answers
        self._wording = ""
        self._typed = ""
        # kept, not looked up: while the board is being left they are on no screen any more
        self._question_line = Static(id="ask")
        self._said = Static(id="said")

    def say(self, sentence: str, mood: Mood = Mood.PLAIN) -> None:
        """A sentence in the line for it."""
        raise NotImplementedError

    def narrow(self, words: str) -> None:
        """Show rows with these words."""
        raise NotImplementedError

    # -- questions ----------------------------------------------------------------------------

    def compose_questions(self) -> ComposeResult:
        """The line of what was said, and that of questions in its place."""
        yield self._said
        yield self._question_line

    def _question(
        self, words: str, answered: Callable[[str], None], *, given: str = "", yes: bool = False
    ) -> None:
        self._asked, self._yes = answered, yes
        self._wording, self._typed = words, given
        self._question_line.add_class("shown")
        self._said.add_class("asking")
        self._draw_question()

    def _draw_question(self) -> None:
        pieces = [(f"{self._wording} ", Mood.FAINT), (self._typed, Mood.NAME), ("█", Mood.BUSY)]
        self._question_line.update(text(pieces))

    def _close_question(self) -> None:
        self._asked = None
        self._question_line.remove_class("shown")
        self._said.remove_class("asking")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a question is open no key acts on a row."""
        if self._asked is not None and action not in ("undo", "stop"):
            return False
        return super().check_action(action, parameters)

    def on_key(self, event: Key) -> None:
        """Answers are typed here and not into an input of its own: those that come in one burst
        would be shared out between it and the list, and get out of order."""
        if self._asked is None or event.key in ("escape", "ctrl+c"):
            return
        event.prevent_default()  # else it would act once the question is closed
        event.stop()
        match event.key:
            case "enter":
                self._answered(self._typed)
            case "backspace":
                self._type(self._typed[:-1])
            case "ctrl+u":
                self._type("")
            case _ if event.character is not None and event.is_printable:
                self._type(self._typed + event.character)

    def on_paste(self, event: Paste) -> None:
        """The first line of what was pasted."""
        if self._asked is not None:
            self._type(self._typed + (event.text.splitlines() or [""])[0])

    def _type(self, typed: str) -> None:
        """One key answers a yes-or-no; a filter works while it is typed."""
        self._typed = typed
        self._draw_question()
        if self._yes and typed:
            self._answered(typed)
        elif self._asked == self.narrow:
            self.narrow(typed)

    def _answered(self, value: str) -> None:
        asked = self._asked
        self._close_question()
        if asked is not None:
            self._try(lambda: asked(value))

    def action_undo(self) -> None:
        """Leave a question; else show all rows from the first, none chosen."""
        if self._asked is not None:
            self._close_question()
            self.say("Nothing was done.", Mood.FAINT)
        else:
            self.rows.let_go()
            self.narrow("")
            self.say("")

    def action_filter(self) -> None:
        """Rows that hold some words."""
        self._question("Show rows with:", self.narrow, given=self.rows.words)

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

    @work
    async def _do(self, request: Request) -> None:
        try:
            await self._ask(request)
        except CallCenterError as error:
            self.say(str(error), Mood.BAD)
        else:
            self.say(request.done, Mood.GOOD)
