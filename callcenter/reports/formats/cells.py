"""What stands in a cell, for people and for spreadsheets. Pure."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def defused(text: str) -> str:
    """Text that no spreadsheet takes for a formula: names come from strangers' telephones."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def clean(text: object) -> str:
    """Text without anything a terminal or a page would obey."""
    return _CONTROLS.sub("�", str(text))


def shown(value: float | None, unit: str) -> str:
    """A figure as a person reads it; "–" where there is none."""
    if value is None:
        return "–"
    if unit == "percent":
        return f"{value * 100:.1f} %"
    if unit == "seconds":
        return _time(value)
    return f"{value:.0f}" if unit == "count" else f"{value:.2f}"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def headings(report: Mapping[str, Any]) -> list[str]:
    """Names of what stands left of the figures."""
    lines = report["lines"]
    times = ["time"] if report["by"] or report["kind"] == "traffic" else []
    return [*times, *(lines[0]["names"] if lines else ())]


def beginnings(line: Mapping[str, Any], report: Mapping[str, Any]) -> list[str]:
    """What stands left of the figures of a line."""
    names = [str(name) for name in line["names"].values()]
    has_time = bool(report["by"] or report["kind"] == "traffic")
    return [str(line["time"]), *names] if has_time else names


def columns_of(report: Mapping[str, Any], *, all_of_them: bool) -> Sequence[Mapping[str, Any]]:
    """Figures to show; for people without rare ones that are nothing everywhere."""
    columns: Sequence[Mapping[str, Any]] = report["columns"]
    nothing = set() if all_of_them else {str(each["name"]) for each in columns if each["rare"]}
    for line in chain([report["total"]], report["lines"]):
        if not nothing:
            break
        figures = line["figures"]
        nothing -= {name for name in nothing if figures.get(name)}
    return [column for column in columns if column["name"] not in nothing]


def title_of(report: Mapping[str, Any]) -> str:
    """What it is about, in one line."""
    whose = f" of {report['tenant']}" if report["tenant"] else ""
    by = f", by {report['by']}" if report["by"] else ""
    begin, end = str(report["begin"])[:16], str(report["end"])[:16]
    when = f"{begin.replace('T', ' ')} to {end.replace('T', ' ')} ({report['zone']})"
    return f"{str(report['kind']).capitalize()}{whose}, {when}{by}"


CURVES = {
    "traffic": ("calls", "answered", "abandoned"),
    "tenants": ("calls", "answered", "abandoned"),
    "numbers": ("calls", "answered", "abandoned"),
    "regions": ("calls", "answered", "abandoned"),
    "queues": ("offered", "answered", "abandoned"),
    "seats": ("offers", "answered"),
    "flows": ("steps",),
    "survey": ("answers",),
}
"""What is drawn."""
_MOST_BARS = 20


def curves(report: Mapping[str, Any]) -> tuple[list[str], dict[str, list[float]]]:
    """Labels and values to draw: over time where there is time, else by name, the largest."""
    names = CURVES[str(report["kind"])]
    titles = {column["name"]: str(column["title"]) for column in report["columns"]}
    sums: dict[str, dict[str, float]] = {}
    timed = bool(report["by"])
    for line in report["lines"]:
        label = str(line["time"]) if timed else " ".join(filter(None, beginnings(line, report)))
        row = sums.setdefault(label or "all", {})
        for name in names:
            row[name] = row.get(name, 0.0) + float(line["figures"].get(name) or 0)
    labels = list(sums)
    if not timed:
        labels = sorted(labels, key=lambda label: -sums[label][names[0]])[:_MOST_BARS]
    return labels, {titles[name]: [sums[label][name] for label in labels] for name in names}
