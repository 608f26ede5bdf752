"""Everything a decision reads, compiled: immutable, replaced whole when something changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from callcenter.numbers import Destination, Numbers
from callcenter.routing.hours import Plan
from callcenter.routing.lists import Lists


@dataclass(frozen=True, kw_only=True)
class RegionRule:
    """Calls from a region go there; refusing blocks the region."""

    tenant: str
    number: str  # "" for all numbers of the tenant
    region: str
    destination: Destination


RegionRules = Mapping[tuple[str, str], Mapping[str, RegionRule]]
"""By tenant and number, then by region label."""


@dataclass(frozen=True, kw_only=True)
class Tables:
    """One moment's settings. ``plans`` by tenant and name."""

    numbers: Numbers = field(default_factory=Numbers)
    lists: Lists = field(default_factory=Lists)
    regions: RegionRules = field(default_factory=dict)
    plans: Mapping[tuple[str, str], Plan] = field(default_factory=dict)

    def is_limited(self, dialled: str) -> bool:
        """Whether calls at once are limited for this number or its tenant."""
        hosted = self.numbers.numbers.get(dialled)
        if hosted is None:
            return False
        tenant = self.numbers.tenants.get(hosted.tenant)
        return bool(hosted.calls_limit or (tenant and tenant.calls_limit))
