"""A report as one HTML page that needs nothing else: no script, no style sheet, no picture file.

It prints well and may be mailed; whatever strangers called themselves is text in it and no markup.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from callcenter.reports.formats.cells import (
    beginnings,
    clean,
    columns_of,
    curves,
    headings,
    shown,
    title_of,
)

_WIDTH, _HEIGHT, _LEFT, _BELOW = 920, 260, 48, 40
_COLOURS = ("#1f5fa8", "#2e8b57", "#c0392b")
_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #222; margin: 2em auto; max-width: 72em;
  padding: 0 1em; }
h1 { font-size: 1.4em; } h2 { font-size: 1.1em; margin-top: 2em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: .25em .7em; border-bottom: 1px solid #ddd; white-space: nowrap; }
th { text-align: left; background: #f4f6f8; } td.n, th.n { text-align: right;
  font-variant-numeric: tabular-nums; }
tr.total td { font-weight: bold; border-top: 2px solid #888; }
dt { font-weight: bold; float: left; clear: left; min-width: 11em; } dd { margin-left: 12em; }
svg { max-width: 100%; height: auto; }
@media print { body { margin: 0; max-width: none; font-size: 10px; } .wide { overflow: visible; }
  th { background: none; } tr { break-inside: avoid; } }
"""


def page_of(report: Mapping[str, Any]) -> Iterator[str]:
    """The page, row by row."""
    title = _text(title_of(report))
    proofs = "".join(
        f"<li>{_text(proof['what'])} ({proof['checked']} rows)</li>" for proof in report["proofs"]
    )
    proved = f"<h2>Proved</h2><ul>{proofs}</ul>" if proofs else ""
    notes = "".join(f"<p>{_text(note)}</p>" for note in report["notes"])
    columns = columns_of(report, all_of_them=False)
    yield (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"{_curve(report)}"
    )
    yield from _table(report, columns)
    yield (
        f"{notes}<h2>What the figures mean</h2><dl>{_formulas(columns)}</dl>{proved}"
        "</body></html>\n"
    )


def _text(value: object) -> str:
    return escape(clean(value))


def _table(report: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not report["lines"]:
        yield "<p>Nothing happened in this time.</p>"
        return
    left = headings(report)
    head = "".join(f"<th>{_text(name)}</th>" for name in left)
    head += "".join(
        f'<th class="n" title="{_text(column["formula"])}">{_text(column["title"])}</th>'
        for column in columns
    )
    yield f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>'
    for line in report["lines"]:
        yield _row(beginnings(line, report), line["figures"], columns)
    total = ["total", *[""] * (len(left) - 1)][: len(left)]
    yield _row(total, report["total"]["figures"], columns, ' class="total"')
    yield "</tbody></table></div>"


def _row(
    names: Sequence[str],
    figures: Mapping[str, Any],
    columns: Sequence[Mapping[str, Any]],
    kind: str = "",
) -> str:
    cells = "".join(f"<td>{_text(name)}</td>" for name in names)
    for column in columns:
        value = shown(figures.get(column["name"]), str(column["unit"]))
        cells += f'<td class="n">{_text(value)}</td>'
    return f"<tr{kind}>{cells}</tr>"


def _formulas(columns: Sequence[Mapping[str, Any]]) -> str:
    return "".join(
        f"<dt>{_text(column['title'])}</dt><dd>{_text(column['formula'])}</dd>"
        for column in columns
    )


def _curve(report: Mapping[str, Any]) -> str:
    labels, values = curves(report)
    if len(labels) < 2:
        return ""
    most = max([1.0, *(max(points) for points in values.values())])
    step = (_WIDTH - _LEFT - 10) / (len(labels) - 1)
    drawn = "".join(_grid(most))
    for number in range(0, len(labels), max(1, len(labels) // 8)):
        place = _LEFT + number * step
        drawn += (
            f'<text x="{place:.1f}" y="{_HEIGHT - 18}" font-size="11" '
            f'text-anchor="middle">{_text(labels[number])}</text>'
        )
    for number, (title, points) in enumerate(values.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        line = " ".join(
            f"{_LEFT + place * step:.1f},{_y(point, most):.1f}"
            for place, point in enumerate(points)
        )
        drawn += f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        drawn += (
            f'<text x="{_LEFT + 10 + number * 130}" y="14" font-size="12" '
            f'fill="{colour}">{_text(title)}</text>'
        )
    return (
        f'<svg role="img" aria-label="{_text(title_of(report))}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}">{drawn}</svg>'
    )


def _grid(most: float) -> list[str]:
    lines = []
    for part in range(5):
        value = most * part / 4
        y = _y(value, most)
        lines.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e3e3e3"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" font-size="11" text-anchor="end">'
            f"{value:.4g}</text>"
        )
    return lines


def _y(value: float, most: float) -> float:
    return _HEIGHT - _BELOW - value / most * (_HEIGHT - _BELOW - 24)
