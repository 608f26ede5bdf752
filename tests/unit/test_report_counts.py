"""Counts: as they come, made anew and counted by hand are the same, whatever the calls were."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, update

from callcenter.acd.log import SeatNoted, save_noted
from callcenter.acd.model import SeatState, SeatStatus
from callcenter.calls.cdr import Cdr, CdrLeg, CdrStep, CdrTransfer, CdrVisit, Result
from callcenter.calls.model import EndedBy
from callcenter.calls.store import save_cdrs
from callcenter.calls.tables import cdr_legs, cdr_visits, cdrs
from callcenter.kernel.database import metadata
from callcenter.reports import count_calls, count_seat
from callcenter.reports.balances import ProofFailed
from callcenter.reports.calendar import Span
from callcenter.reports.model import Counts, Tally, ms_of, quarter_of, split
from callcenter.reports.proving import prove
from callcenter.reports.recount import recompute
from callcenter.reports.store import SUMS, TABLES, read_tally
from tests.support.memory import connection, database

__all__ = ["connection", "database"]
START = datetime(2026, 3, 2, 8, 50, tzinfo=UTC)
LATER = START + timedelta(days=2)
SPAN = Span(begin=quarter_of(START), end=quarter_of(LATER), zone=ZoneInfo("UTC"))
UNTIL = datetime(2026, 3, 3, tzinfo=UTC)

millis = st.integers(0, 4 * 3_600_000)


def at(ms: int) -> datetime:
    return START + timedelta(milliseconds=ms)


@st.composite
def calls(draw: Any) -> Cdr:
    """Any call; its parts add up as those of a folded one do."""
    start, length = draw(millis), draw(millis)
    moments = st.integers(start, start + length)
    cdr = Cdr(
        id=f"c{draw(st.integers(0, 10**6))}",
        tenant=draw(st.sampled_from(["a", "b"])),
        source=draw(st.sampled_from(["trunk", "extension"])),
        dialled=draw(st.sampled_from(["400", "500"])),
        region=draw(st.sampled_from(["", "CN/Guangdong/Foshan", "JP"])),
        started_at=at(start),
        ended_at=at(start + length),
        duration_seconds=length / 1000,
        result=draw(st.sampled_from(list(Result))),
        ended_by=draw(st.sampled_from(list(EndedBy))),
    )
    for _ in range(draw(st.integers(0, 3))):
        joined, left = sorted((draw(moments), draw(moments)))
        by, reason, to = draw(
            st.sampled_from(
                [
                    ("answered", "", ""),
                    ("abandoned", "", ""),
                    ("overflow", "waited", "voicemail:x"),
                    ("overflow", "callback", "139"),
                    ("overflow", "full", "queue:y"),
                    ("overflow", "key", "flow:main"),
                    ("overflow", "", ""),
                ]
            )
        )
        visit = CdrVisit(
            queue=draw(st.sampled_from(["sales", "service"])),
            joined_at=at(joined),
            left_at=at(left),
            wait_seconds=(left - joined) / 1000,
            by=by,
            reason=reason,
            to=to,
            announced_seconds=draw(st.sampled_from([None, 30.0, 600.0])),
        )
        cdr.visits.append(visit)
    for _ in range(draw(st.integers(0, 3))):
        made, rang, ended = sorted((draw(moments), draw(moments), draw(moments)))
        talked = draw(st.booleans())
        talk = (ended - rang) / 1000 if talked else 0.0
        leg = CdrLeg(
            kind="seat",
            endpoint="1001",
            seat=draw(st.sampled_from(["1001", "1002", ""])),
            queue=draw(st.sampled_from(["sales", ""])),
            started_at=at(made),
            answered_at=at(rang) if talked else None,
            ended_at=at(ended),
            outcome="answered" if talked else draw(st.sampled_from(["rejected", "caller_gone"])),
            talk_seconds=talk,
            hold_seconds=round(talk / 3, 3) if draw(st.booleans()) else 0.0,
        )
        cdr.legs.append(leg)
    cdr.talk_seconds = sum(leg.talk_seconds for leg in cdr.legs)
    cdr.hold_seconds = sum(leg.hold_seconds for leg in cdr.legs)
    for node in draw(st.lists(st.sampled_from(["menu", "welcome"]), max_size=3)):
        step = CdrStep(at=at(draw(moments)), flow="main", version=1, node=node)
        cdr.steps.append(step)
    if draw(st.booleans()):
        cdr.transfers.append(CdrTransfer(at=at(draw(moments)), to="1002", by="1001"))
    return cdr


@st.composite
def days(draw: Any) -> list[SeatNoted]:
    """Any log of two seats, in the order in which it was noted."""
    now, log = 0, []
    for _ in range(draw(st.integers(0, 12))):
        now += draw(st.integers(0, 3_600_000))
        status = draw(st.sampled_from(list(SeatStatus)))
        state = draw(st.sampled_from(list(SeatState)))
        noted = SeatNoted(
            seat=draw(st.sampled_from(["1001", "1002"])),
            at=at(now),
            status=status,
            reason=draw(st.sampled_from(["", "meal"])) if status is SeatStatus.BUSY else "",
            state=state,
            call="",
            by="",
            queue="sales" if state is SeatState.WRAP_UP else "",
        )
        log.append(noted)
    return log


def add(connection: Connection, found: list[Cdr], log: list[SeatNoted] = []) -> None:  # noqa: B006
    """As the engine does it."""
    count_calls(connection, found)
    save_cdrs(connection, found)
    for position, noted in enumerate(log, 1):
        count_seat(connection, position, noted)
        save_noted(connection, position, noted)


def kept(connection: Connection) -> Tally:
    return read_tally(connection, SPAN.begin, SPAN.end, Counts)


def by_hand(found: list[Cdr]) -> dict[str, Counter[tuple[Any, ...]]]:
    """Counted without the fold: plain loops over the calls."""
    count: dict[str, Counter[tuple[Any, ...]]] = {
        name: Counter() for name in ("calls", "results", "offered", "answered", "offers", "load")
    }
    for cdr in found:
        count["calls"][quarter_of(cdr.started_at), cdr.tenant] += 1
        count["results"][quarter_of(cdr.ended_at), cdr.tenant, cdr.result.value] += 1
        for visit in cdr.visits:
            count["offered"][quarter_of(visit.joined_at), visit.queue] += 1
            if visit.by == "answered":
                count["answered"][quarter_of(visit.left_at), visit.queue] += 1
        for leg in cdr.legs:
            if leg.seat:
                count["offers"][quarter_of(leg.started_at), leg.seat] += 1
        moment = cdr.started_at
        while moment < cdr.ended_at:
            border = (ms_of(moment) // 900_000 + 1) * 900_000
            end = min(cdr.ended_at, datetime.fromtimestamp(border / 1000, UTC))
            ms = round((end - moment).total_seconds() * 1000)
            count["load"][quarter_of(moment), cdr.tenant] += ms
            moment = end
    return count


def as_counted(connection: Connection) -> dict[str, Counter[tuple[Any, ...]]]:
    """The same figures as the tables have them."""
    count: dict[str, Counter[tuple[Any, ...]]] = {
        name: Counter() for name in ("calls", "results", "offered", "answered", "offers", "load")
    }
    rows = kept(connection).rows
    for (quarter, kind, tenant, _), row in rows.get(Counts.CALLS, {}).items():
        if kind == "tenant":
            count["calls"][quarter, tenant] += row.get("calls", 0)
            count["load"][quarter, tenant] += row.get("call_ms", 0)
            for result in Result:
                count["results"][quarter, tenant, result.value] += row.get(result.value, 0)
    for (quarter, _, queue), row in rows.get(Counts.QUEUES, {}).items():
        count["offered"][quarter, queue] += row.get("offered", 0)
        count["answered"][quarter, queue] += row.get("answered", 0)
    for (quarter, _, seat), row in rows.get(Counts.SEATS, {}).items():
        count["offers"][quarter, seat] += row.get("offers", 0)
    return {name: +counter for name, counter in count.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(found=st.lists(calls(), max_size=8, unique_by=lambda cdr: cdr.id), log=days())
def test_as_they_come_made_anew_and_by_hand(
    database: Engine, found: list[Cdr], log: list[SeatNoted]
) -> None:
    with database.connect() as connection:
        add(connection, found, log)
        first = kept(connection)
        assert as_counted(connection) == {name: +c for name, c in by_hand(found).items()}
        add(connection, found)  # a replay: nothing counts twice
        assert kept(connection) == first
        prove(connection, SPAN, LATER)
        connection.commit()
        connection.execute(update(TABLES[Counts.CALLS]).values(calls=77))
        connection.commit()
        middle = SPAN.begin + 7
        for begin, end in ((middle, SPAN.end), (SPAN.begin, middle)):
            recompute(connection, begin, end)
            connection.commit()
        assert kept(connection) == first
        for table in metadata.sorted_tables:
            connection.execute(delete(table))
        connection.commit()


@given(first=millis, second=millis)
def test_a_span_is_cut_at_quarters_and_adds_up(first: int, second: int) -> None:
    begin, end = sorted((at(first), at(second)))
    parts = list(split(begin, end))
    assert sum(ms for _, ms in parts) == ms_of(end) - ms_of(begin)
    assert all(0 < ms <= 900_000 for _, ms in parts)
    assert [quarter for quarter, _ in parts] == sorted({quarter for quarter, _ in parts})


def one() -> Cdr:
    """A call that waits over a quarter's border, rings twice and talks."""
    cdr = Cdr(
        id="c1",
        tenant="a",
        source="trunk",
        dialled="400",
        started_at=at(0),
        ended_at=at(1_000_000),
        result=Result.ANSWERED,
        talk_seconds=100.0,
    )
    cdr.visits.append(
        CdrVisit(
            queue="sales", joined_at=at(0), left_at=at(900_000), by="answered", wait_seconds=900.0
        )
    )
    leg = CdrLeg(kind="seat", endpoint="1001", seat="1001", queue="sales", started_at=at(800_000))
    leg.answered_at, leg.ended_at = at(900_000), at(1_000_000)
    leg.talk_seconds, leg.outcome = 100.0, "answered"
    cdr.legs.append(leg)
    return cdr


def worked() -> list[SeatNoted]:
    """A quarter of ready, two of a meal, then home."""
    say = [
        (SeatStatus.READY, "", 0),
        (SeatStatus.BUSY, "meal", 900),
        (SeatStatus.LOGGED_OUT, "", 2700),
    ]
    return [
        SeatNoted(
            seat="1001",
            at=at(second * 1000),
            status=status,
            reason=reason,
            state=SeatState.IDLE,
            call="",
            by="",
        )
        for status, reason, second in say
    ]


DAMAGE: dict[str, tuple[Any, str]] = {
    "a count of a queue": (
        update(TABLES[Counts.QUEUES]).values(answered=5),
        "'queues balance' fails: interval_queues of .*queue sales",
    ),
    "a wait in a count": (
        update(TABLES[Counts.QUEUES]).values(wait_ms=5),
        "'counts are those of the calls' fails: interval_queues of .*queue sales: wait_ms is 5",
    ),
    "a count of calls": (
        update(TABLES[Counts.CALLS]).values(calls=9),
        "'calls balance' fails: interval_calls of .*",
    ),
    "a talk of a number": (
        update(TABLES[Counts.CALLS])
        .where(TABLES[Counts.CALLS].c.kind == "number")
        .values(talk_ms=9),
        "'calls add up' fails: .*tenant a: talk_ms by number is 9",
    ),
    "a seat's time": (
        update(TABLES[Counts.SEAT_TIMES]).values(ready=1),
        "'seat times add up' fails: interval_seat_times of .*seat 1001",
    ),
    "a pause": (
        update(TABLES[Counts.PAUSES]).values(ms=1),
        "'times are those of the seats' logs' fails: interval_pauses of .*reason meal",
    ),
    "a sum of hours": (
        update(SUMS[Counts.QUEUES]).where(SUMS[Counts.QUEUES].c.size == 4).values(answered=5),
        "'hours and days are sums of quarters' fails: the sum of 1 h from .*queue sales",
    ),
    "a sum that is lost": (
        delete(SUMS[Counts.PAUSES]),
        "'hours and days are sums of quarters' fails: the sum of 8 h from .*meal",
    ),
    "a leg": (
        update(cdr_legs).values(talk_seconds=3),
        "'calls add up to their legs' fails: CDR c1: its talk is 100 s, its legs add up to 3 s",
    ),
    "a visit": (
        update(cdr_visits).values(wait_seconds=3),
        "'calls add up to their legs' fails: CDR c1: its wait in sales is 3 s, by its times 900 s",
    ),
    "a lost call": (delete(cdrs), "'counts are those of the calls' fails: interval_calls"),
    "a recording": (
        update(cdrs).values(recording_due=True),
        "'due recordings are there' fails: CDR c1 should have been recorded",
    ),
}


@pytest.mark.parametrize("damaged", list(DAMAGE))
def test_a_damaged_row_is_named(connection: Connection, damaged: str) -> None:
    add(connection, [one()], worked())
    proofs = prove(connection, SPAN, LATER)
    assert len(proofs) == 10
    assert all(proof.checked or "recordings" in proof.name for proof in proofs)
    statement, sentence = DAMAGE[damaged]
    connection.execute(statement)
    with pytest.raises(ProofFailed, match=sentence) as told:
        prove(connection, SPAN, LATER)
    assert "\n" not in str(told.value)
    assert told.value.exit_status == 1


def test_seat_time_is_whole_to_the_second(connection: Connection) -> None:
    add(connection, [], worked())
    rows = kept(connection).rows[Counts.SEAT_TIMES]
    total: Counter[str] = Counter()
    for row in rows.values():
        total.update(row)
    assert total == {"logged_in": 2_700_000, "ready": 900_000, "paused": 1_800_000}
    assert len(rows) == 4  # from 8:50 to 9:35


def test_a_wait_over_a_border_is_carried(connection: Connection) -> None:
    add(connection, [one()])
    rows = kept(connection).rows[Counts.QUEUES]
    first, second = sorted(rows, key=lambda key: key[0])
    assert rows[first] == {"offered": 1}
    assert rows[second]["waiting"] == rows[second]["answered"] == 1
