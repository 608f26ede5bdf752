"""The decision: the order of the rules, and what explain tells."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.kernel.errors import Refused
from callcenter.numbers import Destination, HostedNumber, Numbers, NumberState, Tenant
from callcenter.routing import Decision, Facts, Tables, decide
from callcenter.routing.dialling import dial_plan, typed_key
from callcenter.routing.hours import Plan, parse_ranges
from callcenter.routing.lists import Change, Lists
from callcenter.routing.regions import region_label, region_of
from callcenter.routing.tables import RegionRule

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Shanghai
NIGHT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
NUMBER = "4008001234"
to = Destination.parse


def _tables(*changes: Change, regions: dict[str, str] | None = None, **number: object) -> Tables:
    hosted = HostedNumber(number=NUMBER, tenant="acme", flow="main", **number)  # type: ignore[arg-type]
    week = tuple(parse_ranges("09:00-18:00") for _ in range(7))
    rules = {
        label: RegionRule(tenant="acme", number="", region=label, destination=to(place))
        for label, place in (regions or {}).items()
    }
    return Tables(
        numbers=Numbers(
            tenants={"acme": Tenant(id="acme", name="Acme", zone="Asia/Shanghai", calls_limit=9)},
            numbers={NUMBER: hosted},
        ),
        lists=Lists().changed(1, changes),
        regions={("acme", ""): rules} if rules else {},
        plans={("acme", "day"): Plan(name="day", zone=ZoneInfo("Asia/Shanghai"), weekly=week)},
    )


def _call(tables: Tables, caller: str = "13800000001", now: datetime = NOW, **f: int) -> Decision:
    facts = Facts(source="trunk", caller=caller, dialled=NUMBER, **f)
    made = decide(facts, tables, now)
    explained = decide(facts, tables, now, explain=True)
    assert replace(explained, looked=()) == made  # looking changes nothing
    assert explained.looked
    return made


def test_a_number_leads_to_its_destination() -> None:
    made = _call(_tables())
    assert (str(made.destination), made.tenant) == ("flow:main", "acme")


@pytest.mark.parametrize(
    ("state", "cause"), [(NumberState.SEALED, 21), (NumberState.SUSPENDED, 21), ("available", 1)]
)
def test_a_number_that_is_not_active_takes_no_call(state: str, cause: int) -> None:
    assert _call(_tables(state=NumberState(state))).destination.cause == cause


@pytest.mark.parametrize("tenant", ["acme", "*"])
@pytest.mark.parametrize("caller", ["13800000001", "+8613800000001", "008613800000001"])
def test_blacklists_refuse_with_21_however_the_number_is_presented(
    tenant: str, caller: str
) -> None:
    made = _call(_tables(Change("black", tenant, "+86138*")), caller)
    assert made.destination == to("refuse:rejected")
    assert made.rule.endswith("blacklist: +86138*")


def test_the_list_of_another_tenant_does_not_count() -> None:
    assert str(_call(_tables(Change("black", "other", "+86138*"))).destination) == "flow:main"


@pytest.mark.parametrize("caller", ["", "anonymous", "Unknown"])
def test_withheld_numbers_are_anonymous(caller: str) -> None:
    assert _call(_tables(Change("black", "acme", "anonymous")), caller).destination.cause == 21


def test_a_whitelist_beats_blacklists_and_blocked_regions() -> None:
    rows = [Change("black", "*", "+86138*"), Change("white", "acme", "+8613800000001")]
    tables = _tables(*rows, regions={"cn": "refuse:rejected"})
    assert str(_call(tables).destination) == "flow:main"
    assert _call(tables, "13800000002").destination.cause == 21


def test_whitelist_only_lets_nobody_else_through() -> None:
    tables = _tables(Change("white", "acme", "+86139*"), whitelist_only=True)
    assert _call(tables).rule == f"number {NUMBER} is whitelist-only"
    assert str(_call(tables, "13900000000").destination) == "flow:main"


def test_regions_branch_and_block_the_most_precise_first() -> None:
    tables = _tables(
        regions={"cn/guangdong": "queue:south", "cn/广东/佛山": "queue:foshan", "jp": "refuse:21"}
    )
    assert str(_call(tables, "075786543210").destination) == "queue:foshan"
    assert str(_call(tables, "13500001234").destination) == "queue:south"
    assert str(_call(tables, "01012345678").destination) == "flow:main"
    assert _call(tables, "+81312345678").rule == "region jp is blocked"
    assert str(_call(tables, "13500001234").region) == "CN/Guangdong/Guangzhou"


def test_limits_come_before_hours() -> None:
    tables = _tables(calls_limit=2, hours="day", over_limit_to=to("queue:overflow"))
    assert str(_call(tables, calls_now=1).destination) == "flow:main"
    assert str(_call(tables, calls_now=2, now=NIGHT).destination) == "queue:overflow"
    assert _call(tables, tenant_calls_now=9).rule == "tenant acme has 9 calls at once"
    assert _call(_tables(calls_limit=1), calls_now=1).destination == to("refuse:busy")


def test_closed_hours_lead_elsewhere_before_regions_do() -> None:
    tables = _tables(hours="day", closed_to=to("voicemail:box"), regions={"cn": "queue:cn"})
    assert str(_call(tables).destination) == "queue:cn"
    assert str(_call(tables, now=NIGHT).destination) == "voicemail:box"


def test_hours_that_are_not_there_keep_nobody_out() -> None:
    assert str(_call(_tables(hours="gone"), now=NIGHT).destination) == "flow:main"


def test_explain_tells_each_rule_in_order() -> None:
    facts = Facts(source="trunk", caller="13800000001", dialled=NUMBER)
    tables = _tables(Change("black", "acme", "+86138*", "fax"), hours="day")
    made = decide(facts, tables, NOW, explain=True)
    assert [one.rule for one in made.looked] == [
        "number state",
        "whitelist",
        "platform whitelist",
        "platform blacklist",
        "blacklist",
        "destination",
    ]
    assert made.looked[4].outcome == "entry +86138* (fax)"
    assert made.looked[4].where == "list black of acme"


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_a_trunk_presents_is_decided(caller: str, dialled: str) -> None:
    tables = _tables(Change("black", "acme", "+86138*"), regions={"cn": "queue:x"}, hours="day")
    _call(tables, caller)
    assert decide(Facts(source="trunk", caller=caller, dialled=dialled), tables, NOW)


@pytest.mark.parametrize("country", ["CN", "JP", "US", "GB", "IT", "DE", "HK"])
@pytest.mark.parametrize("kind", [phonenumbers.PhoneNumberType.FIXED_LINE, 1])
def test_keys_are_what_phonenumbers_makes_of_a_number(country: str, kind: int) -> None:
    number = phonenumbers.example_number_for_type(country, kind)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    plan = dial_plan(country)
    assert plan.key(e164) == e164
    assert typed_key(national, country) == e164


@given(st.text("0123456789", min_size=1, max_size=15), st.integers(1, 15))
def test_the_key_of_a_beginning_begins_the_key(number: str, length: int) -> None:
    plan = dial_plan("CN")
    beginning = number[:length]
    if not number.startswith(("00", "1", "0")) or len(beginning) > 9:
        assert plan.key(number).startswith(plan.key(beginning))


@pytest.mark.parametrize(
    ("typed", "key"),
    [("138*", "+86138*"), ("010*", "+8610*"), ("+81 3*", "+813*"), ("Anonymous", "anonymous")],
)
def test_what_is_typed_into_lists(typed: str, key: str) -> None:
    assert typed_key(typed, "CN") == key


@pytest.mark.parametrize("typed", ["", "*", "abc", "1*8", "+", "１３８", "1" * 21])
def test_what_is_no_entry_is_said(typed: str) -> None:
    with pytest.raises(Refused, match=r"\.$"):
        typed_key(typed, "CN")


@pytest.mark.parametrize(
    ("key", "region"),
    [
        ("+8613800000001", "CN/Beijing/Beijing"),
        ("+862112345678", "CN/Shanghai/Shanghai"),
        ("+86471000000", "CN/Inner Mongolia/Huhehaote"),
        ("+81112345678", "JP/Hokkaido/Sapporo"),
        ("+14165550123", "CA/Ontario/Ontario"),
        ("+77010000000", "KZ"),
        ("+85221234567", "HK"),
    ],
)
def test_regions(key: str, region: str) -> None:
    assert str(region_of(key)) == region


@pytest.mark.parametrize(
    "typed", ["CN", "cn/Guangdong", "CN/广东省/佛山市", "JP/北海道", "CN/北京"]
)
def test_a_region_that_is_typed_is_one_a_number_can_have(typed: str) -> None:
    if typed == "JP/北海道":  # the Japanese names are those of cities
        with pytest.raises(Refused, match="is no region"):
            region_label(typed)
    else:
        assert region_label(typed)


@pytest.mark.parametrize("typed", ["", "XX", "CN/Atlantis", "/", "CN/"])
def test_a_region_that_does_not_exist_is_said(typed: str) -> None:
    with pytest.raises(Refused, match=r"\.$"):
        region_label(typed)


@given(st.text(max_size=12), st.sampled_from(["flow", "queue", "refuse", "feature", "x", ""]))
def test_destinations_are_read_as_they_are_written(name: str, kind: str) -> None:
    try:
        place = to(f"{kind}:{name}")
    except Refused:
        return
    assert to(str(place)) == place
