"""Reports in columns: every figure is what its formula makes of each row by itself."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.reports.answer import Asked, made, shown
from callcenter.reports.calendar import By, span_of
from callcenter.reports.columns import Adding, Grid, Row, Sums
from callcenter.reports.definitions import CAMPAIGNS, FIGURES
from callcenter.reports.formats import rendered, written
from callcenter.reports.lines import cells
from callcenter.reports.model import OUTS, RESULTS, VALUES

Counted = Mapping[str, int]
Value = float | None
WORK = ("ringing", "talking", "on_hold", "wrap_up")
ENDS = ("answered", "abandoned", *OUTS)


def per(part: float, whole: float) -> Value:
    return part / whole if whole > 0 else None


def seconds(part: int, number: int) -> Value:
    return part / 1000 / number if number > 0 else None


def drop_rate(drops: int, live: int, machines: int) -> Value:
    known = machines + live
    dropped = drops - (drops * machines / known if known else 0.0)
    return per(dropped, live + dropped)


def whole(c: Counted, names: tuple[str, ...]) -> int:
    return sum(c[name] for name in names)


BY_ROW: dict[str, dict[str, Callable[[Counted], Value]]] = {
    "traffic": {
        "answer_rate": lambda c: per(c["answered"], whole(c, (*RESULTS, "other"))),
        "talk": lambda c: c["talk_ms"] / 1000,
        "load": lambda c: per(c["call_ms"], c["span_ms"]),
    },
    "queues": {
        "short_abandoned": lambda c: c["short"],
        "flow_outs": lambda c: whole(c, OUTS),
        "service_level": lambda c: per(c["within"], c["answered"] + c["abandoned"] - c["short"]),
        "service_level_answered": lambda c: per(c["within"], c["answered"]),
        "service_level_2": lambda c: per(
            c["within"] + c["abandoned_in_t"], c["answered"] + c["abandoned"]
        ),
        "asa": lambda c: seconds(c["wait_ms"], c["answered"]),
        "aht": lambda c: seconds(c["talk_ms"] + c["hold_ms"] + c["wrap_up_ms"], c["handled"]),
        "abandon_rate": lambda c: per(c["abandoned"], whole(c, ENDS)),
        "abandon_rate_long": lambda c: per(
            c["abandoned"] - c["short"], whole(c, ENDS) - c["short"]
        ),
        "expected_wait_kept": lambda c: per(c["announced_kept"], c["announced"]),
    },
    "seats": {
        "answer_rate": lambda c: per(c["answered"], c["offers"]),
        "answer_rate_caller": lambda c: per(c["answered"], c["offers"] - c["caller_gone"]),
        "logged_in": lambda c: c["logged_in"] / 1000,
        "ready": lambda c: c["ready"] / 1000,
        "ringing": lambda c: c["ringing"] / 1000,
        "talk": lambda c: c["talking"] / 1000,
        "hold": lambda c: c["on_hold"] / 1000,
        "wrap_up": lambda c: c["wrap_up"] / 1000,
        "engaged": lambda c: c["engaged"] / 1000,
        "unreachable_time": lambda c: c["unreachable_ms"] / 1000,
        "paused": lambda c: c["paused"] / 1000,
        "aht": lambda c: seconds(c["talking"] + c["on_hold"] + c["wrap_up"], c["answered"]),
        "occupancy": lambda c: per(whole(c, WORK), c["logged_in"] - c["paused"]),
    },
    "flows": {"share": lambda c: per(c["steps"], c["at_node"])},
    "survey": {"mean": lambda c: per(c["points"], c["digits"])},
    "campaigns": {
        "us_abandon_rate": lambda c: per(c["late"], c["live"]),
        "uk_drop_rate": lambda c: drop_rate(c["drops"], c["live"], c["machines"]),
    },
}
"""The formulas once more, of one row in plain Python; every other figure is its own count."""
COUNTS = sorted(
    {name for names in VALUES.values() for name in names}
    | {"span_ms", "within", "abandoned_in_t", "short", "wrap_up_ms", "unreachable_ms", "steps"}
    | {"at_node", "asked", "answers", "comments", "points", "digits", "late", "live"}
    | {"drops", "machines"}
)
counts = st.one_of(st.just(0), st.integers(0, 30), st.integers(0, 10**10))
rows_of_counts = st.lists(
    st.dictionaries(st.sampled_from(COUNTS), counts, min_size=0, max_size=len(COUNTS)), max_size=6
)


@given(rows=rows_of_counts, kind=st.sampled_from(list(BY_ROW)))
def test_a_column_of_figures_is_each_row_by_itself(rows: list[dict[str, int]], kind: str) -> None:
    if kind == "campaigns":  # calls, not milliseconds: their products have to stay exact
        rows = [{name: count % 10**7 for name, count in row.items()} for row in rows]
    sums = Sums(len(rows))
    for name in {name for row in rows for name in row}:
        sums[name] = np.array([row.get(name, 0) for row in rows], np.int64)
    for figure in FIGURES.get(kind, CAMPAIGNS):
        formula = BY_ROW[kind].get(figure.name, lambda c, name=figure.name: c[name])
        expected = [formula({**dict.fromkeys(COUNTS, 0), **row}) for row in rows]
        found = cells(figure.of(sums))
        assert found == expected
        assert [type(value) for value in found] == [type(value) for value in expected]


names = st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["x", "y"]))
parts = st.lists(
    st.dictionaries(
        st.tuples(st.integers(0, 3), names),
        st.dictionaries(st.sampled_from(["calls", "answered"]), st.integers(0, 9)),
        max_size=8,
    ),
    max_size=4,
)


def as_rows(grid: Grid) -> dict[Row, dict[str, int]]:
    return {
        grid.row(number): {name: int(grid.sums[name][number]) for name in grid.sums}
        for number in range(len(grid))
    }


def added(*of: Mapping[Row, Mapping[str, int]]) -> Grid:
    adding = Adding()
    for rows in of:
        adding.add_rows(rows)
    return adding.grid()


@given(parts)
def test_parts_add_up_in_order(of: list[dict[Row, dict[str, int]]]) -> None:
    expected: dict[Row, dict[str, int]] = {}
    for rows in of:
        for row, columns in rows.items():
            total = expected.setdefault(row, {})
            for name, count in columns.items():
                total[name] = total.get(name, 0) + count
    found = as_rows(added(*of))
    assert list(found) == sorted(expected)
    for row, columns in found.items():
        assert {k: v for k, v in columns.items() if v} == {
            k: v for k, v in expected[row].items() if v
        }
    again, grid = Adding(), added(*of)
    again.add_grid(grid.renamed({"calls": "c"}), [n if n[0] != "a" else None for n in grid.known])
    kept = {row: v.get("calls", 0) for row, v in found.items() if row[1][0] != "a"}
    assert {row: v.get("c", 0) for row, v in as_rows(again.grid()).items()} == kept


@given(here=parts, there=parts)
def test_counts_are_put_where_their_rows_are(here: Any, there: Any) -> None:
    grid, other = added(*here), added(*there)
    found = grid.placed(other, other.begins + 1, other.sums["calls"]).tolist()
    counted = {(begin + 1, name): v.get("calls", 0) for (begin, name), v in as_rows(other).items()}
    assert found == [counted.get(row, 0) for row in as_rows(grid)]


@pytest.fixture
def report() -> Any:
    """Two queues in the day in Berlin that has 25 hours."""
    span = span_of("2026-10-25", "2026-10-25", ZoneInfo("Europe/Berlin"))
    first = {(span.begin + 4 * n, ("t", q)): {"answered": n} for n in range(25) for q in "ab"}
    asked = Asked(kind="queues", span=span, now=span.until + timedelta(days=1), by=By.HOUR)
    return made(asked, added(first), ("tenant", "queue"), notes=["a\nb"])


def test_rows_are_made_as_they_are_read(report: Any) -> None:
    lines = report.lines
    assert len(lines) == 50
    assert len({(line.time, line.begin, line.names["queue"]) for line in lines}) == 50
    assert [line.figures["answered"] for line in lines] == [n for n in range(25) for _ in "ab"]
    assert lines[-1] == list(lines)[-1] == lines[49]
    assert lines[4:8:3] == [list(lines)[4], list(lines)[7]]
    with pytest.raises(IndexError):
        lines[50]
    assert [line.time[11:] for line in lines[4:8:2]] == ["02:00+0200", "02:00+0100"]
    assert lines[0].figures["asa"] is None
    assert lines == report.lines
    assert lines != report.lines.shown()
    assert report.total.figures["answered"] == 600
    assert list(shown(report)["lines"]) == msgspec.to_builtins(list(lines))


@pytest.mark.parametrize("form", ["json", "csv", "html", "table", "xlsx"])
def test_a_report_is_written_the_same_from_columns_and_from_json(report: Any, form: str) -> None:
    as_json = json.loads(rendered(shown(report), "json"))
    from_columns = list(written(shown(report), form))
    if form != "xlsx":  # a workbook says when it was made
        assert b"".join(from_columns) == rendered(as_json, form)
    assert b"".join(from_columns)


def test_json_is_as_python_writes_it(report: Any) -> None:
    text = rendered(shown(report), "json").decode()
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"
    none = shown(made(Asked(kind="queues", span=report_span(), now=report.end), added(), ("q",)))
    text = rendered(none, "json").decode()
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"
    assert json.loads(text)["lines"] == []


def report_span() -> Any:
    return span_of("2026-10-25", "2026-10-25", ZoneInfo("UTC"))
