"""Numbers we host, for whom, and the phones and trunks that are known."""

from callcenter.numbers.model import Extension, HostedNumber, Numbers, Tenant, Trunk
from callcenter.numbers.store import (
    load_numbers,
    save_extension,
    save_number,
    save_tenant,
    save_trunk,
)

__all__ = [
    "Extension",
    "HostedNumber",
    "Numbers",
    "Tenant",
    "Trunk",
    "load_numbers",
    "save_extension",
    "save_number",
    "save_tenant",
    "save_trunk",
]
