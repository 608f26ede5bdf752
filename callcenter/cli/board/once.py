"""The board printed once: the same lists, one below the other."""

import shutil
from typing import Any

import click

from callcenter.cli.board.columns import chosen
from callcenter.cli.board.fitting import Piece, head, line
from callcenter.cli.board.summary import engine_line, figures_line, machine_lines
from callcenter.cli.board.tabs import TABS
from callcenter.web.listening import Board


def show_once(told: dict[str, Any], words: str) -> None:
    """Print what ``/v1/board`` told; rows that hold ``words``."""
    board = Board()
    board.whole(told)
    now, room = board.now(), shutil.get_terminal_size((80, 24)).columns
    _say(engine_line(board.engine, "", now))
    _say(figures_line(board.rows, now))
    for tab in TABS:
        rows = board.rows[tab.kind]
        keys = chosen(tab, rows, sort=tab.first, reverse=False, words=words)
        click.echo("")
        if not keys:
            click.echo("Nothing matches." if rows else tab.none)
            continue
        click.echo(head(tab, room).rstrip())
        for key in keys:
            _say(line(tab, rows[key], room, now))
    click.echo("")
    for pieces in machine_lines(board.machine):
        _say(pieces)


def _say(pieces: list[Piece]) -> None:
    click.echo("".join(text for text, _ in pieces).rstrip())
