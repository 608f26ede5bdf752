"""Seats at outside telephones (S3): whoever picks up there has to press a key.

Such a seat's extension is ``outside:`` and the number; nothing is known of that telephone.
"""

from callcenter.acd import Offer
from callcenter.acd.desk import OUTSIDE
from callcenter.conductor.context import Context
from callcenter.pbx.port import Outside, Prompt


def target(context: Context, extension: str) -> str | Outside:
    """As the PBX wants it."""
    if not extension.startswith(OUTSIDE):
        return extension
    number = extension.removeprefix(OUTSIDE)
    return Outside(number=number, trunk=context.snapshot.now.numbers.way_out())


def confirm(context: Context, offers: tuple[Offer, ...]) -> Prompt | None:
    """What whoever picks up is asked, when one of them is outside."""
    found = next((each for each in offers if each.extension.startswith(OUTSIDE)), None)
    if found is None:
        return None
    plan = context.snapshot.now.plan.seats.get(found.seat)
    tenant = context.snapshot.now.numbers.tenants.get(plan.tenant) if plan else None
    return Prompt(f"{tenant.language if tenant else 'en'}/confirm-call")
