"""Where an agent's own telephone gets: other extensions, and the world where that is allowed. Pure.

Feature codes and hosted numbers come first; see :mod:`decide`.
"""

import re

from callcenter.numbers import Destination, Kind, Numbers
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Source
from callcenter.routing.model import Decision, Facts

_OUTSIDE = re.compile(r"\+?[0-9]{3,20}")


def from_extension(facts: Facts, numbers: Numbers) -> Decision | None:  # noqa: PLR0911 - one per rule
    """The decision for a call of an extension; ``None`` when it is not this module's business."""
    dialled = facts.dialled
    if facts.source != Source.EXTENSION or dialled.startswith("*") or dialled in numbers.numbers:
        return None
    caller = numbers.extensions.get(facts.caller)
    if caller is None:
        return None

    def decided(destination: Destination, rule: str) -> Decision:
        language = numbers.language_at(caller.number)
        return Decision(destination=destination, rule=rule, tenant=caller.tenant, language=language)

    refused = Destination(kind=Kind.REFUSE, cause=Cause.UNALLOCATED)
    called = numbers.extensions.get(dialled)
    if called is not None and called.tenant == caller.tenant:
        if called is caller:
            busy = Destination(kind=Kind.REFUSE, cause=Cause.BUSY)
            return decided(busy, f"extension {dialled} calls itself")
        return decided(Destination(kind=Kind.EXTENSION, name=dialled), f"extension {dialled}")
    if not _OUTSIDE.fullmatch(dialled) or called is not None:
        return decided(refused, f"{dialled} is no extension and no number")
    if not caller.outside:
        rejected = Destination(kind=Kind.REFUSE, cause=Cause.REJECTED)
        return decided(rejected, f"extension {caller.number} may not dial outside")
    if not numbers.way_out():
        return decided(refused, "no trunk leads out")
    return decided(Destination(kind=Kind.OUTSIDE, name=dialled), f"outside {dialled}")
