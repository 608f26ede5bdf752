"""Runs the live board on this terminal and leaves the terminal as it was."""

import asyncio
import signal
import sys
from collections.abc import Callable

from callcenter.cli.board.acts import Request
from callcenter.cli.board.app import BoardApp
from callcenter.cli.reach import address
from callcenter.kernel.errors import Refused
from callcenter.web.address import Address
from callcenter.web.listening import Board, ask, listen

_ACT_SECONDS = 90.0
"""The longest that an act may take: a phone is rung and answered meanwhile."""


def run_board(*, phone: str, words: str) -> None:
    """Show the board until somebody leaves it.

    Raises:
        Refused: this is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused("This is no terminal; `callcenter top --once` prints the board once.")
    where = address()
    where.check()
    app = _Board(where, phone=phone, words=words)
    app.run()
    if app.fault is not None:
        raise app.fault


class _Board(BoardApp):
    """The board on an engine; ends in order when it is told to end."""

    def __init__(self, where: Address, *, phone: str, words: str) -> None:
        async def follow(
            board: Board, changed: Callable[[], None], away: Callable[[str], None]
        ) -> None:
            await listen(where, board, changed, away)

        async def act(request: Request) -> None:
            await ask(where, request.path, request.body, within=_ACT_SECONDS)

        super().__init__(follow, act, phone=phone, words=words)

    def on_mount(self) -> None:
        """Signals end it as `q` does; the terminal is put back."""
        super().on_mount()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit)
