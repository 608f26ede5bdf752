"""A report as a person or a program wants it: table, CSV, XLSX, JSON, picture, page.

All are made of the JSON of a report, so they are the same from the engine and from the command
line. Heavy libraries are imported when a format needs them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from callcenter.kernel.errors import Refused

Shown = Mapping[str, Any]
"""A report as JSON has it, see :func:`callcenter.reports.answer.shown`."""
_PIECE = 1 << 16

MEDIA = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
    "png": "image/png",
    "table": "text/plain; charset=utf-8",
}


def rendered(report: Shown, form: str, *, width: int = 100) -> bytes:
    """The report in this format, all of it at once.

    Raises:
        Refused: there is no such format.
    """
    return b"".join(written(report, form, width=width))


def written(report: Shown, form: str, *, width: int = 100) -> Iterator[bytes]:
    """The same in pieces: rows are read as they are written.

    Raises:
        Refused: there is no such format; at once, not with the first piece.
    """
    makers: dict[str, Callable[[], Iterator[bytes]]] = {
        "json": lambda: _json(report),
        "csv": lambda: _csv(report),
        "xlsx": lambda: _xlsx(report),
        "html": lambda: _html(report),
        "png": lambda: _png(report),
        "table": lambda: _table(report, width),
    }
    if form not in makers:
        raise Refused(f"There is no format {form!r}; there are: {', '.join(MEDIA)}.")
    return in_pieces(makers[form]())


def in_pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Small parts together, so that each piece is worth sending."""
    piece = bytearray()
    for part in parts:
        piece += part
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


def _json(report: Shown) -> Iterator[bytes]:
    from callcenter.reports.formats.plain import json_of

    return json_of(report)


def _csv(report: Shown) -> Iterator[bytes]:
    from callcenter.reports.formats.sheets import csv_of

    return csv_of(report)


def _xlsx(report: Shown) -> Iterator[bytes]:
    from callcenter.reports.formats.sheets import xlsx_of

    yield xlsx_of(report)


def _html(report: Shown) -> Iterator[bytes]:
    from callcenter.reports.formats.page import page_of

    return (part.encode() for part in page_of(report))


def _png(report: Shown) -> Iterator[bytes]:
    from callcenter.reports.formats.picture import picture_of

    yield picture_of(report)


def _table(report: Shown, width: int) -> Iterator[bytes]:
    from callcenter.reports.formats.table import table_of

    yield table_of(report, width).encode()
