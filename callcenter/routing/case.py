"""What the rules of one decision share while it is made."""

from callcenter.numbers import HostedNumber, Tenant
from callcenter.routing.lists import Match
from callcenter.routing.model import Facts, Looked, Region
from callcenter.routing.tables import RegionRule, Tables


class Case:
    """One call before the rules. ``key`` is the caller's number as lists and regions know it."""

    __slots__ = (
        "branch",
        "facts",
        "hosted",
        "key",
        "looked",
        "now",
        "region",
        "tables",
        "tenant",
        "trusted",
    )

    def __init__(
        self,
        facts: Facts,
        tables: Tables,
        *,
        hosted: HostedNumber,
        tenant: Tenant | None,
        key: str,
        now: float,
        looked: list[Looked] | None,
    ) -> None:
        self.facts = facts
        self.tables = tables
        self.hosted = hosted
        self.tenant = tenant
        self.key = key
        self.now = now
        self.looked = looked
        self.region: Region | None = None
        self.branch: RegionRule | None = None
        self.trusted: Match | None = None

    def note(self, rule: str, outcome: str, where: str) -> None:
        """Tell that a rule was looked at, where somebody wants to know."""
        if self.looked is not None:
            self.looked.append(Looked(rule=rule, outcome=outcome, where=where))
