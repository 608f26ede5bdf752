"""Definitions, days of 23 and 25 hours, formats; what a stranger calls himself is only text."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.kernel.database import metadata, open_database
from callcenter.kernel.errors import Refused
from callcenter.reports import count_calls
from callcenter.reports.answer import KINDS, Asked, shown
from callcenter.reports.asking import ask
from callcenter.reports.calendar import By, bucket_of, buckets, local_step, runs, span_of
from callcenter.reports.columns import Sums
from callcenter.reports.definitions import CAMPAIGNS, FIGURES, QUEUES, SEATS
from callcenter.reports.drill import calls_below
from callcenter.reports.formats import MEDIA, rendered
from callcenter.reports.lines import cells
from callcenter.reports.model import quarter_of
from callcenter.settings import PROJECT
from tests.support.figures import figures_page, stranger

BERLIN, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")
ZONES = ["UTC", "Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin", "Australia/Lord_Howe",
         "America/St_Johns", "America/Havana", "Pacific/Chatham", "Africa/Casablanca"]  # fmt: skip


def figure(name: str, sums: dict[str, int], of: Any = QUEUES) -> float | None:
    [value] = cells(next(f for f in of if f.name == name).of(Sums.of(sums)))
    return value


def test_the_variants_stand_side_by_side() -> None:
    sums = {"offered": 100, "answered": 70, "abandoned": 20, "out_voicemail": 10, "short": 5}
    sums |= {"within": 56, "abandoned_in_t": 12, "wait_ms": 700_000}
    sums |= {"handled": 70, "talk_ms": 7_000_000, "hold_ms": 700_000, "wrap_up_ms": 1_400_000}
    assert figure("service_level", sums) == pytest.approx(56 / 85)
    assert figure("service_level_answered", sums) == pytest.approx(0.8)
    assert figure("service_level_2", sums) == pytest.approx(68 / 90)
    assert figure("abandon_rate", sums) == pytest.approx(0.2)
    assert figure("abandon_rate_long", sums) == pytest.approx(15 / 95)
    assert figure("asa", sums) == pytest.approx(10)
    assert figure("aht", sums) == pytest.approx(130)
    assert figure("flow_outs", sums) == 10
    assert figure("asa", {}) is None
    seat = {"offers": 10, "answered": 6, "caller_gone": 2, "ringing": 10, "talking": 60}
    seat |= {"on_hold": 10, "wrap_up": 20, "logged_in": 250, "paused": 50}
    assert figure("answer_rate", seat, SEATS) == pytest.approx(0.6)
    assert figure("answer_rate_caller", seat, SEATS) == pytest.approx(0.75)
    assert figure("occupancy", seat, SEATS) == pytest.approx(0.5)


def test_outbound_figures_are_those_of_the_regulators() -> None:
    checked = {"drops": 29, "live": 9, "machines": 7}
    assert figure("uk_drop_rate", checked, CAMPAIGNS) == pytest.approx(0.6444, abs=0.00005)
    rate = figure("us_abandon_rate", {"late": 3, "live": 100}, CAMPAIGNS)
    assert rate == pytest.approx(0.03)
    assert figure("uk_drop_rate", {"drops": 0, "live": 0, "machines": 0}, CAMPAIGNS) is None


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)]
)
def test_a_day_has_the_hours_it_has(day: str, hours: int) -> None:
    found = buckets(By.HOUR, span_of(day, day, BERLIN))
    assert len(found) == hours
    assert len({bucket.label for bucket in found}) == hours
    assert sum(bucket.end - bucket.begin for bucket in found) == hours * 4
    [whole] = buckets(By.DAY, span_of(day, day, BERLIN))
    assert whole.end - whole.begin == hours * 4


def test_days_begin_at_odd_quarters_where_they_do() -> None:
    first, second = buckets(By.DAY, span_of("2026-03-01", "2026-03-02", KATHMANDU))
    assert first.begin == quarter_of(datetime(2026, 2, 28, 18, 15, tzinfo=UTC))
    assert (first.label, second.label) == ("2026-03-01", "2026-03-02")


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(datetime(2020, 1, 1).date(), datetime(2030, 1, 1).date()),  # noqa: DTZ001
    days=st.integers(0, 70),
    by=st.sampled_from(list(By)),
)
def test_every_quarter_is_in_the_bucket_of_its_local_time(
    zone: str, day: Any, days: int, by: By
) -> None:
    info = ZoneInfo(zone)
    span = span_of(str(day), str(day + timedelta(days=days)), info)
    found = buckets(by, span)
    assert [bucket.begin for bucket in found[1:]] == [bucket.end for bucket in found[:-1]]
    assert (found[0].begin, found[-1].end) == (span.begin, span.end)
    if by is By.ALL:
        return
    begins = {bucket.begin for bucket in found}
    assert len({bucket.label for bucket in found}) == len(found)
    for run in runs(span):
        for quarter in range(run.begin, run.end, 7):
            name = bucket_of(by, (quarter + run.offset) // local_step(by), run, span)
            assert name in begins
            bucket = next(b for b in found if b.begin == name)
            assert bucket.begin <= quarter < bucket.end


@pytest.mark.parametrize(
    ("begin", "end", "sentence"),
    [
        ("yesterday", "2026-03-01", "'yesterday' is no date"),
        ("2026-03-02", "2026-03-01", "is empty"),
        ("2026-03-01T08:07", "2026-03-02", "no full quarter"),
        ("1900-01-01", "2026-03-02", "no full quarter"),
    ],
)
def test_a_span_that_is_none_is_told(begin: str, end: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        span_of(begin, end, BERLIN)


@pytest.fixture
def report() -> dict[str, Any]:
    """Numbers that were dialled, one of them by a stranger with ideas."""
    return shown_of("numbers")


def shown_of(kind: str, by: By = By.ALL) -> dict[str, Any]:
    database = open_database("sqlite://")
    metadata.create_all(database)
    with database.begin() as connection:
        count_calls(
            connection, [stranger("c1", "=HYPERLINK(1)$佛山"), stranger("c2", "<script>x</script>")]
        )
        span = span_of("2026-03-02", "2026-03-03", ZoneInfo("UTC"))
        asked = Asked(kind=kind, span=span, now=span.until, by=by)
        made = shown(ask(connection, asked))
    database.dispose()
    return made


def test_cells_are_no_formulas(report: dict[str, Any]) -> None:
    rows = list(csv.reader(io.StringIO(rendered(report, "csv").decode("utf-8-sig"))))
    assert [row[0] for row in rows] == [
        "name",
        "<script>x</script>",
        "'=HYPERLINK(1)$佛山",
        "total",
    ]
    assert rows[3][1] == "2"
    book = openpyxl.load_workbook(io.BytesIO(rendered(report, "xlsx")))
    cells = [cell for row in book["figures"].iter_rows() for cell in row]
    assert "'=HYPERLINK(1)$佛山" in [cell.value for cell in cells]
    assert not any(cell.data_type == "f" for cell in cells)
    assert "calls that came in" in [cell.value for cell in book["definitions"]["B"]]


def test_a_page_needs_nothing_else_and_obeys_nobody(report: dict[str, Any]) -> None:
    page = rendered(report, "html").decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.findall(r"(?:src|href)=", page)
    assert "Answer rate" in page
    assert "<svg" in page


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", MEDIA)
def test_every_report_in_every_format(kind: str, form: str) -> None:
    assert rendered(shown_of(kind), form)


def test_a_table_fits_the_terminal_and_explains_itself() -> None:
    text = rendered(shown_of("traffic", By.HOUR), "table", width=80).decode()
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "Answer rate = answered / calls that ended" in text
    assert "Proved (rows: 1): running before" in text
    assert "┤" in text
    assert rendered(shown_of("traffic", By.HOUR), "png").startswith(b"\x89PNG")
    assert json.loads(rendered(shown_of("traffic"), "json"))["total"]["figures"]["calls"] == 2


def test_each_figure_drills_down_to_its_calls(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'drill.db'}")
    metadata.create_all(database)
    from callcenter.calls.store import save_cdrs

    with database.begin() as connection:
        found = [stranger("c1", "400"), stranger("c2", "500")]
        count_calls(connection, found)
        save_cdrs(connection, found)
        span = span_of("2026-03-02", "2026-03-02", ZoneInfo("UTC"))
        asked = Asked(kind="numbers", span=span, now=span.until)
        assert {each.call for each in calls_below(connection, asked, "calls")} == {"c1", "c2"}
        assert [each.call for each in calls_below(connection, asked, "calls", "500")] == ["c2"]
        assert calls_below(connection, asked, "refused") == []
        with pytest.raises(Refused, match="No calls can be listed for 'load'"):
            calls_below(connection, asked, "load")
    database.dispose()


def test_the_reference_says_what_the_code_does() -> None:
    page = (PROJECT / "docs/reference/figures.md").read_text()
    assert page == figures_page(), (
        "run `python -m tests.support.figures > docs/reference/figures.md`"
    )
    assert all(figure.title in page for figures in FIGURES.values() for figure in figures)
