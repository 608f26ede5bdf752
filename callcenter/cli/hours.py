"""``callcenter hours``: when a number is open, special dates, make-up working days."""

import click

from callcenter.cli.routing import desk, given, path
from callcenter.cli.shown import clean, json_option, show_rows

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KINDS = ("closed", "open", "holiday", "workday")
_tenant = click.option("--tenant", required=True, help="Whose hours.")
_any_tenant = click.option("--tenant", default="", help="Only those of this tenant.")


@click.group()
def hours() -> None:
    """Set opening hours, special dates, make-up days."""


@hours.command("list")
@_any_tenant
@json_option
def list_(tenant: str, as_json: bool) -> None:
    """List plans of opening hours."""
    with desk() as engine:
        rows = engine.ask("GET", path("hours", tenant=tenant))
    columns = {
        "Hours": lambda row: row["name"],
        "Tenant": lambda row: row["tenant"],
        "Zone": lambda row: row["zone"] or "the tenant's",
        "Week": lambda row: "; ".join(f"{d} {t}" for d, t in row["weekly"].items() if t),
        "Holidays": lambda row: " ".join(row["holidays"]),
        "Calendars": lambda row: " ".join(row["calendars"]),
    }
    show_rows(rows, columns, as_json=as_json, none="No hours have been set up.")


@hours.command("set")
@click.argument("name")
@_tenant
@click.option("--zone", help="Time zone, like Asia/Tokyo; none for the tenant's.")
@click.option("--on", "days", multiple=True, help="Like mon-fri=09:00-12:00,13:00-18:00; repeat.")
@click.option("--holidays", help="Public holidays, like CN or US-CA,CN; none for none.")
@click.option("--calendars", help="Calendars of special dates, the first rules; none for none.")
def set_(
    name: str,
    *,
    tenant: str,
    zone: str | None,
    days: tuple[str, ...],
    holidays: str | None,
    calendars: str | None,
) -> None:
    """Make the hours NAME, or change them; days not given stay.

    Ranges may go over midnight (22:00-06:00); 00:00-24:00 is all day; "sat=" is closed.
    """
    weekly = {day: text for one in days for day, text in _days(one).items()}
    body = given(zone=zone) | (({"weekly": weekly}) if days else {})
    for key, words in (("holidays", holidays), ("calendars", calendars)):
        if words is not None:
            body[key] = [word.strip() for word in words.split(",") if word.strip() != "none"]
    with desk(telling=True) as engine:
        row = engine.ask("PUT", path("hours", tenant, name), body)
    week = "; ".join(f"{day} {text}" for day, text in row["weekly"].items() if text)
    click.echo(clean(f"Hours {row['name']} of {row['tenant']}: {week or 'always closed'}."))


@hours.command()
@click.argument("name")
@_tenant
def remove(name: str, tenant: str) -> None:
    """Forget the hours NAME."""
    with desk(telling=True) as engine:
        engine.ask("DELETE", path("hours", tenant, name))
    click.echo(clean(f"Hours {name} are forgotten."))


@hours.group()
def date() -> None:
    """Keep special dates in calendars."""


@date.command("list")
@_any_tenant
@click.option("--calendar", default="", help="Only those of this calendar.")
@json_option
def list_dates(tenant: str, calendar: str, as_json: bool) -> None:
    """List special dates."""
    with desk() as engine:
        rows = engine.ask("GET", path("calendars", tenant=tenant, calendar=calendar))
    columns = {
        "Date": lambda row: row["day"],
        "Calendar": lambda row: row["calendar"],
        "Tenant": lambda row: row["tenant"],
        "Kind": lambda row: row["kind"],
        "Hours": lambda row: row["ranges"],
        "Note": lambda row: row["note"],
    }
    show_rows(rows, columns, as_json=as_json, none="There are no special dates.")


@date.command("set")
@click.argument("calendar")
@click.argument("day", metavar="YYYY-MM-DD")
@click.argument("kind", type=click.Choice(_KINDS), metavar="|".join(_KINDS))
@click.argument("ranges", default="")
@_tenant
@click.option("--note", default="", help="Why, as explain shows it.")
def set_date(calendar: str, day: str, kind: str, ranges: str, *, tenant: str, note: str) -> None:
    """Put a date into CALENDAR.

    An open day needs RANGES like 09:00-12:00; a workday may have some.
    """
    body = {"kind": kind, "ranges": ranges, "note": note}
    with desk(telling=True) as engine:
        row = engine.ask("PUT", path("calendars", tenant, calendar, day), body)
    click.echo(clean(f"{row['day']} is {row['kind']} {row['ranges']}".rstrip() + "."))


@date.command("remove")
@click.argument("calendar")
@click.argument("day", metavar="YYYY-MM-DD")
@_tenant
def remove_date(calendar: str, day: str, tenant: str) -> None:
    """Take a date out of CALENDAR."""
    with desk(telling=True) as engine:
        engine.ask("DELETE", path("calendars", tenant, calendar, day))
    click.echo(clean(f"{day} is a day like others in {calendar}."))


@hours.group("make-up")
def make_up() -> None:
    """Keep weekend days worked for holidays (调休)."""


@make_up.command("list")
@json_option
def list_make_up(as_json: bool) -> None:
    """List make-up days entered here."""
    with desk() as engine:
        rows = engine.ask("GET", path("make-up-days"))
    columns = {
        "Date": lambda row: row["day"],
        "Country": lambda row: row["country"],
        "Note": lambda row: row["note"],
    }
    show_rows(rows, columns, as_json=as_json, none="No make-up day has been entered.")


@make_up.command()
@click.argument("country")
@click.argument("day", metavar="YYYY-MM-DD")
@click.option("--note", default="", help="Why it is worked.")
def add(country: str, day: str, note: str) -> None:
    """Enter a weekend day that is worked in COUNTRY."""
    with desk(telling=True) as engine:
        row = engine.ask("PUT", path("make-up-days", country, day), {"note": note})
    click.echo(clean(f"{row['day']} is worked in {row['country']}."))


def _days(text: str) -> dict[str, str]:
    """``mon-fri=09:00-18:00`` as a day each."""
    names, equals, ranges = text.partition("=")
    first, _, last = names.strip().lower().partition("-")
    if not equals or first not in _DAYS or (last or first) not in _DAYS:
        raise click.BadParameter(
            f"{text!r} is no day; write mon=09:00-18:00 or mon-fri=09:00-18:00", param_hint="--on"
        )
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    if end < start:
        raise click.BadParameter(f"{names} runs backwards; a week begins on mon", param_hint="--on")
    return dict.fromkeys(_DAYS[start : end + 1], ranges)
