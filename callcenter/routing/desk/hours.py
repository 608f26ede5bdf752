"""Opening hours, calendars and make-up days as administrators see and set them (N7)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, select

from callcenter.kernel.actor import require_own, require_platform, sees
from callcenter.kernel.errors import NotFound, Refused
from callcenter.numbers import load_numbers
from callcenter.routing.desk.numbers import require_tenant
from callcenter.routing.holidays import check_code
from callcenter.routing.hours import DAYS, DayKind, parse_ranges, ranges_text
from callcenter.routing.load import parse_week, zone
from callcenter.routing.store import calendar_days, hours_plans, make_up_days

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,63}")
_MOST_NOTE = 200


@dataclass(frozen=True, kw_only=True)
class HoursView:
    """A plan: ranges for each day, ``mon`` to ``sun``; ``zone`` "" is that of the tenant."""

    tenant: str
    name: str
    zone: str
    weekly: dict[str, str]
    holidays: list[str]
    calendars: list[str]


@dataclass(frozen=True, kw_only=True)
class DayView:
    """A special date in a calendar."""

    tenant: str
    calendar: str
    day: date
    kind: DayKind
    ranges: str
    note: str


@dataclass(frozen=True, kw_only=True)
class MakeUpView:
    """A weekend day that is worked in a country."""

    country: str
    day: date
    note: str


def list_hours(connection: Connection, tenant: str = "") -> list[HoursView]:
    """Every plan, or those of a tenant."""
    query = select(hours_plans).order_by(hours_plans.c.tenant, hours_plans.c.name)
    return [
        HoursView(
            tenant=row.tenant,
            name=row.name,
            zone=row.zone,
            weekly=dict(zip(DAYS, row.weekly.split(";"), strict=True)),
            holidays=[code for code in row.holidays.split(",") if code],
            calendars=[name for name in row.calendars.split(",") if name],
        )
        for row in connection.execute(query)
        if tenant in ("", row.tenant) and sees(row.tenant)
    ]


def set_hours(
    connection: Connection,
    tenant: str,
    name: str,
    *,
    weekly: Mapping[str, str] | None = None,
    zone_name: str | None = None,
    holidays: list[str] | None = None,
    calendars: list[str] | None = None,
) -> HoursView:
    """Make or change a plan; what is not named stays as it is, a new plan is closed."""
    require_tenant(load_numbers(connection), tenant)
    _check_name(name)
    before = next((plan for plan in list_hours(connection, tenant) if plan.name == name), None)
    days = dict.fromkeys(DAYS, "") | (before.weekly if before else {})
    for day, text in (weekly or {}).items():
        if day not in DAYS:
            raise Refused(f"{day!r} is no day of the week; write {', '.join(DAYS)}.")
        days[day] = ranges_text(parse_ranges(text))
    if zone_name:
        zone(zone_name)
    for calendar in calendars or ():
        _check_name(calendar)
    after = HoursView(
        tenant=tenant,
        name=name,
        zone=zone_name if zone_name is not None else before.zone if before else "",
        weekly=days,
        holidays=[check_code(code) for code in holidays]
        if holidays is not None
        else (before.holidays if before else []),
        calendars=calendars if calendars is not None else (before.calendars if before else []),
    )
    _write(connection, after)
    return after


def _write(connection: Connection, plan: HoursView) -> None:
    week = ";".join(plan.weekly[day] for day in DAYS)
    parse_week(week)
    _delete_hours(connection, plan.tenant, plan.name)
    connection.execute(
        hours_plans.insert().values(
            tenant=plan.tenant,
            name=plan.name,
            zone=plan.zone,
            weekly=week,
            holidays=",".join(plan.holidays),
            calendars=",".join(plan.calendars),
        )
    )


def drop_hours(connection: Connection, tenant: str, name: str) -> None:
    """Forget a plan; refused while a number uses it."""
    require_own(tenant, _no_hours(tenant, name))
    users = [
        number.number
        for number in load_numbers(connection).numbers.values()
        if (number.tenant, number.hours) == (tenant, name)
    ]
    if users:
        raise Refused(f"Hours {name} are used by number {users[0]}; give it others first.")
    if not _delete_hours(connection, tenant, name):
        raise NotFound(_no_hours(tenant, name))


def _no_hours(tenant: str, name: str) -> str:
    return f"Tenant {tenant} has no hours {name!r}; see `callcenter hours list`."


def list_days(connection: Connection, tenant: str = "", calendar: str = "") -> list[DayView]:
    """Special dates."""
    rows = calendar_days.c
    query = select(calendar_days).order_by(rows.tenant, rows.calendar, rows.day)
    return [
        DayView(
            tenant=row.tenant,
            calendar=row.calendar,
            day=row.day,
            kind=DayKind(row.kind),
            ranges=row.ranges,
            note=row.note,
        )
        for row in connection.execute(query)
        if tenant in ("", row.tenant) and calendar in ("", row.calendar) and sees(row.tenant)
    ]


def set_day(
    connection: Connection,
    tenant: str,
    calendar: str,
    day: date,
    *,
    kind: DayKind,
    ranges: str = "",
    note: str = "",
) -> DayView:
    """Put a special date into a calendar."""
    require_tenant(load_numbers(connection), tenant)
    _check_name(calendar)
    read = parse_ranges(ranges)
    if kind is DayKind.OPEN and not read:
        raise Refused("An open day needs hours, like 09:00-12:00.")
    if kind in (DayKind.CLOSED, DayKind.HOLIDAY) and read:
        raise Refused(f"A {kind} day has no hours; make it an open day.")
    made = DayView(
        tenant=tenant,
        calendar=calendar,
        day=day,
        kind=kind,
        ranges=ranges_text(read),
        note=" ".join(note.split())[:_MOST_NOTE],
    )
    _delete_day(connection, tenant, calendar, day)
    connection.execute(calendar_days.insert().values(vars(made) | {"kind": kind.value}))
    return made


def drop_day(connection: Connection, tenant: str, calendar: str, day: date) -> None:
    """Take a special date out."""
    sentence = f"Calendar {calendar} of {tenant} has no special date {day}."
    require_own(tenant, sentence)
    if not _delete_day(connection, tenant, calendar, day):
        raise NotFound(sentence)


def list_make_up(connection: Connection) -> list[MakeUpView]:
    """Make-up days that were entered here; the ``holidays`` library knows more."""
    query = select(make_up_days).order_by(make_up_days.c.country, make_up_days.c.day)
    return [
        MakeUpView(country=row.country, day=row.day, note=row.note)
        for row in connection.execute(query)
    ]


def set_make_up(connection: Connection, country: str, day: date, note: str = "") -> MakeUpView:
    """Enter a weekend day that is worked."""
    require_platform("make-up days are entered")
    made = MakeUpView(country=check_code(country), day=day, note=note[:_MOST_NOTE])
    rows = make_up_days.c
    connection.execute(
        delete(make_up_days).where(rows.country == made.country, rows.day == made.day)
    )
    connection.execute(make_up_days.insert().values(vars(made)))
    return made


def _delete_hours(connection: Connection, tenant: str, name: str) -> bool:
    rows = hours_plans.c
    query = delete(hours_plans).where(rows.tenant == tenant, rows.name == name)
    return bool(connection.execute(query).rowcount)


def _delete_day(connection: Connection, tenant: str, calendar: str, day: date) -> bool:
    rows = calendar_days.c
    query = delete(calendar_days).where(
        rows.tenant == tenant, rows.calendar == calendar, rows.day == day
    )
    return bool(connection.execute(query).rowcount)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Refused(f"{name!r} is no name; use letters, digits, - _ and .")
