"""The decision. Pure: the same facts, tables and moment always decide the same.

Rules are asked in a fixed order, cheap ones and refusals first; the first that answers decides.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from callcenter.numbers import Destination, HostedNumber, Kind, NumberState
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Source
from callcenter.routing.case import Case
from callcenter.routing.dialling import dial_plan
from callcenter.routing.lists import PLATFORM, Entries, ListName, Match
from callcenter.routing.model import Decision, Facts, Looked, Region
from callcenter.routing.regions import region_of
from callcenter.routing.tables import RegionRule, Tables

FEATURES = {
    "*11": "log-in",
    "*12": "log-out",
    "*13": "ready",
    "*14": "busy",
    "*15": "prompt-line",
    "*16": "wrap-up",
    "*17": "disposition",
    "*98": "voicemail",
}
"""Codes that agents dial at their phones."""

_PICK_UP = re.compile(r"\*8[0-9]{0,12}")  # of any colleague, or at this number

_MOST_RULE = 200  # as much as a CDR keeps
_UNALLOCATED = Destination(kind=Kind.REFUSE, cause=Cause.UNALLOCATED)
_REJECTED = Destination(kind=Kind.REFUSE, cause=Cause.REJECTED)
_SHUT = (NumberState.SUSPENDED, NumberState.SEALED)
_Verdict = tuple[Destination, str]


def decide(facts: Facts, tables: Tables, now: datetime, *, explain: bool = False) -> Decision:
    """Route one call.

    A feature code counts only from an extension, a hosted number from anywhere, everything else is
    refused before answer. With ``explain`` the decision tells each rule that was looked at.
    """
    looked: list[Looked] | None = [] if explain else None
    if facts.source == Source.EXTENSION and facts.dialled.startswith("*"):
        return _feature(facts, tables)
    hosted = tables.numbers.numbers.get(facts.dialled)
    if hosted is None:
        if looked is not None:
            looked.append(Looked(rule="number", outcome="not hosted", where="numbers"))
        return Decision(
            destination=_UNALLOCATED,
            rule=f"number {facts.dialled} is not hosted here",
            looked=tuple(looked or ()),
        )
    case = _case(facts, tables, hosted, now, looked)
    for ask in _RULES:
        if (verdict := ask(case)) is not None:
            return _decision(case, verdict)
    return _decision(case, (hosted.destination, f"number {hosted.number}"))


def again(destination: str, decision: Decision) -> Decision:
    """The decision for a call that was routed before: to the place it was sent to then."""
    if destination == str(decision.destination):
        return decision
    return replace(decision, destination=Destination.parse(destination))


def _case(
    facts: Facts, tables: Tables, hosted: HostedNumber, now: datetime, looked: list[Looked] | None
) -> Case:
    tenant = tables.numbers.tenants.get(hosted.tenant)
    key = dial_plan(tenant.country if tenant else "CN").key(facts.caller)
    return Case(
        facts,
        tables,
        hosted=hosted,
        tenant=tenant,
        key=key,
        now=now.timestamp(),
        looked=looked,
    )


def _decision(case: Case, verdict: _Verdict) -> Decision:
    if case.looked is not None:
        case.note("destination", f"{verdict[0]} by: {verdict[1]}", f"number {case.hosted.number}")
    return Decision(
        destination=verdict[0],
        rule=verdict[1][:_MOST_RULE],
        tenant=case.hosted.tenant,
        language=case.tenant.language if case.tenant else "en",
        fallback=case.hosted.fallback,
        region=case.region,
        looked=tuple(case.looked or ()),
    )


# -- the rules, in their order --------------------------------------------------------------------


def _state(case: Case) -> _Verdict | None:
    state = case.hosted.state
    if case.looked is not None:
        case.note("number state", state.value, f"number {case.hosted.number}")
    if state is NumberState.ACTIVE:
        return None
    refusal = _REJECTED if state in _SHUT else _UNALLOCATED
    return refusal, f"number {case.hosted.number} is {state}"


def _whitelist(case: Case) -> _Verdict | None:
    lists = case.tables.lists.white
    for tenant in (case.hosted.tenant, PLATFORM):
        if found := _met(case, ListName.WHITE, tenant, lists.get(tenant)):
            case.trusted = found
            return None
    if not case.hosted.whitelist_only:
        return None
    case.note("whitelist only", "caller is on no whitelist", f"number {case.hosted.number}")
    return _REJECTED, f"number {case.hosted.number} is whitelist-only"


def _blacklists(case: Case) -> _Verdict | None:
    if case.trusted is not None:
        case.note("blacklists", f"passed over: {case.trusted.pattern} is on a whitelist", "lists")
        return None
    lists = case.tables.lists.black
    for tenant in (PLATFORM, case.hosted.tenant):
        if found := _met(case, ListName.BLACK, tenant, lists.get(tenant)):
            return _REJECTED, f"{_called(ListName.BLACK, tenant)}: {found.pattern}"
    return None


def _met(case: Case, name: ListName, tenant: str, entries: Entries | None) -> Match | None:
    found = entries.match(case.key, case.now) if entries is not None else None
    if case.looked is not None:
        why = entries.note(found.pattern) if entries is not None and found else ""
        note = f" ({why})" if why else ""
        outcome = f"entry {found.pattern}{note}" if found else f"{case.key} is not on it"
        case.note(_called(name, tenant), outcome, f"list {name} of {tenant}")
    return found


def _called(name: ListName, tenant: str) -> str:
    return f"{'platform ' if tenant == PLATFORM else ''}{name}list"


def _region_block(case: Case) -> _Verdict | None:
    regions, tenant = case.tables.regions, case.hosted.tenant
    places = ((tenant, case.hosted.number), (tenant, ""), (PLATFORM, ""))
    groups = [rules for place in places if (rules := regions.get(place))] if regions else []
    if not groups:
        return None
    case.region = region_of(case.key)
    rule = case.branch = _region_rule(case.region, groups)
    if rule is None or rule.destination.kind is not Kind.REFUSE:
        if case.looked is not None:
            outcome = f"{case.region or 'unknown region'} is not blocked"
            case.note("region block", outcome, "regions")
        return None
    if case.trusted is not None:
        case.branch = None
        case.note("region block", "passed over: caller is on a whitelist", "regions")
        return None
    case.note("region block", f"{case.region} is blocked", _place(rule))
    return rule.destination, f"region {rule.region} is blocked"


def _region_rule(
    region: Region | None, groups: list[Mapping[str, RegionRule]]
) -> RegionRule | None:
    """The most precise region decides; for the same region the number's rule before the tenant's.

    A platform-wide rule comes last.
    """
    for label in region.labels if region else ():
        for rules in groups:
            if rule := rules.get(label):
                return rule
    return None


def _place(rule: RegionRule) -> str:
    return f"region {rule.region} of {f'number {rule.number}' if rule.number else rule.tenant}"


def _limits(case: Case) -> _Verdict | None:
    hosted, facts = case.hosted, case.facts
    most = case.tenant.calls_limit if case.tenant else 0
    for name, limit, have in (
        (f"number {hosted.number}", hosted.calls_limit, facts.calls_now),
        (f"tenant {hosted.tenant}", most, facts.tenant_calls_now),
    ):
        if case.looked is not None:
            case.note("calls at once", f"{have} of {limit or 'any number'}", name)
        if limit and have >= limit:
            return hosted.over_limit_to, f"{name} has {limit} calls at once"
    return None


def _hours(case: Case) -> _Verdict | None:
    hosted = case.hosted
    if not hosted.hours:
        return None
    plan = case.tables.plans.get((hosted.tenant, hosted.hours))
    if plan is None:
        case.note("hours", "there is no such plan: open", f"hours {hosted.hours}")
        return None
    status = plan.at(case.now)
    word = "open" if status.open else "holiday" if status.holiday else "closed"
    if case.looked is not None:
        case.note("hours", f"{word}: {status.why}", f"hours {plan.name} of {hosted.tenant}")
    if status.open:
        return None
    place = (hosted.holiday_to if status.holiday else None) or hosted.closed_to
    if place is None:
        place = Destination(kind=Kind.ANNOUNCEMENT, name="closed")
    return place, f"hours {plan.name}: {word} ({status.why})"


def _region_branch(case: Case) -> _Verdict | None:
    rule = case.branch
    if rule is None:
        return None
    case.note("region branch", f"{case.region} goes to {rule.destination}", _place(rule))
    return rule.destination, f"region {rule.region}"


_RULES: tuple[Callable[[Case], _Verdict | None], ...] = (
    _state,
    _whitelist,
    _blacklists,
    _region_block,
    _limits,
    _hours,
    _region_branch,
)


def _feature(facts: Facts, tables: Tables) -> Decision:
    extension = tables.numbers.extensions.get(facts.caller)
    tenant = extension.tenant if extension else ""
    language = tables.numbers.language_at(facts.caller)
    feature = FEATURES.get(facts.dialled)
    if feature is None and _PICK_UP.fullmatch(facts.dialled):
        feature = "pick-up"
    if feature is None:
        return Decision(
            destination=Destination(kind=Kind.FEATURE, name="unknown"),  # told so in words
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
