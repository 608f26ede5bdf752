"""Reports as they are asked for: typed dates and zones in, answers out. Blocking.

Used by the REST API, by the command line where no engine runs, and for scheduled mails.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy import Engine as Database

from callcenter.kernel.actor import acting, require_own, require_platform
from callcenter.kernel.errors import NotFound, Refused
from callcenter.kernel.ids import new_id
from callcenter.kernel.mail.model import address_of
from callcenter.numbers import load_numbers
from callcenter.reports.answer import KINDS, Asked, Proof, Report
from callcenter.reports.asking import ask
from callcenter.reports.calendar import By, Span, span_of, zone_of
from callcenter.reports.drill import Counted, calls_below
from callcenter.reports.formats import MEDIA
from callcenter.reports.proving import prove
from callcenter.reports.recount import recompute
from callcenter.reports.schedules import (
    EVERY,
    Schedule,
    list_schedules,
    remove_schedules,
    save_schedule,
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """As typed. ``begin`` and ``end`` are local; without ``zone`` the tenant's counts."""

    kind: str = "traffic"
    begin: str
    end: str
    by: str = ""
    tenant: str = ""
    zone: str = ""
    within: int = 0
    short: int = 0


class ReportDesk:
    """Over one database. ``recordings``: the folder of the files, for the proof of them."""

    def __init__(
        self, database: Database, now: Callable[[], datetime], recordings: Path | None = None
    ) -> None:
        self._database = database
        self._now = now
        self._recordings = recordings

    def report(self, question: Question) -> Report:
        """A report with its cheap proofs."""
        with self._database.connect() as connection:
            return ask(connection, self._asked(connection, question))

    def calls(self, question: Question, figure: str, name: str, most: int) -> list[Counted]:
        """The calls below a figure."""
        with self._database.connect() as connection:
            return calls_below(connection, self._asked(connection, question), figure, name, most)

    def prove(self, question: Question) -> list[Proof]:
        """All proofs of a span; of all tenants together, so it is the platform's."""
        require_platform("counts are proved")
        with self._database.connect() as connection:
            span = self._span(connection, question)
            return prove(connection, span, self._now(), self._recordings)

    def recompute(self, question: Question) -> int:
        """Count a span anew; how many rows that made."""
        require_platform("counts are made anew")
        with self._database.connect() as connection:
            span = self._span(connection, question)
        with self._own() as connection:
            return recompute(connection, span.begin, span.end)

    def schedules(self) -> list[Schedule]:
        """Those of the asker's tenants."""
        with self._database.connect() as connection:
            return [each for each in list_schedules(connection) if _sees(each.tenant)]

    def add_schedule(self, wanted: Schedule) -> Schedule:
        """A new one; its id is made here."""
        if wanted.kind not in KINDS:
            raise Refused(f"There is no report {wanted.kind!r}; there are: {', '.join(KINDS)}.")
        if wanted.every not in EVERY:
            raise Refused(f"Reports are mailed every {', '.join(EVERY)}, not {wanted.every!r}.")
        if wanted.format not in MEDIA:
            raise Refused(f"There is no format {wanted.format!r}; there are: {', '.join(MEDIA)}.")
        if not 0 <= wanted.hour <= 23:
            raise Refused("The hour is one from 0 to 23.")
        address_of(wanted.to)
        with self._database.begin() as connection:
            zone = self._zone(connection, wanted.tenant, wanted.zone)
            made = Schedule(
                id=new_id("r"),
                tenant=wanted.tenant,
                kind=wanted.kind,
                every=wanted.every,
                hour=wanted.hour,
                zone=zone,
                format=wanted.format,
                to=wanted.to,
                since=self._now(),
                by=acting.get().name,
            )
            save_schedule(connection, made)
        return made

    def remove_schedule(self, schedule: str) -> None:
        """Mail it no more."""
        sentence = f"There is no schedule {schedule}."
        with self._database.begin() as connection:
            found = next((s for s in list_schedules(connection) if s.id == schedule), None)
            if found is None or not _sees(found.tenant):
                raise NotFound(sentence)
            remove_schedules(connection, [schedule])

    # -- inside -------------------------------------------------------------------------------

    @contextmanager
    def _own(self) -> Iterator[Connection]:
        """A transaction that begins with a lock."""
        with self._database.connect() as connection:
            yield connection
            connection.commit()

    def _asked(self, connection: Connection, question: Question) -> Asked:
        try:
            by = By(question.by)
        except ValueError:
            raise Refused(f"A report is by hour, day or month, not by {question.by!r}.") from None
        return Asked(
            kind=question.kind,
            span=self._span(connection, question),
            now=self._now(),
            by=by,
            tenant=question.tenant,
            tenants=acting.get().tenants,
            within=question.within,
            short=question.short,
        )

    def _span(self, connection: Connection, question: Question) -> Span:
        zone = zone_of(self._zone(connection, question.tenant, question.zone))
        return span_of(question.begin, question.end, zone)

    def _zone(self, connection: Connection, tenant: str, zone: str) -> str:
        """The one that is asked for, else the tenant's, else that of the only tenant, else UTC."""
        tenants = load_numbers(connection).tenants
        if tenant:
            if tenant not in tenants:
                raise NotFound(f"There is no tenant {tenant!r}.")
            require_own(tenant, f"There is no tenant {tenant!r}.")
        if zone:
            return str(zone_of(zone))
        seen = [each.zone for name, each in tenants.items() if (name == tenant or not tenant)]
        return seen[0] if len(set(seen)) == 1 else "UTC"


def _sees(tenant: str) -> bool:
    actor = acting.get()
    return actor.sees(tenant) if tenant else actor.tenants is None
