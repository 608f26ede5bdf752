"""A report reads sums of hours and thirds of days: they are what their quarters add up to."""

from collections import Counter
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from callcenter.reports.calendar import By, Span, buckets
from callcenter.reports.model import QUARTER_MS, Counts, Tally
from callcenter.reports.pieces import SIZES, days, pieces, whole
from callcenter.reports.store import SUMS, add_tally, clear, insert_tally, read_tally, roll_up
from callcenter.reports.sums import Wanted, add_up
from tests.support.memory import connection, database

__all__ = ["connection", "database"]
FIRST = 1_974_000  # spring 2026
zones = st.sampled_from(
    ["UTC", "Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin", "America/St_Johns", "Asia/Tokyo"]
)
quarters = st.integers(FIRST, FIRST + 4000)


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    tally = Tally()
    for _ in range(draw(st.integers(0, 30))):
        key = (draw(quarters), "a", draw(st.sampled_from(["sales", "care"])))
        tally.add(Counts.QUEUES, key, draw(st.sampled_from(["offered", "answered", "waiting"])))
    return tally


def sums(connection: Connection) -> set[tuple[object, ...]]:
    rows = connection.execute(SUMS[Counts.QUEUES].select()).all()
    return {tuple(row) for row in rows if any(row[4:])}


@given(begin=quarters, end=quarters, step=st.sampled_from([0, 4, 96]), offset=st.integers(-48, 56))
def test_pieces_are_the_span_and_stay_within_their_step(
    begin: int, end: int, step: int, offset: int
) -> None:
    found = pieces(begin, end, step, offset)
    covered = [at + n for size, all_of in found.items() for at in all_of for n in range(size)]
    assert sorted(covered) == list(range(begin, end))
    for size, begins in found.items():
        assert all(at % size == 0 for at in begins)
        assert begins == sorted(begins)
        if step:
            last = size - 1 + offset
            assert all((at + offset) // step == (at + last) // step for at in begins)


def test_a_month_is_few_pieces() -> None:
    shanghai, tokyo = -32, -36
    month = 31 * 96
    whole_month = pieces(FIRST * 96 + shanghai, FIRST * 96 + shanghai + month)
    assert {size: len(begins) for size, begins in whole_month.items()} == {32: 93}
    by_day = pieces(FIRST * 96 + tokyo, FIRST * 96 + tokyo + month, 96, 36)
    assert {size: len(begins) for size, begins in by_day.items()} == {4: 31 * 8, 32: 31 * 2}


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    tally=tallies(),
    zone=zones,
    by=st.sampled_from(list(By)),
    ends=st.tuples(quarters, quarters),
    own=st.booleans(),
)
def test_a_report_is_the_sum_of_its_quarters(
    connection: Connection, tally: Tally, zone: str, by: By, ends: tuple[int, int], *, own: bool
) -> None:
    add_tally(connection, tally)
    span = Span(begin=min(ends), end=max(ends) + 1, zone=ZoneInfo(zone))
    columns = ("offered", "answered")
    wanted = Wanted(table=Counts.QUEUES, names=("queue",), columns=columns, own=own)
    grid = add_up(connection, wanted, span, by)
    rows = [grid.row(number) for number in range(len(grid))]
    assert rows == sorted(set(rows))
    found = Counter(
        {
            (begin, names[0], what): count
            for what in ("offered", "answered")
            for (begin, names), count in zip(rows, grid.sums[what].tolist(), strict=True)
        }
    )
    expected: Counter[tuple[int, str, str]] = Counter()
    for (quarter, _, queue), row in (
        tally.between(span.begin, span.end).rows.get(Counts.QUEUES, {}).items()
    ):
        bucket = next(b for b in buckets(by, span) if b.begin <= int(quarter) < b.end)
        for what in ("offered", "answered"):
            expected[bucket.begin, str(queue), what] += row.get(what, 0)
    assert +found == +expected
    connection.rollback()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=tallies(), second=tallies(), begin=quarters)
def test_sums_as_they_come_are_those_made_anew(
    connection: Connection, first: Tally, second: Tally, begin: int
) -> None:
    add_tally(connection, first)
    add_tally(connection, second)
    as_they_came = sums(connection)
    assert {row[0] for row in as_they_came} <= set(SIZES)
    end = FIRST + 4001
    kept = read_tally(connection, begin, end, [Counts.QUEUES])
    clear(connection, begin, end, [Counts.QUEUES])
    insert_tally(connection, kept)
    roll_up(connection, begin, end, [Counts.QUEUES])
    assert sums(connection) == as_they_came
    connection.rollback()


@given(begin=quarters, end=quarters)
def test_a_span_in_days(begin: int, end: int) -> None:
    found = list(days(begin, end))
    assert [quarter for first, last in found for quarter in range(first, last)] == list(
        range(begin, end)
    )
    assert all(last - first <= 86_400_000 // QUARTER_MS for first, last in found)
    first, last = whole(begin, max(begin, end))
    assert first % SIZES[0] == last % SIZES[0] == 0
    assert first <= begin
    assert last >= max(begin, end)
    assert last - first < max(0, end - begin) + 64
