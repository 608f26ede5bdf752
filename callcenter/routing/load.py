"""Brings the tables from the database into memory (blocking). Lists bring only what changed."""

import time
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from sqlalchemy import Connection, select

from callcenter.kernel.errors import Refused
from callcenter.numbers import Destination, Numbers
from callcenter.routing import regions
from callcenter.routing.hours import DAYS, Calendar, DayKind, Plan, Range, SpecialDay, parse_ranges
from callcenter.routing.lists import Change, Lists
from callcenter.routing.store import (
    calendar_days,
    hours_plans,
    list_entries,
    list_revision,
    make_up_days,
    region_rules,
)
from callcenter.routing.tables import RegionRule, Tables

_log = structlog.get_logger(__name__)
_AT_ONCE = 1_000  # fetched in one go, during which no other thread runs
_TOGETHER = 50_000


def load_tables(connection: Connection, numbers: Numbers, before: Tables | None = None) -> Tables:
    """Everything routing reads; ``before`` is what was loaded last, its lists are built upon."""
    rules = load_regions(connection)
    if rules:
        regions.prepare()
    return Tables(
        numbers=numbers,
        lists=load_lists(connection, before.lists if before else Lists()),
        regions=rules,
        plans=load_plans(connection, numbers),
    )


def load_lists(connection: Connection, before: Lists) -> Lists:
    """Lists as they are now, made from those of ``before``."""
    newest = connection.execute(select(list_revision.c.revision)).scalar() or 0
    if newest == before.revision:
        return before
    if newest < before.revision:  # another database: it was put back from a copy
        before = Lists()
    rows = list_entries.c
    query = select(
        rows.list, rows.tenant, rows.pattern, rows.note, rows.expires_at, rows.removed
    ).where(rows.revision > before.revision)
    if before.revision == 0:
        query = query.where(~rows.removed)
    result = connection.execution_options(yield_per=_AT_ONCE).execute(query)
    lists, some = before, list[Change]()
    for rows_read in result.partitions(_AT_ONCE):
        some += [Change(r[0], r[1], r[2], r[3], r[4], removed=r[5]) for r in rows_read]
        if len(some) >= _TOGETHER:
            lists, some = lists.changed(newest, some), []
    lists = lists.changed(newest, some)
    return Lists(revision=newest, black=lists.black, white=lists.white)


def load_regions(connection: Connection) -> dict[tuple[str, str], dict[str, RegionRule]]:
    """Region rules by tenant and number, then by region."""
    found: dict[tuple[str, str], dict[str, RegionRule]] = {}
    for row in connection.execute(select(region_rules)):
        rule = RegionRule(
            tenant=row.tenant,
            number=row.number,
            region=row.region,
            destination=Destination.parse(row.destination),
        )
        found.setdefault((row.tenant, row.number), {})[row.region] = rule
    return found


def load_plans(connection: Connection, numbers: Numbers) -> dict[tuple[str, str], Plan]:
    """Every plan with its calendars; one that cannot be used is left out, and its calls get in."""
    calendars = load_calendars(connection)
    worked: dict[str, set[date]] = {}
    for row in connection.execute(select(make_up_days)):
        worked.setdefault(row.country, set()).add(row.day)
    plans: dict[tuple[str, str], Plan] = {}
    for row in connection.execute(select(hours_plans)):
        tenant = numbers.tenants.get(row.tenant)
        codes = tuple(code for code in row.holidays.split(",") if code)
        try:
            plan = plans[row.tenant, row.name] = Plan(
                name=row.name,
                zone=zone(row.zone or (tenant.zone if tenant else "UTC")),
                weekly=parse_week(row.weekly),
                holidays=codes,
                calendars=tuple(_calendars(row.tenant, row.calendars, calendars)),
                make_up=frozenset(
                    day for code in codes for day in worked.get(code.partition("-")[0], ())
                ),
            )
            plan.at(time.time())  # a year's holidays are worked out here, not in a call's way
        except Refused as error:
            _log.error("hours plan cannot be used", plan=row.name, why=str(error))
    return plans


def load_calendars(connection: Connection) -> dict[tuple[str, str], dict[date, SpecialDay]]:
    """Special dates by tenant and calendar."""
    found: dict[tuple[str, str], dict[date, SpecialDay]] = {}
    for row in connection.execute(select(calendar_days).order_by(calendar_days.c.day)):
        special = SpecialDay(kind=DayKind(row.kind), ranges=parse_ranges(row.ranges), note=row.note)
        found.setdefault((row.tenant, row.calendar), {})[row.day] = special
    return found


def parse_week(text: str) -> tuple[tuple[Range, ...], ...]:
    """Read seven days' ranges, Monday first, parted by ``;``."""
    days = text.split(";")
    if len(days) != len(DAYS):
        raise Refused(f"A week has seven days, this one has {len(days)}.")
    return tuple(parse_ranges(day) for day in days)


def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name.

    Raises:
        Refused: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(f"{name!r} is no time zone; write one like Asia/Shanghai.") from None


def _calendars(
    tenant: str, names: str, known: dict[tuple[str, str], dict[date, SpecialDay]]
) -> Iterator[Calendar]:
    for name in names.split(","):
        if name:
            yield Calendar(name=name, days=known.get((tenant, name), {}))
