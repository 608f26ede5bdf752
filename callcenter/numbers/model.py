"""Tenants, the numbers we host for them, extensions and trunks. Pure."""

from dataclasses import InitVar, dataclass, field
from enum import StrEnum

from callcenter.numbers.destination import Destination, Kind
from callcenter.pbx.causes import Cause

BUSY = Destination(kind=Kind.REFUSE, cause=Cause.BUSY)
NOWHERE = Destination(kind=Kind.REFUSE, cause=Cause.UNALLOCATED)


class NumberState(StrEnum):
    """A number's life (N9); calls come through only while it is active."""

    AVAILABLE = "available"
    APPLIED = "applied"
    PREPAID = "prepaid"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    SEALED = "sealed"
    RECLAIMED = "reclaimed"


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A client company. ``language`` is a prompt language (zh, en, ja); ``zone`` an IANA name.

    ``country`` (ISO 3166) is where a caller's number without ``+`` belongs; ``calls_limit`` is how
    many calls it may have at once, 0 for any number. ``announce_listening``: who is told before a
    supervisor listens, where the law wants it: ``""`` nobody, ``agent`` or ``both``; ``listens``
    is how many calls may be listened to from one seat or phone at once.
    """

    id: str
    name: str
    language: str = "en"
    zone: str = "UTC"
    country: str = "CN"
    calls_limit: int = 0
    announce_listening: str = ""
    listens: int = 1


@dataclass(frozen=True, kw_only=True)
class HostedNumber:
    """A number that callers dial and where its calls go.

    ``flow="x"`` is short for ``destination=flow:x``. ``hours`` names a plan of the tenant; while it
    is closed calls go to ``closed_to``, on a holiday to ``holiday_to`` where one is set. More than
    ``calls_limit`` calls at once (0: any) go to ``over_limit_to``. ``fallback`` is where a caller
    goes when what was meant for the call is broken. ``colour_ring`` is the prompt that callers hear
    before a seat, a line or an extension answers (N8), ``lang/name``; "" for ringing or music.
    """

    number: str
    tenant: str
    flow: InitVar[str] = ""
    destination: Destination = NOWHERE
    hours: str = ""
    closed_to: Destination | None = None
    holiday_to: Destination | None = None
    whitelist_only: bool = False
    calls_limit: int = 0
    over_limit_to: Destination = BUSY
    fallback: Destination | None = None
    state: NumberState = NumberState.ACTIVE
    colour_ring: str = ""

    def __post_init__(self, flow: str) -> None:
        if flow:
            object.__setattr__(self, "destination", Destination(kind=Kind.FLOW, name=flow))


@dataclass(frozen=True, kw_only=True)
class Extension:
    """A SIP account. ``secret`` is its digest password.

    ``outside``: it may dial numbers of the world. ``colour_ring`` goes before the number's (N8).
    """

    number: str
    tenant: str
    secret: str
    name: str = ""
    outside: bool = False
    colour_ring: str = ""


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """Where outside calls come from, told by IP address.

    Calls to the world leave to ``contact`` (``host`` or ``host:port``); "": none do.
    """

    name: str
    match: str
    contact: str = ""


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """All of it, replaced whole when it changes."""

    tenants: dict[str, Tenant] = field(default_factory=dict)
    numbers: dict[str, HostedNumber] = field(default_factory=dict)
    extensions: dict[str, Extension] = field(default_factory=dict)
    trunks: dict[str, Trunk] = field(default_factory=dict)

    def way_out(self) -> str:
        """The trunk by which calls to the world leave; "" when none has a contact."""
        return next((name for name, trunk in sorted(self.trunks.items()) if trunk.contact), "")

    def language_at(self, extension: str) -> str:
        """Prompt language of the tenant that this extension belongs to."""
        found = self.extensions.get(extension)
        tenant = self.tenants.get(found.tenant) if found else None
        return tenant.language if tenant else "en"
