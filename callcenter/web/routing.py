"""Numbers, lists, regions, hours and the explained decision over REST."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal, Protocol, TypeVar

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from callcenter.kernel.actor import require_own
from callcenter.numbers import NumberState, Tenant
from callcenter.routing import Decision, Facts, Looked
from callcenter.routing.desk import files, hours, lists, numbers, regions
from callcenter.routing.hours import DayKind
from callcenter.routing.lists import PLATFORM, ListName
from callcenter.web.places import require_places

T = TypeVar("T")
MOST_ENTRIES = 10_000
_MOST_FILE = 200_000_000
_PLACES = frozenset({"destination", "closed_to", "holiday_to", "over_limit_to", "fallback"})
Name = Annotated[str, Field(max_length=64)]
Place = Annotated[str, Field(max_length=80)]


class Routing(Protocol):
    """What this file asks of the engine; ``work`` runs in one transaction."""

    async def ask(self, work: Callable[[Connection], T]) -> T:
        """Read."""

    async def change(self, work: Callable[[Connection], T]) -> T:
        """Write; when it returns the next call meets the change."""

    async def change_lists(self, work: Callable[[Connection], T]) -> T:
        """The same for what writes to black and white lists only."""

    async def explain(self, facts: Facts, at: datetime | None) -> Decision:
        """Decide without a call; ``at`` is now when it is not given."""


class Desk(Protocol):
    """Whoever has it."""

    @property
    def routing(self) -> Routing:
        """Numbers, lists, regions, hours."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TenantChange(_Body):
    """What is given is set, the rest stays."""

    name: str | None = Field(None, min_length=1, max_length=128)
    language: str | None = Field(None, max_length=8)
    zone: Name | None = None
    country: str | None = Field(None, min_length=2, max_length=2)
    calls_limit: int | None = Field(None, ge=0)
    announce_listening: Literal["", "agent", "both"] | None = None
    listens: int | None = Field(None, ge=1, le=100)


class NumberChange(_Body):
    """What is given is set, the rest stays; a new number needs tenant and destination."""

    tenant: Name | None = None
    destination: Place | None = None
    hours: Name | None = None
    closed_to: Place | None = None
    holiday_to: Place | None = None
    whitelist_only: bool | None = None
    calls_limit: int | None = Field(None, ge=0)
    over_limit_to: Place | None = None
    fallback: Place | None = None
    state: NumberState | None = None


class Entry(_Body):
    """``number`` as typed: a number, a prefix like ``138*``, or ``anonymous``."""

    number: str = Field(max_length=64)
    tenant: Name = PLATFORM
    note: str = Field("", max_length=lists.MOST_NOTE)
    expires: str = Field("", max_length=40)
    country: str = Field("", max_length=2)


class CsvFile(_Body):
    """A file's text; with ``skip_bad`` its good lines are imported although others are bad."""

    csv: str = Field(max_length=_MOST_FILE)
    tenant: Name = PLATFORM
    country: str = Field("", max_length=2)
    skip_bad: bool = False


class RegionRuleBody(_Body):
    """Calls of ``number`` ("": all of the tenant's) from ``region`` go to ``destination``."""

    tenant: Name
    number: str = Field("", max_length=32)
    region: str = Field(max_length=128)
    destination: Place


class HoursChange(_Body):
    """What is given is set, the rest stays; days not named keep their hours."""

    weekly: dict[str, Annotated[str, Field(max_length=200)]] | None = None
    zone: Name | None = None
    holidays: list[Annotated[str, Field(max_length=10)]] | None = None
    calendars: list[Name] | None = None


class SpecialDate(_Body):
    """A special date: ``open`` needs ranges, a ``workday`` may have some."""

    kind: DayKind
    ranges: str = Field("", max_length=200)
    note: str = Field("", max_length=200)


class MakeUp(_Body):
    """Why the day is worked."""

    note: str = Field("", max_length=200)


class Question(_Body):
    """A call that is not placed. ``at`` needs a zone; without it, now."""

    caller: str = Field("", max_length=64, alias="from")
    dialled: str = Field(max_length=64, alias="to")
    at: AwareDatetime | None = None
    source: str = Field("trunk", pattern="^(trunk|extension)$")
    calls_now: int = Field(0, ge=0)
    tenant_calls_now: int = Field(0, ge=0)


class DecisionView(BaseModel):
    """A decision and every rule that was looked at, in order."""

    destination: str
    rule: str
    tenant: str
    language: str
    fallback: str
    region: str
    looked: list[Looked]


class CountView(BaseModel):
    """How many entries a list has."""

    list: ListName
    tenant: str
    entries: int


def add_routing(router: APIRouter, desk: Desk) -> None:
    """Put the paths of this file on the router."""
    _numbers(router, desk)
    _lists(router, desk)
    _files(router, desk)
    _regions(router, desk)
    _hours(router, desk)
    _days(router, desk)
    _explain(router, desk)


def _numbers(router: APIRouter, desk: Desk) -> None:
    @router.get("/tenants")
    async def tenants() -> list[Tenant]:
        """Every tenant."""
        return await desk.routing.ask(numbers.list_tenants)

    @router.put("/tenants/{tenant}")
    async def set_tenant(tenant: str, body: TenantChange) -> Tenant:
        """Make or change a tenant."""
        return await desk.routing.change(lambda c: numbers.set_tenant(c, tenant, _given(body)))

    @router.get("/numbers")
    async def all_numbers(tenant: str = "") -> list[numbers.NumberView]:
        """Every hosted number, or those of a tenant."""
        return await desk.routing.ask(lambda c: numbers.list_numbers(c, tenant))

    @router.put("/numbers/{number}")
    async def set_number(number: str, body: NumberChange) -> numbers.NumberView:
        """Host a number or change it."""
        values = _given(body)

        def work(connection: Connection) -> numbers.NumberView:
            require_places(connection, [str(v) for k, v in values.items() if k in _PLACES])
            return numbers.set_number(connection, number, values)

        return await desk.routing.change(work)

    @router.delete("/numbers/{number}", status_code=204)
    async def drop_number(number: str) -> None:
        """Host it no more."""
        await desk.routing.change(lambda c: numbers.drop_number(c, number))


def _lists(router: APIRouter, desk: Desk) -> None:
    @router.get("/lists")
    async def counts() -> list[CountView]:
        """Every list and how long it is."""
        found = await desk.routing.ask(lists.counts)
        return [CountView(list=n, tenant=tenant, entries=count) for n, tenant, count in found]

    @router.get("/lists/{name}")
    async def show(
        name: ListName,
        tenant: str = PLATFORM,
        number: str = "",
        most: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = 100,
    ) -> list[lists.EntryView]:
        """Entries of a list; ``number``: those that begin so."""
        return await desk.routing.ask(lambda c: lists.show(c, name, tenant, number, most))

    @router.post("/lists/{name}")
    async def add(name: ListName, body: Entry) -> lists.EntryView:
        """Put a number on a list; one that is there gets the new note and expiry."""

        def work(connection: Connection) -> lists.EntryView:
            home = lists.home_of(connection, body.tenant, body.country)
            change = lists.new_entry(name, home, body.number, body.note, body.expires)
            lists.write(connection, [change])
            return lists.view([change])[0]

        return await desk.routing.change_lists(work)

    @router.delete("/lists/{name}")
    async def remove(
        name: ListName, number: str, tenant: str = PLATFORM, country: str = ""
    ) -> lists.EntryView:
        """Take a number off a list."""
        return await desk.routing.change_lists(
            lambda c: lists.remove(c, name, lists.home_of(c, tenant, country), number)
        )


def _files(router: APIRouter, desk: Desk) -> None:
    @router.post("/lists/{name}/import")
    async def import_file(name: ListName, body: CsvFile) -> files.ImportReport:
        """Put the entries of a CSV file on a list: all, or none when a line is bad."""

        def work(connection: Connection) -> files.ImportReport:
            home = lists.home_of(connection, body.tenant, body.country)
            return files.import_csv(connection, name, home, body.csv, skip_bad=body.skip_bad)

        return await desk.routing.change_lists(work)

    @router.get("/lists/{name}/export")
    async def export_file(name: ListName, tenant: str = PLATFORM) -> dict[str, str]:
        """A list as a CSV file."""
        return {"csv": await desk.routing.ask(lambda c: files.export_csv(c, name, tenant))}


def _regions(router: APIRouter, desk: Desk) -> None:
    @router.get("/regions")
    async def rules(tenant: str = "") -> list[regions.RegionView]:
        """Every rule by region, or those of a tenant."""
        return await desk.routing.ask(lambda c: regions.list_regions(c, tenant))

    @router.put("/regions")
    async def set_region(body: RegionRuleBody) -> regions.RegionView:
        """Route a region, or block it with ``refuse:rejected``."""

        def work(connection: Connection) -> regions.RegionView:
            require_places(connection, [body.destination])
            return regions.set_region(
                connection, body.tenant, body.number, body.region, body.destination
            )

        return await desk.routing.change(work)

    @router.delete("/regions", status_code=204)
    async def drop_region(tenant: str, region: str, number: str = "") -> None:
        """Forget a rule."""
        await desk.routing.change(lambda c: regions.drop_region(c, tenant, number, region))


def _hours(router: APIRouter, desk: Desk) -> None:
    @router.get("/hours")
    async def plans(tenant: str = "") -> list[hours.HoursView]:
        """Every plan of opening hours, or those of a tenant."""
        return await desk.routing.ask(lambda c: hours.list_hours(c, tenant))

    @router.put("/hours/{tenant}/{name}")
    async def set_hours(tenant: str, name: str, body: HoursChange) -> hours.HoursView:
        """Make or change a plan."""
        return await desk.routing.change(
            lambda c: hours.set_hours(
                c,
                tenant,
                name,
                weekly=body.weekly,
                zone_name=body.zone,
                holidays=body.holidays,
                calendars=body.calendars,
            )
        )

    @router.delete("/hours/{tenant}/{name}", status_code=204)
    async def drop_hours(tenant: str, name: str) -> None:
        """Forget a plan that no number uses."""
        await desk.routing.change(lambda c: hours.drop_hours(c, tenant, name))


def _days(router: APIRouter, desk: Desk) -> None:
    @router.get("/calendars")
    async def days(tenant: str = "", calendar: str = "") -> list[hours.DayView]:
        """Special dates."""
        return await desk.routing.ask(lambda c: hours.list_days(c, tenant, calendar))

    @router.put("/calendars/{tenant}/{calendar}/{day}")
    async def set_day(tenant: str, calendar: str, day: date, body: SpecialDate) -> hours.DayView:
        """Put a special date into a calendar."""
        return await desk.routing.change(
            lambda c: hours.set_day(
                c, tenant, calendar, day, kind=body.kind, ranges=body.ranges, note=body.note
            )
        )

    @router.delete("/calendars/{tenant}/{calendar}/{day}", status_code=204)
    async def drop_day(tenant: str, calendar: str, day: date) -> None:
        """Take a special date out."""
        await desk.routing.change(lambda c: hours.drop_day(c, tenant, calendar, day))

    @router.get("/make-up-days")
    async def make_up() -> list[hours.MakeUpView]:
        """Weekend days worked in exchange for holidays, as entered here."""
        return await desk.routing.ask(hours.list_make_up)

    @router.put("/make-up-days/{country}/{day}")
    async def set_make_up(country: str, day: date, body: MakeUp) -> hours.MakeUpView:
        """Enter such a day."""
        return await desk.routing.change(lambda c: hours.set_make_up(c, country, day, body.note))


def _explain(router: APIRouter, desk: Desk) -> None:
    @router.post("/route/explain")
    async def explain(body: Question) -> DecisionView:
        """What would become of a call, by which rule, and what was looked at before."""
        facts = Facts(
            source=body.source,
            caller=body.caller,
            dialled=body.dialled,
            calls_now=body.calls_now,
            tenant_calls_now=body.tenant_calls_now,
        )
        made = await desk.routing.explain(facts, body.at)
        require_own(made.tenant, f"Number {body.dialled} is not hosted here.")
        return DecisionView(
            destination=str(made.destination),
            rule=made.rule,
            tenant=made.tenant,
            language=made.language,
            fallback=str(made.fallback or ""),
            region=str(made.region or ""),
            looked=list(made.looked),
        )


def _given(body: BaseModel) -> dict[str, Any]:
    return {name: value for name, value in body.model_dump().items() if value is not None}
