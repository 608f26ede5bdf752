"""Makes a flow out of a short table: a switchboard whose callers dial an extension (I5).

Level one: key and up to 4 telephones, for up to 10 extensions. Level two: key of the department,
key of the extension, telephones. An entry that does not answer goes on to its next telephone;
when none does the caller hears so and is asked again.
"""

import csv
import io
import re
from dataclasses import dataclass
from typing import Any

from callcenter.kernel.errors import CallCenterError

MOST_LINES = 4
_INSIDE = re.compile(r"[0-9]{2,8}")
_OUTSIDE = re.compile(r"\+[1-9][0-9]{4,14}")
_COLUMNS = {1: ("key",), 2: ("department", "key")}
_RING_SECONDS = 20


class BadTable(CallCenterError):
    """The table cannot be used; one sentence with the line."""

    code = "bad_table"
    http_status = 422


@dataclass(frozen=True, kw_only=True)
class _Entry:
    keys: tuple[str, ...]
    lines: tuple[str, ...]
    name: str


def switchboard(
    table: str, *, level: int, name: str, operator: str = "", dial: bool = True
) -> dict[str, Any]:
    """A flow's document out of CSV: columns ``key`` (level 2: ``department``, too), ``name``
    and ``line1`` to ``line4``, extensions or outside numbers with ``+``.

    ``operator`` is the telephone behind 0. With ``dial`` every extension can be dialled directly
    after ``*``.

    Raises:
        BadTable: what is wrong, with its line.
    """
    entries = _read(table, level)
    nodes: dict[str, Any] = {}
    _menu(nodes, "start", entries, operator=operator, dial=dial)
    for entry in entries:
        _telephones(nodes, "x" + "".join(entry.keys), entry)
    for department in sorted({e.keys[0] for e in entries}) if level == 2 else ():
        mine = [e for e in entries if e.keys[0] == department]
        _menu(nodes, f"d{department}", mine, operator="", dial=False)
    if operator:
        _telephones(nodes, "operator", _Entry(keys=("0",), lines=(operator,), name="operator"))
    if dial:
        nodes["dial"] = {
            "kind": "digits",
            "prompts": ["switchboard"],
            "into": "extension",
            "least": 2,
            "most": 8,
            "next": "ring",
            "otherwise": "start",
        }
        nodes["ring"] = _ring("{extension}", "busy")
    nodes["busy"] = {"kind": "play", "prompts": ["extension-busy"], "next": "start"}
    nodes["bye"] = {"kind": "hangup", "prompts": ["goodbye"]}
    return {"name": name, "start": "start", "nodes": nodes}


def _menu(
    nodes: dict[str, Any], node: str, entries: list[_Entry], *, operator: str, dial: bool
) -> None:
    below = node != "start"
    choices = {}
    for entry in entries:
        key = entry.keys[-1] if below else entry.keys[0]
        two_levels = len(entry.keys) == 2 and not below
        choices[key] = f"d{entry.keys[0]}" if two_levels else "x" + "".join(entry.keys)
    if operator and "0" in choices:
        raise BadTable("Key 0 is the operator's; give that extension another key.")
    made: dict[str, Any] = {"kind": "menu", "prompts": ["switchboard"], "choices": choices}
    if operator:
        made["operator"] = "operator"
        made["on_timeout"] = "operator"
    if dial:
        choices["*"] = "dial"
    if below:
        made["back"] = "*"
    nodes[node] = {**made, "repeat": "#", "otherwise": "bye"}


def _telephones(nodes: dict[str, Any], first: str, entry: _Entry) -> None:
    for number, line in enumerate(entry.lines):
        last = number + 1 == len(entry.lines)
        after = "busy" if last else f"{first}-{number + 2}"
        node = _ring(line, after)
        if entry.name and not number:
            node = {**node, "note": entry.name}
        nodes[first if not number else f"{first}-{number + 1}"] = node


def _ring(line: str, otherwise: str) -> dict[str, Any]:
    kind = (
        {"kind": "outside", "number": line}
        if line.startswith("+")
        else {"kind": "extension", "extension": line}
    )
    return {**kind, "ring": _RING_SECONDS, "next": "bye", "otherwise": otherwise}


def _read(table: str, level: int) -> list[_Entry]:
    rows = csv.DictReader(io.StringIO(table.removeprefix("\ufeff")))
    columns = _COLUMNS[level]
    missing = [c for c in (*columns, "line1") if c not in (rows.fieldnames or ())]
    if missing:
        raise BadTable(f"The table's first line lacks the column {missing[0]!r}.")
    entries: dict[tuple[str, ...], _Entry] = {}
    try:
        for row in rows:
            entry = _entry(row, columns, rows.line_num)
            if entry.keys in entries:
                raise BadTable(f"Line {rows.line_num}: key {'-'.join(entry.keys)} is taken.")
            entries[entry.keys] = entry
    except csv.Error as error:
        raise BadTable(f"Line {rows.line_num}: this is no CSV: {error}.") from None
    if not entries:
        raise BadTable("The table has no extensions.")
    return list(entries.values())


def _entry(row: dict[str, Any], columns: tuple[str, ...], line: int) -> _Entry:
    keys = tuple((row[column] or "").strip() for column in columns)
    if bad := next((key for key in keys if not re.fullmatch("[0-9]", key)), None):
        raise BadTable(f"Line {line}: {bad!r} is no key; use 0 to 9.")
    if "" in keys:
        raise BadTable(f"Line {line}: a key is missing.")
    if None in row:
        raise BadTable(f"Line {line}: more fields than columns.")
    cells = [(row.get(f"line{n}") or "").strip() for n in range(1, MOST_LINES + 1)]
    lines = tuple(cell for cell in cells if cell)
    if not lines:
        raise BadTable(f"Line {line}: key {'-'.join(keys)} has no telephone.")
    for cell in lines:
        if not _INSIDE.fullmatch(cell) and not _OUTSIDE.fullmatch(cell):
            raise BadTable(f"Line {line}: {cell!r} is neither an extension nor a number with +.")
    return _Entry(keys=keys, lines=lines, name=(row.get("name") or "").strip()[:100])
