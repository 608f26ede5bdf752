"""CSV and XLSX: plain numbers (shares from 0 to 1, times in seconds), definitions beside them."""

import csv
import io
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from callcenter.reports.formats.cells import (
    beginnings,
    clean,
    columns_of,
    defused,
    headings,
    title_of,
)

_AT_ONCE = 1 << 16
_NARROW, _WIDE = 8, 60  # signs in a column
_NUMBERS = {"percent": "0.0%", "seconds": "0.0", "count": "0", "erlang": "0.00", "score": "0.00"}


def csv_of(report: Mapping[str, Any]) -> Iterator[bytes]:
    """One table, with a byte order mark so that spreadsheets read it as UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    columns = [column["name"] for column in columns_of(report, all_of_them=True)]
    writer.writerow([*headings(report), *columns])
    yield b"\xef\xbb\xbf"
    for names, figures in _lines(report):
        writer.writerow([*names, *map(figures.get, columns)])  # none is an empty cell
        if out.tell() > _AT_ONCE:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def xlsx_of(report: Mapping[str, Any]) -> bytes:
    """A workbook: the figures, and what they mean. Rows wait in a file and not in memory."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    formats = {unit: book.add_format({"num_format": form}) for unit, form in _NUMBERS.items()}
    bold = book.add_format({"bold": True, "text_wrap": True})
    sheet = book.add_worksheet("figures")
    columns = columns_of(report, all_of_them=True)
    left = headings(report)
    titles = [*left, *(str(column["title"]) for column in columns)]
    widths = [max(len(title), _NARROW) for title in titles]
    for place, title in enumerate(titles):
        sheet.write_string(0, place, title, bold)
    for row, (names, figures) in enumerate(_lines(report), 1):
        for place, name in enumerate(names):
            sheet.write_string(row, place, name)
            widths[place] = max(widths[place], len(name))
        for place, column in enumerate(columns, len(left)):
            value = figures.get(column["name"])
            if value is not None:
                sheet.write_number(row, place, value, formats[column["unit"]])
    sheet.freeze_panes(1, len(left))
    for place, width in enumerate(widths):
        sheet.set_column(place, place, min(width, _WIDE) + 1)
    _definitions(book.add_worksheet("definitions"), report, bold)
    book.close()
    return out.getvalue()


def _definitions(sheet: Any, report: Mapping[str, Any], bold: Any) -> None:
    sheet.write_string(0, 0, defused(clean(title_of(report))), bold)
    rows = [(str(c["title"]), str(c["formula"])) for c in report["columns"]]
    rows += [("", note) for note in report["notes"]]
    rows += [(f"proved: {proof['name']}", str(proof["what"])) for proof in report["proofs"]]
    for row, cells in enumerate(rows, 2):
        for place, cell in enumerate(cells):
            sheet.write_string(row, place, defused(clean(cell)))
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)


def _lines(report: Mapping[str, Any]) -> Iterator[tuple[list[str], Mapping[str, Any]]]:
    for line in report["lines"]:
        yield [_cell(name) for name in beginnings(line, report)], line["figures"]
    left = headings(report)
    yield ["total", *[""] * (len(left) - 1)][: len(left)], report["total"]["figures"]


@lru_cache(4096)
def _cell(name: str) -> str:
    return defused(clean(name))
