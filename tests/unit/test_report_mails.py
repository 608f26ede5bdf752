"""Reports are mailed once when their time is over, whatever happens in between."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from callcenter.kernel.clock import Timer
from callcenter.kernel.database import metadata, open_database
from callcenter.kernel.errors import CallCenterError
from callcenter.kernel.mail import Outbox
from callcenter.numbers import Tenant, save_tenant
from callcenter.reports.desk import ReportDesk
from callcenter.reports.mailing import Mailer
from callcenter.reports.schedules import Schedule, last_period, report_mailings

NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)  # a Wednesday, noon in Shanghai


class Now:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def call_later(self, seconds: float, call: Any) -> Timer:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


@pytest.fixture
def database(tmp_path: Path) -> Any:
    engine = open_database(f"sqlite:///{tmp_path / 'mails.db'}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        save_tenant(connection, Tenant(id="acme", name="Acme", zone="Asia/Shanghai"))
    yield engine
    engine.dispose()


def wanted(**given: Any) -> Schedule:
    values = {
        "id": "",
        "tenant": "acme",
        "kind": "traffic",
        "every": "day",
        "hour": 6,
        "zone": "",
        "format": "html",
        "to": "ann@example.com",
        "since": NOON,
        "by": "",
    }
    return Schedule(**{**values, **given})


def test_a_report_goes_out_once_a_day_over_restarts(database: Engine) -> None:
    clock = Now()
    made = ReportDesk(database, clock.now).add_schedule(wanted())
    assert made.zone == "Asia/Shanghai"
    assert Mailer(database, clock).send_due() == 0  # nothing was over since
    clock.at = datetime(2026, 3, 4, 21, 59, tzinfo=UTC)  # 5:59 there
    assert Mailer(database, clock).send_due() == 0
    clock.at += timedelta(minutes=1)
    assert Mailer(database, clock).send_due() == 1
    assert Mailer(database, clock).send_due() == 0  # another engine, the same minute
    clock.at += timedelta(days=3)
    assert Mailer(database, clock).send_due() == 1  # was away: the newest only
    mails = Outbox(database).list()
    assert [mail.subject for mail in reversed(mails)] == [
        "Traffic of acme, 2026-03-04 00:00 to 2026-03-05 00:00 (Asia/Shanghai), by hour",
        "Traffic of acme, 2026-03-07 00:00 to 2026-03-08 00:00 (Asia/Shanghai), by hour",
    ]
    assert "Answer rate = answered / calls that ended" in mails[0].text
    with database.connect() as connection:
        assert len(connection.execute(select(report_mailings)).all()) == 2


@pytest.mark.parametrize("form", ["table", "csv", "xlsx", "json", "png", "html"])
def test_each_format_can_be_mailed(database: Engine, form: str) -> None:
    clock = Now()
    ReportDesk(database, clock.now).add_schedule(wanted(format=form, kind="queues"))
    clock.at += timedelta(days=1)
    assert Mailer(database, clock).send_due() == 1


def test_weeks_and_months_begin_where_they_begin(database: Engine) -> None:
    made = ReportDesk(database, Now().now).add_schedule
    week, month = made(wanted(every="week")), made(wanted(every="month"))
    later = NOON + timedelta(days=40)  # Monday, 13 April
    for schedule, begin, end in (
        (week, "2026-04-06", "2026-04-13"),
        (month, "2026-03-01", "2026-04-01"),
    ):
        period = last_period(schedule, later)
        assert period is not None
        assert (str(period.begin.date()), str(period.end.date())) == (begin, end)


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"kind": "nothing"}, "There is no report 'nothing'"),
        ({"every": "minute"}, "not 'minute'"),
        ({"format": "doc"}, "There is no format 'doc'"),
        ({"hour": 24}, "from 0 to 23"),
        ({"to": "nobody"}, "no mail address"),
        ({"zone": "Mars/Olympus"}, "no time zone 'Mars/Olympus'"),
        ({"tenant": "other"}, "no tenant 'other'"),
    ],
)
def test_what_cannot_be_mailed_is_told(
    database: Engine, bad: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CallCenterError, match=sentence):
        ReportDesk(database, Now().now).add_schedule(wanted(**bad))
