"""Ended calls found by number, time, duration, region, seat, queue, tenant, result; page by page.

Newest first. A page begins after the last row of the one before (started_at and id), so that the
millionth row costs what the first does and nothing is kept open between two pages.

Of the conditions that an index serves out of the order of time (the beginning of a number, a seat
that took part), each is first looked at alone, up to a bound: what few rows have is fetched and
sorted, what many have is met soon enough on the way back in time.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    exists,
    func,
    or_,
    select,
    text,
)

from callcenter.calls.cdr import Cdr, Result
from callcenter.calls.store import add_parts, cdr_from
from callcenter.calls.tables import cdr_legs, cdr_visits, cdrs
from callcenter.kernel.errors import Refused
from callcenter.kernel.unled import Unled
from callcenter.routing.dialling import dial_plan

FEW = 20_000
"""So many rows are fetched and sorted rather than looked for in the order of time."""
PAGE = 1000
_LAST = "\U0010ffff"


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is looked for; what is left empty does not matter. Seconds; times are aware.

    ``since`` counts, ``until`` does not. ``caller`` and ``dialled`` end in ``*`` for all numbers
    that begin so, and find a number however it was written: with country code or without.
    ``seat`` and ``queue`` are those that took part. ``region`` is a country, province or city like
    ``CN/Guangdong``. ``tenants`` are those that may be seen, ``None``: all.
    """

    since: datetime | None = None
    until: datetime | None = None
    caller: str = ""
    dialled: str = ""
    seat: str = ""
    queue: str = ""
    tenant: str = ""
    region: str = ""
    result: str = ""
    longer: float | None = None
    shorter: float | None = None
    tenants: frozenset[str] | None = None
    countries: tuple[str, ...] = ("CN",)

    def __post_init__(self) -> None:
        """Refuse a result that no call can have."""
        if self.result and self.result not in list(Result):
            raise Refused(f"{self.result!r} is no result; there are {', '.join(Result)}.")


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some of what was found; ``after`` asks for the next ones, "" when there are none."""

    cdrs: list[Cdr]
    after: str = ""


Place = tuple[datetime, str]
Row = dict[str, Any]


def page(
    connection: Connection, search: Search, *, most: int = 50, after: str = "", parts: bool = True
) -> Page:
    """The next calls of a search, with their parts if wanted.

    Raises:
        Refused: ``after`` is not what a page said.
    """
    rows = rows_of(connection, search, most=most + 1, after=_read(after) if after else None)
    found = [cdr_from(row) for row in rows[:most]]
    if parts:
        add_parts(connection, found)
    more = _said(found[-1].started_at, found[-1].id) if len(rows) > most else ""
    return Page(cdrs=found, after=more)


def rows_of(
    connection: Connection, search: Search, *, most: int, after: Place | None = None
) -> list[Row]:
    """Rows of the table, newest first. A number is looked for in each way it may be written."""
    ways = list(_ways(search))
    if len(ways) == 1:
        query = find(connection, ways[0], after).limit(most)
        return [dict(row) for row in connection.execute(query).mappings()]
    found: dict[str, Row] = {}
    for way in ways:
        query = find(connection, way, after).limit(most)
        found |= {row["id"]: dict(row) for row in connection.execute(query).mappings()}
    newest = sorted(found.values(), key=lambda row: (row["started_at"], row["id"]), reverse=True)
    return list(islice(newest, most))


def find(connection: Connection, search: Search, after: Place | None = None) -> Select[Any]:
    """The query; a number is taken as it is written."""
    wide = list(_wide(search))
    leader = _leader(connection, wide)
    conditions = [each.led if each is leader else each.met for each in wide]
    started: ColumnElement[Any] = Unled(cdrs.c.started_at) if leader else cdrs.c.started_at
    if search.since is not None:
        conditions.append(started >= search.since)
    if search.until is not None:
        conditions.append(started < search.until)
    if after is not None:
        at, call = after
        conditions += [started <= at, or_(started < at, cdrs.c.id < call)]
    query = select(cdrs).where(*_plain(search), *conditions)
    return query.order_by(started.desc(), cdrs.c.id.desc())


# -- conditions -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Wide:
    """A condition in two ways: led by its own index, or met while going back in time."""

    few: Select[Any]
    led: ColumnElement[bool]
    met: ColumnElement[bool]


def _plain(search: Search) -> Iterator[ColumnElement[bool]]:
    """Those that fit an index together with the time, or need none."""
    for name in ("tenant", "result"):
        if value := getattr(search, name):
            yield cdrs.c[name] == value
    for name in ("caller", "dialled"):
        value = getattr(search, name)
        if value and not value.endswith("*"):
            yield cdrs.c[name] == value
    if search.tenants is not None:
        yield cdrs.c.tenant.in_(sorted(search.tenants))


def _wide(search: Search) -> Iterator[_Wide]:
    for name in ("caller", "dialled"):
        value = getattr(search, name)
        if value.endswith("*") and len(value) > 1:
            yield _range(cdrs.c[name], value[:-1], value[:-1] + _LAST)
    if search.region:
        yield _region(search.region)
    if search.longer is not None or search.shorter is not None:
        yield _range(cdrs.c.duration_seconds, search.longer, search.shorter)
    if search.seat:
        mine = and_(cdr_legs.c.seat == search.seat, text("cdr_legs.seat <> ''"))  # as its index
        yield _part(search, cdr_legs.c.call, mine, cdr_legs.c.started_at)
    if search.queue:
        mine = cdr_visits.c.queue == search.queue
        yield _part(search, cdr_visits.c.call, mine, cdr_visits.c.joined_at)


def _range(column: ColumnElement[Any], low: Any, high: Any) -> _Wide:
    """From ``low``, included, to ``high``, which is not; ``None`` is no bound."""

    def between(side: ColumnElement[Any]) -> ColumnElement[bool]:
        bounds = [] if low is None else [side >= low]
        return and_(*bounds, *([] if high is None else [side < high]))

    return _Wide(select(column).where(between(column)), between(column), between(Unled(column)))


def _region(region: str) -> _Wide:
    column, below = cdrs.c.region, f"{region}/"

    def inside(side: ColumnElement[Any]) -> ColumnElement[bool]:
        one_range = and_(side >= region, side < f"{below}{_LAST}")  # an index serves no OR
        return and_(one_range, or_(side == region, side >= below))

    return _Wide(select(column).where(inside(column)), inside(column), inside(Unled(column)))


def _part(
    search: Search, call: ColumnElement[Any], mine: ColumnElement[bool], at: ColumnElement[Any]
) -> _Wide:
    """A call with such a leg or visit. Parts begin after their call, so ``since`` narrows them."""
    if search.since is not None:
        mine = and_(mine, at >= search.since)
    few = select(call).where(mine)
    return _Wide(few, cdrs.c.id.in_(few), exists().where(call == cdrs.c.id, mine))


def _leader(connection: Connection, conditions: Sequence[_Wide]) -> _Wide | None:
    """The condition with the fewest rows, if they are few enough."""
    leader, fewest = None, FEW + 1
    for condition in conditions:
        some = condition.few.limit(fewest).subquery()
        many = connection.execute(select(func.count()).select_from(some)).scalar_one()
        if many < fewest:
            leader, fewest = condition, many
    return leader


# -- numbers --------------------------------------------------------------------------------------


def _ways(search: Search) -> Iterator[Search]:
    for caller in _spellings(search.caller, search.countries):
        for dialled in _spellings(search.dialled, search.countries):
            yield replace(search, caller=caller, dialled=dialled)


def _spellings(number: str, countries: Sequence[str]) -> list[str]:
    """How a number may stand in a CDR: as typed, with the country code, without it."""
    digits = number.removesuffix("*").removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return [number]
    found = [number]
    for country in countries:
        plan = dial_plan(country)
        key = plan.key(number)
        found += [key, key[1:]]
        if key.startswith(plan.prefix):
            inside = key.removeprefix(plan.prefix)
            found += [inside, f"0{inside}"]
    return list(dict.fromkeys(found))


# -- where a page ended ---------------------------------------------------------------------------


def _said(at: datetime, call: str) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()} {call}".encode()).decode().rstrip("=")


def _read(after: str) -> Place:
    try:
        text = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
        at, _, call = text.partition(" ")
        return datetime.fromisoformat(at).astimezone(UTC), call
    except (ValueError, binascii.Error):
        raise Refused("That is not where a page ended; take what the page before said.") from None


def pages(database: Engine, search: Search) -> Iterator[list[Row]]:
    """All rows of a search in pages, newest first; between two pages nothing is open."""
    after: Place | None = None
    while True:
        with database.connect() as connection:
            rows = rows_of(connection, search, most=PAGE, after=after)
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        after = (rows[-1]["started_at"], rows[-1]["id"])
