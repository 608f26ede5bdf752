"""Ended calls as files: CSV, JSON lines, XLSX; written page by page, in bounded memory.

CSV and XLSX have one row per call, JSON lines all parts of it. Names and numbers come from
strangers' telephones: a text that a spreadsheet would take for a formula is defused, in CSV by an
apostrophe before it (as spreadsheets write it), in XLSX by the mark that the cell is text.
"""

import csv
import io
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine

from callcenter.calls.search import Row, Search, pages
from callcenter.calls.store import add_parts, cdr_from
from callcenter.calls.tables import cdrs

COLUMNS = tuple(column.name for column in cdrs.columns)
MOST_SHEET_ROWS = 1_048_576
"""What a sheet can hold, its heading included."""

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PIECE = 1 << 16
_DATE = "yyyy-mm-dd hh:mm:ss.000"


class Format(StrEnum):
    """How a file is written."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSONL: "application/jsonl",
}


def export(database: Engine, search: Search, kind: Format) -> Iterator[bytes]:
    """The pieces of the file, newest calls first; blocking. No query is open between two pieces."""
    return _WRITERS[kind](database, search)


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet might take this text for a formula."""
    return text.startswith(_DANGEROUS)


def defused(value: object) -> object:
    """The value as it may stand in a CSV cell; numbers are what they are."""
    return f"'{value}" if isinstance(value, str) and is_dangerous(value) else value


def _csv(database: Engine, search: Search) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for rows in pages(database, search):
        writer.writerows([_plain(row[name]) for name in COLUMNS] for row in rows)
        yield _taken(text)
    yield _taken(text)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return defused(value)


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return piece


def _jsonl(database: Engine, search: Search) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    for rows in pages(database, search):
        found = [cdr_from(row) for row in rows]
        with database.connect() as connection:
            add_parts(connection, found)
        yield b"".join([encoder.encode(cdr) + b"\n" for cdr in found])


def _xlsx(database: Engine, search: Search) -> Iterator[bytes]:
    """A whole file is made before its first piece is out: a ZIP file has its list at the end."""
    with tempfile.TemporaryDirectory(prefix="callcenter-export-") as folder:
        file = Path(folder) / "calls.xlsx"
        _write_xlsx(file, folder, pages(database, search))
        with file.open("rb") as made:
            while piece := made.read(_PIECE):
                yield piece


def _write_xlsx(file: Path, folder: str, found: Iterator[list[Row]]) -> None:
    from xlsxwriter import Workbook

    asked = {"constant_memory": True, "tmpdir": folder, "default_date_format": _DATE}
    with Workbook(str(file), asked) as book:
        book.use_zip64()
        sheets = _Sheets(book)
        for rows in found:
            for row in rows:
                sheets.add(row)


class _Sheets:
    """Rows one below the other; a full sheet is followed by another."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._bold = book.add_format({"bold": True})
        self._text = book.add_format({"quote_prefix": True})
        self._begin()

    def _begin(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        for place, name in enumerate(COLUMNS):
            self._sheet.write_string(0, place, name, self._bold)
        self._next = 1

    def add(self, row: Row) -> None:
        if self._next == MOST_SHEET_ROWS:
            self._begin()
        sheet, line = self._sheet, self._next
        for place, name in enumerate(COLUMNS):
            value = row[name]
            if isinstance(value, str):
                if value:
                    sheet.write_string(line, place, value, *self._marked(value))
            elif isinstance(value, datetime):
                sheet.write_datetime(line, place, value.replace(tzinfo=None))
            elif isinstance(value, bool):
                sheet.write_boolean(line, place, value)
            elif value is not None:
                sheet.write_number(line, place, value)
        self._next += 1

    def _marked(self, value: str) -> tuple[Any, ...]:
        return (self._text,) if is_dangerous(value) else ()


_WRITERS: dict[Format, Callable[[Engine, Search], Iterator[bytes]]] = {
    Format.CSV: _csv,
    Format.XLSX: _xlsx,
    Format.JSONL: _jsonl,
}
