"""A report for a terminal: title, curve, table cut to the width, formulas, proofs."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any
from unicodedata import east_asian_width

from callcenter.reports.formats.cells import (
    beginnings,
    clean,
    columns_of,
    curves,
    headings,
    shown,
    title_of,
)

_MOST_LINES = 2000
_HEIGHT = 14
_MARKERS = ("braille", "*", "o")  # told apart without colours


def table_of(report: Mapping[str, Any], width: int) -> str:
    """All of it."""
    parts = [title_of(report)]
    if len(report["lines"]) > 1 and report["by"]:
        parts.append(_curve(report, width))
    columns = columns_of(report, all_of_them=False)
    parts += _blocks(report, columns, width)
    parts.append(_formulas(report, columns, width))
    if report["proofs"]:
        parts.append("\n".join(_proof(proof, width) for proof in report["proofs"]))
    return "\n\n".join(parts) + "\n"


def _proof(proof: Mapping[str, Any], width: int) -> str:
    return _wrapped(f"Proved (rows: {proof['checked']}): {proof['what']}.", width)


def _wrapped(text: str, width: int) -> str:
    from textwrap import fill

    return fill(clean(text), max(width, 40), subsequent_indent="    ")


def _blocks(
    report: Mapping[str, Any], columns: Sequence[Mapping[str, Any]], width: int
) -> list[str]:
    """The table, in as many pieces as its columns need; each begins with the names."""
    if not report["lines"]:
        return ["Nothing happened in this time."]
    lines = list(islice(report["lines"], _MOST_LINES))
    left = [headings(report), *(beginnings(line, report) for line in lines)]
    left.append(["total", *[""] * (len(left[0]) - 1)][: len(left[0])] or [])
    names = _aligned([[clean(cell) for cell in row] for row in left], right=False)
    figures = [*(line["figures"] for line in lines), report["total"]["figures"]]
    pieces: list[list[str]] = []
    here = list(names)
    for column in columns:
        cells = [str(column["title"])]
        cells += [shown(row.get(column["name"]), str(column["unit"])) for row in figures]
        made = _aligned([[cell] for cell in cells], right=True)
        if here != names and _wide(here[0]) + 2 + _wide(made[0]) > width:
            pieces.append(here)
            here = list(names)
        here = [f"{row}  {cell}" for row, cell in zip(here, made, strict=True)]
    pieces.append(here)
    cut = len(report["lines"]) - len(lines)
    more = [f"... and {cut} more lines; ask for csv to have them all."] if cut else []
    return ["\n".join(row.rstrip() for row in piece) for piece in pieces] + more


def _aligned(rows: Sequence[Sequence[str]], *, right: bool) -> list[str]:
    if not rows[0]:
        return ["" for _ in rows]
    widths = [max(_wide(row[place]) for row in rows) for place in range(len(rows[0]))]
    made = []
    for row in rows:
        cells = []
        for cell, width in zip(row, widths, strict=True):
            gap = " " * (width - _wide(cell))
            cells.append(gap + cell if right else cell + gap)
        made.append("  ".join(cells))
    return made


def _wide(text: str) -> int:
    """Columns of a terminal; Chinese and Japanese signs take two."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _formulas(report: Mapping[str, Any], columns: Sequence[Mapping[str, Any]], width: int) -> str:
    lines = [_wrapped(f"{column['title']} = {column['formula']}", width) for column in columns]
    notes = (_wrapped(note, width) for note in report["notes"])
    return "\n".join([*lines, *notes])


def _curve(report: Mapping[str, Any], width: int) -> str:
    import plotext

    labels, values = curves(report)
    figure = plotext.figure
    figure.clear()
    figure.plot_size(min(width, 120), _HEIGHT)
    for (title, points), marker in zip(values.items(), _MARKERS, strict=False):
        signal = figure.signal(list(range(len(points))), points, marker=marker)
        signal.lines()
        signal.label(title)
        figure.draw(signal)
    step = max(1, len(labels) // 5)
    figure.ruler(0, 0).ticks(
        list(range(len(labels)))[::step], [clean(label) for label in labels[::step]]
    )
    figure.ruler(1, 0).lim(0, max([1.0, *(max(points) for points in values.values())]))
    drawn = str(plotext.uncolorize(figure.build().string()))
    return "\n".join(line.rstrip() for line in drawn.splitlines())
