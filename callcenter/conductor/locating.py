"""Where the other party of a call belongs (R4), found when the call is over.

The table of numbering plans takes half a second to load: that is done once, in a thread, as soon as
the engine starts.
"""

import asyncio

from callcenter.calls import OpenCall
from callcenter.conductor.context import Context
from callcenter.numbers import Kind
from callcenter.pbx.port import Source
from callcenter.routing.dialling import dial_plan
from callcenter.routing.regions import is_prepared, prepare, region_of


async def regions_ready() -> None:
    """Where numbers belong can be told without delay."""
    if not is_prepared():
        await asyncio.to_thread(prepare)


async def region_at_end(context: Context, call: OpenCall) -> str:
    """The caller's region like ``CN/Guangdong/Foshan``, of an outbound call that of who is called.

    "" for calls inside the house and numbers that nobody knows.
    """
    number = _number(call)
    if not number:
        return ""
    tenant = context.snapshot.now.numbers.tenants.get(call.tenant)
    key = dial_plan(tenant.country if tenant else "CN").key(number)
    await regions_ready()
    return str(region_of(key) or "")


def _number(call: OpenCall) -> str:
    offered, routed = call.offered, call.routed
    if offered is None:
        return ""
    if offered.source != Source.EXTENSION:
        return offered.caller
    outside = routed is not None and routed.destination.startswith(Kind.OUTSIDE)
    return offered.dialled if outside else ""
