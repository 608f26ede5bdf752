"""The words of routing. Pure."""

from dataclasses import dataclass

from callcenter.numbers.destination import Destination, Kind

__all__ = ["Decision", "Destination", "Facts", "Kind", "Looked", "Region"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of a call before anything is answered.

    ``calls_now`` and ``tenant_calls_now`` are the other open calls of this number and tenant.
    """

    source: str
    caller: str
    dialled: str
    calls_now: int = 0
    tenant_calls_now: int = 0


@dataclass(frozen=True, slots=True)
class Region:
    """Where a number belongs; names in English as ``phonenumbers`` has them, "" when unknown.

    ``labels`` are all the ways to write it in a rule, most precise first.
    """

    country: str
    province: str = ""
    city: str = ""
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "/".join(part for part in (self.country, self.province, self.city) if part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """One rule that was looked at: what came of it, and where it is configured."""

    rule: str
    outcome: str
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The destination, for whom, and the rule that decided.

    ``fallback`` is where to go when the destination is broken; ``looked`` is filled on request.
    """

    destination: Destination
    rule: str
    tenant: str = ""
    language: str = "en"
    fallback: Destination | None = None
    region: Region | None = None
    looked: tuple[Looked, ...] = ()
