"""A report as a person or a program wants it: table, CSV, XLSX, JSON, picture, page.

All are made of the JSON of a report, so they are the same from the engine and from the command
line. Heavy libraries are imported when a format needs them.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from callcenter.kernel.errors import Refused

Shown = Mapping[str, Any]
"""A report as JSON has it, see :class:`callcenter.reports.answer.Report`."""

MEDIA = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
    "png": "image/png",
    "table": "text/plain; charset=utf-8",
}


def rendered(report: Shown, form: str, *, width: int = 100) -> bytes:
    """The report in this format.

    Raises:
        Refused: there is no such format.
    """
    makers: dict[str, Callable[[], bytes]] = {
        "json": lambda: json.dumps(report, ensure_ascii=False, indent=2).encode() + b"\n",
        "csv": lambda: _csv(report),
        "xlsx": lambda: _xlsx(report),
        "html": lambda: _html(report),
        "png": lambda: _png(report),
        "table": lambda: _table(report, width),
    }
    if form not in makers:
        raise Refused(f"There is no format {form!r}; there are: {', '.join(MEDIA)}.")
    return makers[form]()


def _csv(report: Shown) -> bytes:
    from callcenter.reports.formats.sheets import csv_of

    return csv_of(report)


def _xlsx(report: Shown) -> bytes:
    from callcenter.reports.formats.sheets import xlsx_of

    return xlsx_of(report)


def _html(report: Shown) -> bytes:
    from callcenter.reports.formats.page import page_of

    return page_of(report).encode()


def _png(report: Shown) -> bytes:
    from callcenter.reports.formats.picture import picture_of

    return picture_of(report)


def _table(report: Shown, width: int) -> bytes:
    from callcenter.reports.formats.table import table_of

    return table_of(report, width).encode()
