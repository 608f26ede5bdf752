"""I1, I2: callers in flows, on turned time: what they hear and where they end up."""

from datetime import timedelta
from typing import Any

import pytest

from callcenter.acd import QueuePlan, SeatState, save_queue
from callcenter.calls.cdr import Result
from callcenter.ivr import publish
from callcenter.ivr.model import Flow
from callcenter.ivr.validate import validate
from callcenter.numbers import Destination, HostedNumber, save_number
from callcenter.pbx.fake import FakeCaller
from tests.support.world import World

NUMBER = "4008005555"
BYE = "  bye: {kind: hangup, prompts: [goodbye]}\n"


async def dials(
    world: World, nodes: str, keys: str = "", *, start: str = "start", fallback: str = ""
) -> FakeCaller:
    """A caller who dials a number with this flow and has pressed ``keys`` already."""
    checked = validate(f"name: tested\nstart: {start}\nnodes:\n{nodes}")
    assert checked.flow is not None, checked.findings
    return await dials_flow(world, checked.flow, keys, fallback=fallback)


async def dials_flow(world: World, flow: Flow, keys: str = "", *, fallback: str = "") -> FakeCaller:
    with world.database.begin() as connection:
        publish(connection, flow)
        number = HostedNumber(
            number=NUMBER,
            tenant="acme",
            flow=flow.name,
            fallback=Destination.parse(fallback) if fallback else None,
        )
        save_number(connection, number)
    assert world.engine is not None
    await world.engine.reload()
    caller = world.calls(number=NUMBER)
    caller.presses(keys)
    return caller


THREE_LEVELS = (
    """\
  start:
    kind: menu
    prompts: [welcome]
    choices: {1: second}
    operator: operator
    repeat: "#"
    attempts: 2
    on_timeout: operator
    otherwise: bye
  second:
    kind: menu
    prompts: [menu-main]
    choices: {1: third, 2: bye}
    back: "*"
    repeat: "#"
    attempts: 2
    on_invalid: third
    otherwise: bye
  third:
    kind: menu
    prompts: [closed]
    choices: {1: bye}
    back: "*"
    otherwise: bye
  operator: {kind: play, prompts: [please-wait], next: bye}
"""
    + BYE
)


@pytest.mark.parametrize(
    ("keys", "heard"),
    [
        ("111", ["welcome", "menu-main", "closed", "goodbye"]),
        ("0", ["welcome", "please-wait", "goodbye"]),
        ("#0", ["welcome", "welcome", "please-wait", "goodbye"]),
        ("####12", ["welcome"] * 5 + ["menu-main", "goodbye"]),
        ("1*12", ["welcome", "menu-main", "welcome", "menu-main", "goodbye"]),
        (
            "11**12",
            ["welcome", "menu-main", "closed", "menu-main", "welcome", "menu-main", "goodbye"],
        ),
        # A key pressed ahead cuts the sentence about the wrong one short.
        ("*0", ["welcome", "invalid-choice", "please-wait", "goodbye"]),
        ("77", ["welcome", "invalid-choice", "invalid-choice", "goodbye"]),
        (
            "1771",
            ["welcome", "menu-main", "invalid-choice", "invalid-choice", "closed", "goodbye"],
        ),
    ],
)
async def test_three_levels(world: World, keys: str, heard: list[str]) -> None:
    alice = await dials(world, THREE_LEVELS, keys)
    await world.passes(minutes=2)
    assert alice.heard == heard
    assert not alice.is_up


async def test_no_key_goes_the_way_of_timeouts(world: World) -> None:
    alice = await dials(world, THREE_LEVELS)
    await world.passes(minutes=2)
    assert alice.heard == ["welcome", "no-input", "welcome", "no-input", "please-wait", "goodbye"]


async def test_key_during_a_prompt_ends_it_and_counts_at_the_menu(world: World) -> None:
    nodes = """\
  start: {kind: play, prompts: [welcome, closed], next: must-hear}
  must-hear: {kind: play, prompts: [please-wait], barge_in: false, next: menu}
  menu: {kind: menu, prompts: [menu-main], choices: {5: five}, otherwise: bye}
  five: {kind: play, prompts: [busy-ok], next: bye}
"""
    alice = await dials(world, nodes + BYE)
    await world.passes(seconds=1)
    alice.presses("5")
    await world.passes(minutes=1)
    assert alice.heard == ["welcome", "please-wait", "busy-ok", "goodbye"]


async def test_keys_pressed_ahead_count_for_menu_and_digits(world: World) -> None:
    nodes = """\
  start: {kind: play, prompts: [welcome], next: menu}
  menu: {kind: menu, prompts: [menu-main], choices: {2: card}, otherwise: bye}
  card: {kind: digits, prompts: [member-number], into: card, least: 3, next: say, otherwise: bye}
  say: {kind: say, what: digits, value: "{card}", next: bye}
"""
    alice = await dials(world, nodes + BYE)
    await world.passes(seconds=1)
    alice.presses("2407#")
    await world.passes(minutes=1)
    spoken = ["digits/4", "digits/0", "digits/7"]
    assert [name for name in alice.heard if name not in ("menu-main", "member-number")] == [
        "welcome",
        *spoken,
        "goodbye",
    ]


async def test_too_few_digits_are_asked_for_again(world: World) -> None:
    nodes = """\
  start:
    {kind: digits, prompts: [member-pin], into: pin, least: 4, attempts: 2, next: bye,
     otherwise: no}
  no: {kind: play, prompts: [login-failed], next: bye}
"""
    alice = await dials(world, nodes + BYE, "12#1#")
    await world.passes(minutes=1)
    expected = ["member-pin", "invalid-choice", "invalid-choice"]
    assert alice.heard == [*expected, "login-failed", "goodbye"]


SAY = "  start: {kind: say, what: WHAT, value: 'VALUE', next: bye}\n" + BYE


@pytest.mark.parametrize(
    ("what", "value"),
    [("number", "1001"), ("money", "12.50 CNY"), ("date", "2026-03-02"), ("time", "14:30")],
)
async def test_values_are_said(world: World, what: str, value: str) -> None:
    alice = await dials(world, SAY.replace("WHAT", what).replace("VALUE", value))
    await world.passes(minutes=1)
    assert len(alice.heard) > 2
    assert alice.heard[-1] == "goodbye"


async def test_a_value_that_cannot_be_said_does_not_end_the_call(world: World) -> None:
    alice = await dials(world, SAY.replace("WHAT", "money").replace("VALUE", "{nothing}"))
    await world.passes(minutes=1)
    assert alice.heard == ["goodbye"]


async def test_branches_on_facts(world: World) -> None:
    nodes = """\
  start: {kind: branch, on: source, cases: {extension: bye}, otherwise: caller}
  caller: {kind: branch, on: caller, cases: {"+86139*": bye, "+86138*": region}, otherwise: bye}
  region: {kind: branch, on: region, cases: {CN: digit}, otherwise: bye}
  digit: {kind: digits, prompts: [menu-main], into: x, most: 1, next: value, otherwise: bye}
  value: {kind: branch, on: variable, variable: x, cases: {7: member, 8: bye}, otherwise: bye}
  member: {kind: branch, on: member, cases: {"no": zh}, otherwise: bye}
  zh: {kind: language, language: zh, next: language}
  language: {kind: branch, on: language, cases: {zh: right}, otherwise: bye}
  right: {kind: play, prompts: [welcome], next: bye}
"""
    alice = await dials(world, nodes + BYE, "7")
    await world.passes(minutes=1)
    assert alice.heard == ["menu-main", "welcome", "goodbye"]


async def test_jump_goes_on_in_the_version_in_force(world: World) -> None:
    other = validate(
        "name: other\nstart: a\nnodes:\n  a: {kind: play, prompts: [closed], next: bye}\n" + BYE
    ).flow
    assert other is not None
    with world.database.begin() as connection:
        publish(connection, other)
    alice = await dials(world, "  start: {kind: jump, flow: other}\n")
    await world.passes(minutes=1)
    assert alice.heard == ["closed", "goodbye"]


async def test_jump_to_nowhere_apologises_and_goes_to_the_fallback(world: World) -> None:
    alice = await dials(
        world, "  start: {kind: jump, flow: nowhere}\n", fallback="announcement:closed"
    )
    await world.passes(minutes=1)
    assert alice.heard == ["apology", "closed"]
    assert not alice.is_up


async def test_number_whose_flow_is_gone_goes_to_the_fallback(world: World) -> None:
    with world.database.begin() as connection:
        number = HostedNumber(
            number=NUMBER,
            tenant="acme",
            flow="gone",
            fallback=Destination.parse("announcement:closed"),
        )
        save_number(connection, number)
    assert world.engine is not None
    await world.engine.reload()
    alice = world.calls(number=NUMBER)
    await world.passes(minutes=1)
    assert alice.heard == ["apology", "closed"]
    assert not alice.is_up


async def test_fallback_may_be_a_flow_of_its_own(world: World) -> None:
    alice = await dials(world, "  start: {kind: jump, flow: nowhere}\n", "9", fallback="flow:main")
    await world.passes(minutes=5)
    assert alice.heard[:3] == ["apology", "welcome", "menu-main"]
    assert not alice.is_up


async def test_fallback_that_is_broken_too_does_not_go_round(world: World) -> None:
    alice = await dials(world, "  start: {kind: jump, flow: nowhere}\n", fallback="flow:tested")
    await world.passes(minutes=5)
    assert set(alice.heard) == {"apology"}
    assert len(alice.heard) <= 3
    assert not alice.is_up


async def test_flow_that_spins_apologises_and_ends(world: World) -> None:
    nodes = """\
  start: {kind: language, language: zh, next: b}
  b: {kind: language, language: en, next: start}
"""
    alice = await dials(world, nodes)
    await world.passes(seconds=10)
    assert alice.heard == ["apology"]
    assert not alice.is_up


async def test_silent_line_does_not_stay_in_a_menu_for_ever(world: World) -> None:
    nodes = "  start: {kind: menu, prompts: [menu-main], choices: {1: start}, otherwise: start}\n"
    alice = await dials(world, nodes)
    await world.passes(minutes=60)
    assert not alice.is_up
    assert alice.heard[-1] == "apology"


async def test_survey_answers_are_kept(world: World) -> None:
    nodes = """\
  start:
    kind: survey
    questions:
      - {name: friendly, prompts: [menu-main]}
      - {name: solved, prompts: [closed], keys: "12"}
    thanks: [goodbye]
    next: bye
"""
    alice = await dials(world, nodes + BYE, "592")
    await world.passes(minutes=1)
    assert alice.heard == ["menu-main", "closed", "closed", "goodbye", "goodbye"]
    [cdr] = await world.cdrs()
    assert cdr.result is Result.SELF_SERVED


async def test_queue_goes_on_when_the_seat_hangs_up(world: World) -> None:
    with world.database.begin() as connection:
        plan = QueuePlan(
            name="tiny", tenant="acme", ring=timedelta(seconds=15), wrap_up=timedelta(seconds=1),
            seats=(("1001", 1),),
        )  # fmt: skip
        save_queue(connection, plan)
    nodes = """\
  start: {kind: priority, priority: 5, next: q}
  q: {kind: queue, queue: tiny, next: bye, otherwise: sorry}
  sorry: {kind: play, prompts: [all-seats-busy], next: bye}
"""
    await world.logs_in("1001")
    alice = await dials(world, nodes + BYE)
    await world.passes(seconds=10)
    assert world.state("1001") is SeatState.TALKING
    world.phone("1001").hang_up()
    await world.passes(seconds=5)
    assert alice.heard == ["goodbye"]


async def test_engine_dies_and_variables_live_on(world: World) -> None:
    nodes = """\
  start: {kind: digits, prompts: [member-number], into: card, most: 3, next: pin, otherwise: bye}
  pin:
    {kind: digits, prompts: [member-pin], into: pin, most: 2, secret: true, next: zh,
     otherwise: bye}
  zh: {kind: skill, skills: {chinese: 3}, next: menu}
  menu: {kind: menu, prompts: [menu-main], choices: {1: say}, attempts: 9, otherwise: bye}
  say: {kind: say, what: digits, value: "{card}", next: secret}
  secret: {kind: say, what: digits, value: "{pin}", next: bye}
"""
    alice = await dials(world, nodes + BYE, "40742")
    await world.passes(seconds=9)
    await world.engine_dies()
    await world.passes(seconds=1)
    await world.start()
    alice.presses("1")
    await world.passes(minutes=1)
    assert alice.heard[-4:] == ["digits/4", "digits/0", "digits/7", "goodbye"]
    journal = b"".join(file.read_bytes() for file in (world.folder / "journal").iterdir())
    assert b'"card":"407"' in journal
    assert b'"pin":"42"' not in journal


async def test_a_call_ends_on_the_version_it_began_with(world: World) -> None:
    nodes = "  start: {kind: menu, prompts: [welcome], choices: {1: two}, otherwise: bye}\n"
    old = nodes + "  two: {kind: play, prompts: [closed], next: bye}\n" + BYE
    new = old.replace("[closed]", "[busy-ok]").replace("[welcome]", "[menu-main]")
    alice = await dials(world, old)
    await world.passes(seconds=2)
    bob = await dials(world, new)
    await world.passes(seconds=2)
    alice.presses("1")
    bob.presses("1")
    await world.passes(minutes=1)
    assert alice.heard == ["welcome", "closed", "goodbye"]
    assert bob.heard == ["menu-main", "busy-ok", "goodbye"]


def _node(**fields: Any) -> dict[str, Any]:
    return fields


async def test_request_fails_politely_and_never_in_silence(world: World) -> None:
    flow = Flow.model_validate(
        {
            "name": "asks",
            "start": "ask",
            "nodes": {
                "ask": _node(
                    kind="request", url="http://127.0.0.1:9/", next="bye", otherwise="sorry"
                ),
                "sorry": _node(kind="play", prompts=["all-seats-busy"], next="bye"),
                "bye": _node(kind="hangup", prompts=["goodbye"]),
            },
        }
    )
    alice = await dials_flow(world, flow)
    await world.passes(seconds=30)
    assert alice.heard == ["all-seats-busy", "goodbye"]
