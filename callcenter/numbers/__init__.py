"""Numbers we host, for whom, and the phones and trunks that are known."""

from callcenter.numbers.destination import SETTABLE, Destination, Kind
from callcenter.numbers.model import (
    Extension,
    HostedNumber,
    Numbers,
    NumberState,
    Tenant,
    Trunk,
)
from callcenter.numbers.store import (
    load_numbers,
    remove_number,
    save_extension,
    save_number,
    save_tenant,
    save_trunk,
)

__all__ = [
    "SETTABLE",
    "Destination",
    "Extension",
    "HostedNumber",
    "Kind",
    "NumberState",
    "Numbers",
    "Tenant",
    "Trunk",
    "load_numbers",
    "remove_number",
    "save_extension",
    "save_number",
    "save_tenant",
    "save_trunk",
]
