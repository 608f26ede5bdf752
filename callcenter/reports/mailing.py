"""Mails reports when their day, week or month is over: once each, however often we restart.

That a mail has gone into the outbox is noted in the transaction that puts it there; the postman
brings it out from then on. After a long absence only the newest period is sent.
"""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy import Engine as Database

from callcenter.kernel.clock import Clock
from callcenter.kernel.mail import Attachment, put_mail
from callcenter.reports.answer import Asked, Report, shown
from callcenter.reports.asking import ask
from callcenter.reports.calendar import By, Span, zone_of
from callcenter.reports.formats import MEDIA, rendered
from callcenter.reports.formats.cells import title_of
from callcenter.reports.model import quarter_of
from callcenter.reports.schedules import (
    Period,
    Schedule,
    last_period,
    list_schedules,
    note_sent,
    was_sent,
)

_log = structlog.get_logger(__name__)
_WIDTH = 100
_FILE = {"table": "txt"}


class Mailer:
    """Of one engine."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def look(self) -> None:
        """Mail what is due; the engine has us look every minute."""
        try:
            await asyncio.to_thread(self.send_due)
        except Exception:  # the database may be away; the next look is soon
            _log.exception("scheduled reports were not mailed")

    def send_due(self) -> int:
        """Put what is due into the outbox; how many reports that were (blocking)."""
        with self._database.connect() as connection:
            schedules = list_schedules(connection)
        return sum(self._send(schedule) for schedule in schedules)

    def _send(self, schedule: Schedule) -> int:
        period = last_period(schedule, self._clock.now())
        if period is None:
            return 0
        try:
            with self._database.begin() as connection:
                if was_sent(connection, schedule, period):
                    return 0
                note_sent(connection, schedule, period, self._clock.now())
                self._put(connection, schedule, period)
        except Exception:  # one report that fails must not hold up the others
            _log.exception("a scheduled report was not mailed", schedule=schedule.id)
            return 0
        return 1

    def _put(self, connection: Connection, schedule: Schedule, period: Period) -> None:
        report = shown(self._report(connection, schedule, period))
        title, day = title_of(report), f"{period.begin:%Y-%m-%d}"
        name = f"{schedule.kind}-{day}.{_FILE.get(schedule.format, schedule.format)}"
        data = rendered(report, schedule.format, width=_WIDTH)
        media = MEDIA[schedule.format].partition(";")[0]
        put_mail(
            connection,
            schedule.to,
            title,
            rendered(report, "table", width=_WIDTH).decode(),
            [Attachment(name=name, media=media, data=data)],
            tenant=schedule.tenant,
            once=f"report {schedule.id} {day}",
            at=self._clock.now(),
        )

    def _report(self, connection: Connection, schedule: Schedule, period: Period) -> Report:
        begin, end = quarter_of(period.begin), quarter_of(period.end)
        span = Span(begin=begin, end=end, zone=zone_of(schedule.zone))
        short = span.until - span.since < timedelta(days=2)
        timed = (By.HOUR if short else By.DAY) if schedule.kind == "traffic" else By.ALL
        asked = Asked(
            kind=schedule.kind, span=span, now=self._clock.now(), by=timed, tenant=schedule.tenant
        )
        return ask(connection, asked)
