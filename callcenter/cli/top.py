"""``callcenter top``: the live board, in the terminal or once for scripts."""

import click

from callcenter.cli.reach import engine
from callcenter.cli.shown import json_option, show_json


@click.command()
@click.option("--once", is_flag=True, help="Print it once instead of showing it live.")
@json_option
@click.option("--as", "phone", default="", metavar="PHONE", help="Seat or number that listens.")
@click.option("--filter", "words", default="", metavar="WORDS", help="Show rows with these words.")
def top(once: bool, as_json: bool, phone: str, words: str) -> None:
    """Show queues, seats, calls, trunks and the machine, live.

    Keys act on the chosen row; `?` tells which. With `--json` it prints once.
    """
    if as_json or once:
        with engine() as client:
            told = client.ask("GET", "/v1/board")
        if as_json:
            told.pop("why")
            show_json(told)
        else:
            from callcenter.cli.board.once import show_once

            show_once(told, words)
        return
    from callcenter.cli.board.run import run_board

    run_board(phone=phone, words=words)
