"""Reports that are mailed by themselves: which, how often, to whom, and which have gone out."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Connection, Integer, String, Table, delete, select

from callcenter.kernel.database import UtcDateTime, metadata

EVERY = ("day", "week", "month")

report_schedules = Table(
    "report_schedules",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),  # "": all tenants together
    Column("kind", String(16), nullable=False),
    Column("every", String(8), nullable=False),
    Column("hour", Integer, nullable=False),  # of the day on which the period is over
    Column("zone", String(64), nullable=False),
    Column("format", String(8), nullable=False),
    Column("to", String(254), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("by", String(64), nullable=False),
)

report_mailings = Table(
    "report_mailings",
    metadata,
    Column("schedule", String(32), primary_key=True),
    Column("period", UtcDateTime, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """``every`` day, week or month, at ``hour`` of the first day after it, in ``zone``."""

    id: str
    tenant: str
    kind: str
    every: str
    hour: int
    zone: str
    format: str
    to: str
    since: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class Period:
    """What one mail is about: from ``begin`` to before ``end``."""

    begin: datetime
    end: datetime


def last_period(schedule: Schedule, now: datetime) -> Period | None:
    """The newest period whose mail is due by ``now``; ``None`` before the schedule's first."""
    zone = ZoneInfo(schedule.zone)
    local = now.astimezone(zone)
    end = _beginning(schedule.every, local)
    if local < end.replace(hour=schedule.hour):
        end = _beginning(schedule.every, end - timedelta(days=1))
    if end <= schedule.since.astimezone(zone):
        return None
    begin = _beginning(schedule.every, end - timedelta(days=1))
    return Period(begin=begin, end=end)


def _beginning(every: str, local: datetime) -> datetime:
    """Midnight at which the day, week or month of ``local`` begins."""
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if every == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if every == "month" else day


def list_schedules(connection: Connection) -> list[Schedule]:
    """All, oldest first."""
    query = select(report_schedules).order_by(report_schedules.c.since, report_schedules.c.id)
    return [Schedule(**row._mapping) for row in connection.execute(query)]


def save_schedule(connection: Connection, schedule: Schedule) -> None:
    """Write a new one."""
    connection.execute(report_schedules.insert().values(**asdict(schedule)))


def remove_schedules(connection: Connection, names: Iterable[str]) -> None:
    """Forget schedules and what they have sent."""
    gone = list(names)
    connection.execute(delete(report_mailings).where(report_mailings.c.schedule.in_(gone)))
    connection.execute(delete(report_schedules).where(report_schedules.c.id.in_(gone)))


def was_sent(connection: Connection, schedule: Schedule, period: Period) -> bool:
    """Whether the mail of this period has gone out."""
    mailing = report_mailings.c
    query = select(mailing.at).where(
        mailing.schedule == schedule.id, mailing.period == period.begin
    )
    return connection.execute(query).first() is not None


def note_sent(connection: Connection, schedule: Schedule, period: Period, at: datetime) -> None:
    """It goes out: belongs in the transaction that puts it into the outbox."""
    connection.execute(
        report_mailings.insert().values(schedule=schedule.id, period=period.begin, at=at)
    )
