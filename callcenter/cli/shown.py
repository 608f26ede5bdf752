"""How rows are shown: JSON with the API's keys, or a table that is readable at 80 columns.

Names come from strangers' telephones, so nothing in them reaches the terminal as a command.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

Row = dict[str, Any]
Columns = Mapping[str, Callable[[Row], object]]

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_PADDING = (0, 2, 0, 0)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON with stable keys.")


def show_json(value: object) -> None:
    """Print any answer of the API."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    click.echo(_CONTROLS.sub(lambda found: _escaped(found[0]), text))


def _escaped(sign: str) -> str:
    return sign if sign == "\n" else f"\\u{ord(sign):04x}"


def show_rows(rows: Sequence[Row], columns: Columns, *, as_json: bool, none: str) -> None:
    """Print a list; ``none`` is the sentence for an empty one."""
    if as_json:
        show_json(rows)
        return
    if not rows:
        click.echo(none)
        return
    from rich.table import Table

    table = Table(box=None, padding=_PADDING, header_style="bold")
    for position, title in enumerate(columns):
        table.add_column(title, overflow="fold", no_wrap=position == 0)
    for row in rows:
        table.add_row(*(_cell(column(row)) for column in columns.values()))
    _print(table)


def show_facts(facts: Mapping[str, object]) -> None:
    """Print names and values, one a line; empty ones are left out."""
    from rich.table import Table

    table = Table(box=None, padding=_PADDING, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value not in ("", None):
            table.add_row(name, _cell(value))
    _print(table)


def clean(value: object) -> str:
    """Text without anything a terminal would obey."""
    return _CONTROLS.sub("�", str(value))


def clock(moment: str | None) -> str:
    """Local time of day of an ISO moment."""
    return datetime.fromisoformat(moment).astimezone().strftime("%H:%M:%S") if moment else ""


def day_and_clock(moment: str | None) -> str:
    """Local date and time of an ISO moment."""
    if not moment:
        return ""
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float | None) -> str:
    """``1:02:03``, ``2:03`` or nothing."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def words(value: str) -> str:
    """``logged_out`` as a person writes it."""
    return value.replace("_", " ")


def _cell(value: object) -> Any:
    from rich.text import Text

    return Text(clean(value))


def _print(table: Any) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())
