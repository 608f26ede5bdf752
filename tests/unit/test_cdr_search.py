"""Ended calls on both databases: kept and read back, found, paged; and the made-up ones agree."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, text

import tests.unit.test_migrations  # noqa: F401 - knows every table
from callcenter.acd import SeatPlan  # noqa: F401 - and its tables
from callcenter.calls import cdr_of
from callcenter.calls.cdr import Cdr, Result
from callcenter.calls.explaining import Moment
from callcenter.calls.search import FEW, Search, page, pages
from callcenter.calls.store import EndedCall, get_cdr, get_moments, list_cdrs, save_cdrs, save_ended
from callcenter.calls.tables import cdr_legs, cdr_steps, cdr_transfers, cdr_visits, cdrs
from callcenter.kernel.errors import Refused
from tests.bench.cdrs import load, plan
from tests.bench.made_cdrs import made
from tests.support.postgres import database, database_url, postgres
from tests.unit.test_cdr_fold import answered_call

__all__ = ["database", "database_url", "postgres"]
DAY = timedelta(days=1)


def _ids(database: Engine, search: Search) -> list[str]:
    with database.connect() as connection:
        return [cdr.id for cdr in page(connection, search, most=1000).cdrs]


def _call(number: int, **facts: object) -> Cdr:
    cdr = cdr_of(f"c-{number:03}", answered_call())
    at = cdr.started_at + timedelta(minutes=number)
    return replace(cdr, started_at=at, **facts)  # type: ignore[arg-type]


# -- kept -----------------------------------------------------------------------------------------


def test_what_was_written_is_read_back_and_written_again(database: Engine) -> None:
    cdr = cdr_of("c-1", answered_call())
    told = (Moment(at=cdr.started_at, what="Rings."),)
    for _ in range(2):
        with database.begin() as connection:
            save_ended(connection, [EndedCall(cdr=cdr, moments=told)] * 2)
    with database.connect() as connection:
        assert get_cdr(connection, "c-1") == cdr
        assert get_moments(connection, "c-1") == told
        assert list_cdrs(connection) == [cdr]
        assert get_cdr(connection, "c-2") is None
    assert (cdr.visits, cdr.steps, cdr.transfers) != ([], [], [])


def test_a_name_too_long_or_with_a_zero_is_no_reason_to_lose_a_call(database: Engine) -> None:
    cdr = replace(cdr_of("c-1", answered_call()), caller_name="ü\0" * 200, caller="9" * 100)
    with database.begin() as connection:
        save_cdrs(connection, [cdr])
    with database.connect() as connection:
        found = get_cdr(connection, "c-1")
    assert found is not None
    assert (found.caller_name, found.caller) == ("ü" * 128, "9" * 64)


# -- found ----------------------------------------------------------------------------------------


def test_by_each_thing_that_is_asked(database: Engine) -> None:
    plain = cdr_of("c-0", answered_call())
    calls = [
        _call(1, caller="13800000001", tenant="b", region="JP/Tokyo/Tokyo"),
        _call(2, caller="+8613800000001", region="CN/Guangdong/Foshan", duration_seconds=5.0),
        _call(3, caller="013800000001", result=Result.LOST, duration_seconds=5000.0),
        _call(4, caller="13800000002", region="CN/Guangdong", dialled="4001"),
        _call(5, caller="", region="CN/Guangdongish", legs=[], visits=[]),
    ]
    with database.begin() as connection:
        save_cdrs(connection, calls)
    start = plain.started_at
    for search, numbers in (
        (Search(), "54321"),
        (Search(caller="13800000001"), "321"),
        (Search(caller="+8613800000001"), "321"),
        (Search(caller="1380000000*"), "4321"),
        (Search(caller="+86138*"), "4321"),
        (Search(caller="13900000000"), ""),
        (Search(dialled="4001"), "4"),
        (Search(dialled="400*"), "54321"),
        (Search(region="CN"), "5432"),
        (Search(region="CN/Guangdong"), "432"),
        (Search(tenant="b"), "1"),
        (Search(tenants=frozenset({"b", "c"})), "1"),
        (Search(tenants=frozenset()), ""),
        (Search(result="lost"), "3"),
        (Search(longer=1000), "3"),
        (Search(shorter=10), "2"),
        (Search(longer=5, shorter=5.1, caller="138*"), "2"),
        (Search(since=start + timedelta(minutes=2), until=start + timedelta(minutes=4)), "32"),
        (Search(seat="1001"), "4321"),
        (Search(seat="1002", queue="sales"), "4321"),
        (Search(queue="sales", since=start, caller="13800000002"), "4"),
        (Search(seat="nobody"), ""),
    ):
        assert _ids(database, search) == [f"c-00{number}" for number in numbers], search


def test_pages_follow_each_other_without_gap_or_double(database: Engine) -> None:
    same = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    calls = [replace(_call(n), started_at=same + DAY * (n // 10)) for n in range(45)]
    with database.begin() as connection:
        save_cdrs(connection, calls)
    found: list[str] = []
    after = ""
    with database.connect() as connection:
        while True:
            some = page(connection, Search(caller="13800000001"), most=7, after=after)
            found += [cdr.id for cdr in some.cdrs]
            after = some.after
            if not after:
                break
    assert found == [f"c-{n:03}" for n in reversed(range(45))]
    assert [row["id"] for rows in pages(database, Search()) for row in rows] == found


@pytest.mark.parametrize("after", ["x", "AAAA", "bm90aGluZw", "é"])
def test_a_place_that_no_page_said_is_refused(database: Engine, after: str) -> None:
    with database.connect() as connection, pytest.raises(Refused, match="where a page ended"):
        page(connection, Search(), after=after)


def test_there_is_no_such_result() -> None:
    with pytest.raises(Refused, match="'angry' is no result; there are answered, abandoned"):
        Search(result="angry")


# -- many -----------------------------------------------------------------------------------------


def test_many_are_loaded_and_found_by_an_index(database: Engine) -> None:
    assert load(database, made(3 * FEW // 10, days=2))["calls"] == 3 * FEW // 10
    with database.connect() as connection:
        number = connection.execute(select(cdrs.c.caller).where(cdrs.c.caller != "")).scalar()
        for search, index in (
            (Search(caller=str(number)), "caller"),
            (Search(caller=f"{str(number)[:9]}*"), "caller"),
            (Search(dialled="4008000007"), "dialled"),
            (Search(longer=3000), "duration"),
        ):
            assert index in plan(connection, search), search
        _made_up_calls_agree(database)


def _made_up_calls_agree(database: Engine) -> None:
    """Sums over the parts are what the calls say."""
    talk = select(func.sum(cdrs.c.talk_seconds), func.sum(cdrs.c.hold_seconds))
    legs = select(func.sum(cdr_legs.c.talk_seconds), func.sum(cdr_legs.c.hold_seconds))
    answered = select(func.count()).where(cdrs.c.result == "answered", cdrs.c.queue != "")
    by_seat = select(func.count(cdr_visits.c.call.distinct())).where(cdr_visits.c.by == "answered")
    orphans = [
        select(func.count()).select_from(part).where(part.c.call.not_in(select(cdrs.c.id)))
        for part in (cdr_legs, cdr_visits, cdr_steps, cdr_transfers)
    ]
    with database.connect() as connection:
        wanted, found = (connection.execute(query).one() for query in (talk, legs))
        assert found == pytest.approx(tuple(wanted))
        assert connection.scalar(answered) == connection.scalar(by_seat)
        assert [connection.scalar(query) for query in orphans] == [0, 0, 0, 0]
        late = text("SELECT count(*) FROM cdr_visits WHERE left_at < joined_at OR wait_seconds < 0")
        assert connection.scalar(late) == 0
