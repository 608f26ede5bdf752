"""Tenants, the numbers we host for them, extensions and trunks. Pure."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A client company. ``language`` is a prompt language (zh, en, ja); ``zone`` an IANA name."""

    id: str
    name: str
    language: str = "en"
    zone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class HostedNumber:
    """A number that callers dial and where its calls go: a flow."""

    number: str
    tenant: str
    flow: str


@dataclass(frozen=True, kw_only=True)
class Extension:
    """A SIP account. ``secret`` is its digest password."""

    number: str
    tenant: str
    secret: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """Where outside calls come from, told by IP address."""

    name: str
    match: str


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """All of it, replaced whole when it changes."""

    tenants: dict[str, Tenant] = field(default_factory=dict)
    numbers: dict[str, HostedNumber] = field(default_factory=dict)
    extensions: dict[str, Extension] = field(default_factory=dict)
    trunks: dict[str, Trunk] = field(default_factory=dict)

    def language_at(self, extension: str) -> str:
        """Prompt language of the tenant that this extension belongs to."""
        found = self.extensions.get(extension)
        tenant = self.tenants.get(found.tenant) if found else None
        return tenant.language if tenant else "en"
