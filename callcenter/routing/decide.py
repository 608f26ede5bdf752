"""The decision. Pure: the same facts and the same snapshot always decide the same."""

from callcenter.numbers import Numbers
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Source
from callcenter.routing.model import Decision, Destination, Facts, Kind

FEATURES = {
    "*11": "log-in",
    "*12": "log-out",
    "*13": "ready",
    "*14": "busy",
}
"""Codes that agents dial at their phones."""


def decide(facts: Facts, numbers: Numbers) -> Decision:
    """Route one call.

    A feature code counts only from an extension; a hosted number from anywhere; everything else is
    refused before answer.
    """
    if facts.source == Source.EXTENSION and facts.dialled.startswith("*"):
        return _feature(facts, numbers)
    hosted = numbers.numbers.get(facts.dialled)
    if hosted is None:
        return Decision(
            destination=Destination(kind=Kind.REFUSE, cause=Cause.UNALLOCATED),
            rule=f"number {facts.dialled} is not hosted here",
        )
    tenant = numbers.tenants.get(hosted.tenant)
    return Decision(
        destination=hosted.destination,
        rule=f"number {hosted.number}",
        tenant=hosted.tenant,
        language=tenant.language if tenant else "en",
    )


def _feature(facts: Facts, numbers: Numbers) -> Decision:
    extension = numbers.extensions.get(facts.caller)
    tenant = extension.tenant if extension else ""
    language = numbers.language_at(facts.caller)
    feature = FEATURES.get(facts.dialled)
    if feature is None:
        return Decision(
            destination=Destination(kind=Kind.REFUSE, cause=Cause.UNALLOCATED),
            rule=f"there is no feature code {facts.dialled}",
            tenant=tenant,
            language=language,
        )
    return Decision(
        destination=Destination(kind=Kind.FEATURE, name=feature),
        rule=f"feature code {facts.dialled}",
        tenant=tenant,
        language=language,
    )
