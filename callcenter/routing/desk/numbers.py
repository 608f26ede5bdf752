"""Tenants and hosted numbers as administrators see and set them (N1, N7, N10)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select

from callcenter.kernel.actor import acting, require_own, require_platform, sees
from callcenter.kernel.errors import NotFound, Refused
from callcenter.numbers import (
    SETTABLE,
    Destination,
    HostedNumber,
    Numbers,
    NumberState,
    Tenant,
    load_numbers,
    remove_number,
    save_number,
    save_tenant,
)
from callcenter.numbers.model import BUSY
from callcenter.routing.dialling import dial_plan
from callcenter.routing.load import zone
from callcenter.routing.store import hours_plans

_NUMBER = re.compile(r"\+?[0-9]{1,20}")
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,63}")
_LANGUAGES = ("zh", "en", "ja")
_PLACES = ("destination", "closed_to", "holiday_to", "over_limit_to", "fallback")


@dataclass(frozen=True, kw_only=True)
class NumberView:
    """A hosted number; destinations as text (``queue:sales``), "" where none is set."""

    number: str
    tenant: str
    destination: str
    hours: str
    closed_to: str
    holiday_to: str
    whitelist_only: bool
    calls_limit: int
    over_limit_to: str
    fallback: str
    state: NumberState


def list_tenants(connection: Connection) -> list[Tenant]:
    """Every tenant."""
    found = load_numbers(connection).tenants.values()
    return sorted((one for one in found if sees(one.id)), key=lambda tenant: tenant.id)


def set_tenant(connection: Connection, tenant: str, changes: Mapping[str, Any]) -> Tenant:
    """Make or change a tenant; what is not named stays as it is."""
    _require(bool(_NAME.fullmatch(tenant)), f"{tenant!r} is no name for a tenant.")
    known = load_numbers(connection).tenants.get(tenant)
    require_own(tenant, _no_tenant(tenant))
    if known is None:
        require_platform("new tenants are made")
    before = known or Tenant(id=tenant, name=tenant)
    after = replace(before, **changes)
    if after.calls_limit != before.calls_limit:
        require_platform("how many calls a tenant may have is set")
    zone(after.zone)
    after = replace(after, country=after.country.upper())
    dial_plan(after.country)
    _require(
        after.language in _LANGUAGES, f"{after.language!r} is no language of ours: zh, en or ja."
    )
    _require(after.calls_limit >= 0, "A limit of calls is 0 (any number) or more.")
    save_tenant(connection, after)
    return after


def list_numbers(connection: Connection, tenant: str = "") -> list[NumberView]:
    """Every number, or those of a tenant."""
    found = load_numbers(connection).numbers.values()
    wanted = [one for one in found if tenant in ("", one.tenant) and sees(one.tenant)]
    return [_view(one) for one in sorted(wanted, key=_by_number)]


def set_number(connection: Connection, number: str, changes: Mapping[str, Any]) -> NumberView:
    """Host a number, or change it; what is not named stays as it is."""
    _require(bool(_NUMBER.fullmatch(number)), f"{number!r} is no number; write digits.")
    known = load_numbers(connection)
    before = known.numbers.get(number)
    _require_mine(number, before, changes)
    values = dict(changes)
    for name in _PLACES:
        if name in values:
            values[name] = _place(values[name])
    if values.get("over_limit_to", BUSY) is None:
        values["over_limit_to"] = BUSY
    if before is None:
        _require(
            bool(values.get("tenant")) and values.get("destination") is not None,
            f"Number {number} is new; say its tenant and its destination, like flow:main.",
        )
        after = HostedNumber(number=number, **values)
    else:
        _require(values.get("destination", "") is not None, "A number needs a destination.")
        after = replace(before, **values)
    _check(connection, known, after)
    save_number(connection, after)
    return _view(after)


def drop_number(connection: Connection, number: str) -> None:
    """Host it no more."""
    found = load_numbers(connection).numbers.get(number)
    require_own(found.tenant if found else "", _not_hosted(number))
    if not remove_number(connection, number):
        raise NotFound(_not_hosted(number))


def require_tenant(known: Numbers, tenant: str) -> Tenant:
    """A tenant that exists."""
    found = known.tenants.get(tenant)
    if found is None:
        raise NotFound(_no_tenant(tenant))
    require_own(tenant, _no_tenant(tenant))
    return found


def _no_tenant(tenant: str) -> str:
    return f"There is no tenant {tenant!r}; make it with `callcenter tenant set`."


def _not_hosted(number: str) -> str:
    return f"Number {number} is not hosted here; see `callcenter number list`."


def _require_mine(number: str, before: HostedNumber | None, changes: Mapping[str, Any]) -> None:
    """Numbers are given out and taken back by the platform; tenants say where calls go."""
    if acting.get().tenants is not None:
        require_own(before.tenant if before else "", _not_hosted(number))
    if before is None:
        require_platform("new numbers are given out")
    elif changes.get("tenant", before.tenant) != before.tenant:
        require_platform("numbers are given to another tenant")
    elif changes.get("state", before.state) != before.state:
        require_platform("the state of a number is set")


def _check(connection: Connection, known: Numbers, number: HostedNumber) -> None:
    require_tenant(known, number.tenant)
    _require(number.calls_limit >= 0, "A limit of calls is 0 (any number) or more.")
    if number.hours:
        query = select(hours_plans.c.name).where(
            hours_plans.c.tenant == number.tenant, hours_plans.c.name == number.hours
        )
        if connection.execute(query).first() is None:
            raise NotFound(
                f"Tenant {number.tenant} has no hours {number.hours!r}; make them with "
                "`callcenter hours set`."
            )


def _place(text: str | None) -> Destination | None:
    return settable(text) if text else None


def settable(text: str) -> Destination:
    """A destination that administrators may set."""
    place = Destination.parse(text)
    _require(place.kind in SETTABLE, f"{text!r} is for the telephones of agents only.")
    return place


def _view(number: HostedNumber) -> NumberView:
    return NumberView(
        number=number.number,
        tenant=number.tenant,
        destination=str(number.destination),
        hours=number.hours,
        closed_to=str(number.closed_to or ""),
        holiday_to=str(number.holiday_to or ""),
        whitelist_only=number.whitelist_only,
        calls_limit=number.calls_limit,
        over_limit_to=str(number.over_limit_to),
        fallback=str(number.fallback or ""),
        state=number.state,
    )


def _by_number(number: HostedNumber) -> str:
    return number.number


def _require(good: bool, sentence: str) -> None:
    if not good:
        raise Refused(sentence)
