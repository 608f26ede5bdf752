"""Lists as CSV files: ``number,note,expires``, one entry a line, the heading first (N5).

An import is one transaction: with a bad line nothing is imported, unless bad lines are skipped.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from callcenter.kernel.errors import Refused
from callcenter.routing.desk import lists
from callcenter.routing.lists import Change, ListName

HEADING = ("number", "note", "expires")
MOST_TOLD = 1000


@dataclass(frozen=True, kw_only=True)
class BadLine:
    """A line of the file that is no entry, and why."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """``imported`` is 0 when bad lines were not to be skipped; ``told`` are the first of them."""

    lines: int
    imported: int
    bad: int
    told: list[BadLine]


def import_csv(
    connection: Connection, name: ListName, home: lists.Home, text: str, *, skip_bad: bool = False
) -> ImportReport:
    """Put the entries of a file on a list; entries that are there get the new note and expiry.

    Raises:
        Refused: the file has no heading that names its columns.
    """
    good: dict[str, Change] = {}
    first_on: dict[str, int] = {}
    bad: list[BadLine] = []
    count = 0
    for line, row in _rows(text):
        count += 1
        try:
            change = _entry(name, home, row, first_on)
        except Refused as error:
            bad.append(BadLine(line=line, text=",".join(row.values())[:80], reason=str(error)))
            continue
        good[change.pattern], first_on[change.pattern] = change, line
    use = bool(good) and (skip_bad or not bad)
    if use:
        lists.write(connection, list(good.values()))
    return ImportReport(
        lines=count, imported=len(good) if use else 0, bad=len(bad), told=bad[:MOST_TOLD]
    )


def export_csv(connection: Connection, name: ListName, tenant: str) -> str:
    """What :func:`import_csv` reads."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADING)
    for entry in lists.show(connection, name, tenant):
        expires = entry.expires_at.isoformat() if entry.expires_at else ""
        writer.writerow((entry.number, entry.note, expires))
    return out.getvalue()


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=False)
    try:
        heading = [cell.strip().lower() for cell in next(reader, [])]
        unknown = [cell for cell in heading if cell not in HEADING]
        if "number" not in heading or unknown or len(set(heading)) != len(heading):
            raise Refused(
                f"The first line of the file must name its columns: {','.join(HEADING)}; "
                "only number is needed."
            )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, _named(heading, cells)
    except csv.Error as error:
        raise Refused(f"Line {reader.line_num} of the file is no CSV: {error}.") from None


def _named(heading: list[str], cells: list[str]) -> dict[str, str]:
    row = dict(zip(heading, cells, strict=False))
    if len(cells) > len(heading):
        row["too many"] = ",".join(cells[len(heading) :])
    return row


def _entry(
    name: ListName, home: lists.Home, row: dict[str, str], first_on: dict[str, int]
) -> Change:
    if "too many" in row:
        raise Refused("The line has more cells than the heading; quote a note that holds a comma.")
    change = lists.new_entry(name, home, row["number"], row.get("note", ""), row.get("expires", ""))
    if change.pattern in first_on:
        raise Refused(f"{change.pattern} is on line {first_on[change.pattern]} already.")
    return change
