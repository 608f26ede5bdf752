"""Rules by region as administrators see and set them (N6)."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from callcenter.kernel.actor import require_own, require_platform, sees
from callcenter.kernel.errors import NotFound, Refused
from callcenter.numbers import load_numbers
from callcenter.routing.desk.numbers import require_tenant, settable
from callcenter.routing.lists import PLATFORM
from callcenter.routing.regions import region_label
from callcenter.routing.store import region_rules


@dataclass(frozen=True, kw_only=True)
class RegionView:
    """Calls from ``region`` go to ``destination``; ``number`` "" is all of the tenant's."""

    tenant: str
    number: str
    region: str
    destination: str


def list_regions(connection: Connection, tenant: str = "") -> list[RegionView]:
    """Every rule, or those of a tenant."""
    rows = region_rules.c
    query = select(region_rules).order_by(rows.tenant, rows.number, rows.region)
    return [
        RegionView(
            tenant=row.tenant, number=row.number, region=row.region, destination=row.destination
        )
        for row in connection.execute(query)
        if tenant in ("", row.tenant) and sees(row.tenant)
    ]


def set_region(
    connection: Connection, tenant: str, number: str, region: str, destination: str
) -> RegionView:
    """Route a region, or block it with ``refuse:rejected``."""
    known = load_numbers(connection)
    if tenant == PLATFORM:
        require_platform("regions are blocked for all")
    else:
        require_tenant(known, tenant)
    hosted = known.numbers.get(number)
    if number and (hosted is None or hosted.tenant != tenant):
        raise NotFound(f"Tenant {tenant} has no number {number}; see `callcenter number list`.")
    place = settable(destination)
    if tenant == PLATFORM and place.kind.value != "refuse":
        raise Refused("A region can only be blocked for the whole platform, like refuse:rejected.")
    rule = RegionView(
        tenant=tenant, number=number, region=region_label(region), destination=str(place)
    )
    _delete(connection, rule)
    connection.execute(region_rules.insert().values(vars(rule)))
    return rule


def drop_region(connection: Connection, tenant: str, number: str, region: str) -> None:
    """Forget a rule."""
    label = region_label(region)
    rule = RegionView(tenant=tenant, number=number, region=label, destination="")
    sentence = f"There is no rule for region {label}; see `callcenter region list`."
    require_own(tenant, sentence)
    if tenant == PLATFORM:
        require_platform("regions are opened for all")
    if not _delete(connection, rule):
        raise NotFound(sentence)


def _delete(connection: Connection, rule: RegionView) -> bool:
    rows = region_rules.c
    query = delete(region_rules).where(
        rows.tenant == rule.tenant, rows.number == rule.number, rows.region == rule.region
    )
    return bool(connection.execute(query).rowcount)
