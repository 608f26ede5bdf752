"""Black and white lists as administrators see and set them (N5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, func, select, update

from callcenter.kernel.actor import require_own, require_platform, sees
from callcenter.kernel.errors import NotFound, Refused
from callcenter.numbers import load_numbers
from callcenter.routing.desk.numbers import require_tenant
from callcenter.routing.dialling import typed_key
from callcenter.routing.lists import PLATFORM, Change, ListName
from callcenter.routing.store import list_entries, list_revision

MOST_NOTE = 200
_AT_ONCE = 400


@dataclass(frozen=True, kw_only=True)
class EntryView:
    """One entry; ``number`` is ``+`` and digits, with ``*`` at the end for a prefix."""

    list: ListName
    tenant: str
    number: str
    note: str
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Home:
    """How typed numbers and dates of a list are meant."""

    tenant: str
    country: str = "CN"
    zone: str = "UTC"


def home_of(connection: Connection, tenant: str, country: str = "") -> Home:
    """The country and zone of a tenant's lists; the platform's are CN and UTC."""
    if tenant == PLATFORM:
        require_platform("lists of the platform are changed")
        return Home(tenant=PLATFORM, country=country or "CN")
    found = require_tenant(load_numbers(connection), tenant)
    return Home(tenant=tenant, country=country or found.country, zone=found.zone)


def new_entry(name: ListName, home: Home, number: str, note: str, expires: str) -> Change:
    """An entry as it was typed; ``expires`` is a date (its whole day counts) or a time."""
    note = " ".join(note.split())
    if len(note) > MOST_NOTE:
        raise Refused(f"The note is longer than {MOST_NOTE} characters.")
    until = parse_expiry(expires, ZoneInfo(home.zone)) if expires.strip() else None
    return Change(name.value, home.tenant, typed_key(number, home.country), note, until)


def parse_expiry(text: str, home: ZoneInfo) -> datetime:
    """The moment at which an entry ends.

    Raises:
        Refused: it is no date.
    """
    text = text.strip()
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=1)
            return datetime.combine(day, time(), tzinfo=home).astimezone(UTC)
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=home)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(
            f"{text!r} is no date; write one like 2026-12-31 or 2026-12-31T18:00."
        ) from None


def write(connection: Connection, changes: Sequence[Change]) -> None:
    """Write changes under a new revision; of several of one pattern the last counts."""
    revision = _next_revision(connection)
    rows = list_entries.c
    last = {(c.list, c.tenant, c.pattern): c for c in changes}
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in last.values():
        groups.setdefault((change.list, change.tenant), []).append(change)
    for (name, tenant), some in groups.items():
        for start in range(0, len(some), _AT_ONCE):
            part = some[start : start + _AT_ONCE]
            connection.execute(
                delete(list_entries).where(
                    rows.list == name,
                    rows.tenant == tenant,
                    rows.pattern.in_([change.pattern for change in part]),
                )
            )
            connection.execute(
                list_entries.insert(),
                [change._asdict() | {"revision": revision} for change in part],
            )


def remove(connection: Connection, name: ListName, home: Home, number: str) -> EntryView:
    """Take an entry off a list."""
    pattern = typed_key(number, home.country)
    rows = list_entries.c
    query = select(list_entries).where(
        rows.list == name.value,
        rows.tenant == home.tenant,
        rows.pattern == pattern,
        ~rows.removed,
    )
    found = connection.execute(query).first()
    if found is None:
        whose = "the platform" if home.tenant == PLATFORM else home.tenant
        raise NotFound(f"{pattern} is not on the {name}list of {whose}.")
    write(connection, [Change(name.value, home.tenant, pattern, removed=True)])
    return EntryView(
        list=name, tenant=home.tenant, number=pattern, note=found.note, expires_at=found.expires_at
    )


def show(
    connection: Connection, name: ListName, tenant: str, number: str = "", most: int | None = None
) -> list[EntryView]:
    """Entries of a list in the order of their numbers; ``number``: those that begin so."""
    require_own(tenant, f"There is no tenant {tenant!r}; say whose list (tenant).")
    rows = list_entries.c
    query = (
        select(rows.pattern, rows.note, rows.expires_at)
        .where(rows.list == name.value, rows.tenant == tenant, ~rows.removed)
        .order_by(rows.pattern)
        .limit(most)
    )
    if number:
        query = query.where(rows.pattern.startswith(number, autoescape=True))
    return [
        EntryView(list=name, tenant=tenant, number=pattern, note=note, expires_at=expires_at)
        for pattern, note, expires_at in connection.execute(query)
    ]


def counts(connection: Connection) -> list[tuple[ListName, str, int]]:
    """How many entries each list has."""
    rows = list_entries.c
    query = select(rows.list, rows.tenant, func.count()).where(~rows.removed)
    query = query.group_by(rows.list, rows.tenant).order_by(rows.list, rows.tenant)
    return [
        (ListName(name), tenant, count)
        for name, tenant, count in connection.execute(query)
        if sees(tenant)
    ]


def view(changes: Iterable[Change]) -> list[EntryView]:
    """Changes as entries."""
    return [
        EntryView(
            list=ListName(c.list),
            tenant=c.tenant,
            number=c.pattern,
            note=c.note,
            expires_at=c.expires_at,
        )
        for c in changes
    ]


def _next_revision(connection: Connection) -> int:
    """Raise the revision first: its row is what writers of lists wait for each other at."""
    raised = connection.execute(update(list_revision).values(revision=list_revision.c.revision + 1))
    if not raised.rowcount:
        connection.execute(list_revision.insert().values(id=1, revision=1))
    return int(connection.execute(select(list_revision.c.revision)).scalar_one())
