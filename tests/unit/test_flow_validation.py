"""I3: what is wrong with a flow's document, each finding with its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.ivr.document import read_document
from callcenter.ivr.validate import Known, validate

GOOD = """\
name: main
start: welcome
nodes:
  welcome: {kind: play, prompts: [welcome], next: menu}
  menu:
    kind: menu
    prompts: [menu-main]
    choices:
      1: sales
      2: other
    operator: sales
    repeat: "#"
    back: "*"
    otherwise: bye
  sales: {kind: queue, queue: sales, next: bye}
  other: {kind: jump, flow: other}
  bye: {kind: hangup, prompts: [goodbye]}
"""
OTHER = """\
name: other
start: bye
nodes:
  bye: {kind: hangup}
"""
OTHER_FLOW = validate(OTHER).flow
assert OTHER_FLOW is not None
KNOWN = Known(
    prompts=frozenset({"welcome", "menu-main", "goodbye", "invalid-choice", "no-input"}),
    queues=frozenset({"sales"}),
    seats=frozenset({"1001"}),
    extensions=frozenset({"1001"}),
    calendars=frozenset({"office"}),
    lines=frozenset({"shop"}),
    boxes=frozenset({"main"}),
    flows={"other": OTHER_FLOW},
    not_yet=frozenset(),
    facts_not_yet=frozenset(),
)


def _found(text: str, known: Known = KNOWN) -> list[tuple[str, int, int]]:
    return [(f.code, f.line, f.column) for f in validate(text, known).findings]


def test_a_sound_flow_has_no_findings() -> None:
    checked = validate(GOOD, KNOWN)
    assert checked.findings == []
    assert checked.ok
    assert checked.flow is not None
    assert list(checked.flow.nodes) == ["welcome", "menu", "sales", "other", "bye"]


def test_json_is_read_by_the_same_rules() -> None:
    flow = validate(GOOD, KNOWN).flow
    assert flow is not None
    text = json.dumps(json.loads(flow.model_dump_json(exclude_defaults=True)), indent="\t")
    again = validate(text, KNOWN)
    assert again.findings == []
    assert again.flow == flow


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "column"),
    [
        ("      1: sales", "      1: nowhere", "unknown-target", 9, 10),
        ("start: welcome", "start: begin", "unknown-target", 2, 8),
        ("flow: other", "flow: missing", "unknown-flow", 16, 29),
        ("flow: other", "flow: other, node: lost", "unknown-target", 16, 42),
        ("queue: sales,", "queue: salez,", "missing-queue", 15, 31),
        ("prompts: [welcome]", "prompts: [welcome, hello]", "missing-prompt", 4, 44),
        ("kind: queue,", "kind: fax,", "not-available", 15, 17),
        ("kind: queue,", "kind: quque,", "unknown-kind", 15, 17),
        ("kind: queue, ", "", "shape", 15, 3),
        (", next: bye}", "}", "dead-end", 15, 3),
        ("    otherwise: bye\n", "", "dead-end", 5, 3),
        ("    otherwise: bye\n", "    otherwise: bye\n    sing: 1\n", "shape", 15, 5),
        ("      2: other\n", "      2: other\n      2: bye\n", "duplicate-key", 11, 7),
        ('repeat: "#"', 'repeat: "1"', "shape", 5, 3),
        ('repeat: "#"', "repeat: '#'\n    wait: 600", "shape", 13, 11),
        ("bye: {kind: hangup", "lost: {kind: hangup}\n  bye: {kind: hangup", "unreachable", 17, 3),
        ("name: main", "name: [main", "syntax", 2, 6),
        ("name: main", "name: Main Menu", "shape", 1, 7),
        ("name: main", "name: &a main", "syntax", 1, 7),
        ("name: main", "name: !!python/name:os.system main", "syntax", 1, 7),
    ],
)
def test_finding_and_place(old: str, new: str, code: str, line: int, column: int) -> None:
    assert old in GOOD
    assert (code, line, column) in _found(GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    ("node", "code", "at"),
    [
        ("{kind: seat, seat: '1009', next: bye, otherwise: bye}", "missing-seat", "'1009'"),
        (
            "{kind: extension, extension: 1009, next: bye, otherwise: bye}",
            "missing-extension",
            "1009",
        ),
        ("{kind: lines, lines: nobody, next: bye, otherwise: bye}", "missing-lines", "nobody"),
        ("{kind: voicemail, box: nobody, next: bye}", "missing-box", "nobody"),
        (
            "{kind: branch, on: hours, calendar: x, cases: {open: bye}, otherwise: bye}",
            "missing-calendar",
            "x,",
        ),
        ("{kind: say, what: number, value: '{sum}', next: bye}", "unset", "'{sum"),
        ("{kind: outside, number: 110, next: bye, otherwise: bye}", "shape", "110"),
        ("{kind: request, url: 'http://{x}/', next: bye, otherwise: bye}", "shape", "'http"),
    ],
)
def test_what_a_node_names_must_exist(node: str, code: str, at: str) -> None:
    text = f"name: a\nstart: one\nnodes:\n  one: {node}\n  bye: {{kind: hangup}}\n"
    assert (code, 4, len("  one: ") + node.index(at) + 1) in _found(text)


def test_kinds_nobody_serves_yet_are_refused_by_name() -> None:
    text = "name: a\nstart: one\nnodes:\n  one: {kind: fax, next: bye}\n  bye: {kind: hangup}\n"
    [finding] = validate(text).findings
    assert finding.message == "Node 'one': kind 'fax' is not available yet."
    served = Known(not_yet=frozenset({"hangup"}))
    [finding] = validate(OTHER, served).findings
    assert finding.message == "Node 'bye': kind 'hangup' is not available yet."


CIRCLE = """\
name: round
start: a
nodes:
  a: {kind: language, language: zh, next: b}
  b: {kind: play, prompts: [welcome], next: a}
"""


def test_a_loop_without_input_is_an_error() -> None:
    assert ("circle", 4, 3) in _found(CIRCLE)
    assert not validate(CIRCLE, KNOWN).ok


def test_a_queue_that_is_full_does_not_wait() -> None:
    text = (
        "name: a\nstart: q\nnodes:\n"
        "  q: {kind: queue, queue: sales, next: bye, full: again}\n"
        "  again: {kind: play, prompts: [welcome], next: q}\n"
        "  bye: {kind: hangup}\n"
    )
    assert ("circle", 4, 3) in _found(text)
    assert "circle" not in {f[0] for f in _found(text.replace("full:", "too_long:"))}


def test_a_menu_that_loops_waits_for_the_caller() -> None:
    text = GOOD.replace("      2: other", "      2: welcome")
    assert "circle" not in {code for code, _, _ in _found(text)}


def test_a_loop_through_another_flow_is_found() -> None:
    back = validate("name: other\nstart: j\nnodes:\n  j: {kind: jump, flow: round}\n", Known()).flow
    assert back is not None
    text = "name: round\nstart: a\nnodes:\n  a: {kind: jump, flow: other}\n"
    known = Known(flows={"other": back})
    assert ("circle", 4, 3) in _found(text, known)


def test_jumps_that_lead_too_deep() -> None:
    flows = {}
    for number in range(12):
        text = f"name: f{number}\nstart: j\nnodes:\n  j: {{kind: jump, flow: f{number + 1}}}\n"
        flow = validate(text).flow
        assert flow is not None
        flows[flow.name] = flow
    text = "name: top\nstart: a\nnodes:\n  a: {kind: jump, flow: f0}\n"
    assert ("too-deep", 4, 3) in _found(text, Known(flows=flows))
    text = text.replace("f0", "f9")
    assert "too-deep" not in {code for code, _, _ in _found(text, Known(flows=flows))}


def test_a_flow_without_an_end_is_a_warning() -> None:
    text = (
        "name: a\nstart: m\nnodes:\n"
        "  m: {kind: menu, prompts: [welcome], choices: {1: m}, otherwise: m}\n"
    )
    checked = validate(text, KNOWN)
    assert [(f.code, f.severity, f.line) for f in checked.findings] == [("no-end", "warning", 4)]
    assert checked.ok


def test_words_and_numbers_are_what_they_look_like() -> None:
    text = "{a: no, b: 0101, c: 12:30, d: 5, e: 2.5, f: true, g: '7', h: ~, i: -3}"
    assert read_document(text).data == {
        "a": "no",
        "b": "0101",
        "c": "12:30",
        "d": 5,
        "e": 2.5,
        "f": True,
        "g": "7",
        "h": None,
        "i": -3,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "[" * 10_000,
        "{" * 10_000,
        "- " * 5_000,
        "a: &x [1]\nb: *x",
        "x" * 600_000,
        "--- a\n--- b",
        '{"a": "\\ud800"}',
        "name: main\nstart: [x]\nnodes: 7",
        "name: main\nstart: x\nnodes: {x: 5, y: null, z: {kind: [menu]}}",
        "? {a: 1}\n: b",
        "\x00",
        "{1: 2, true: 3}",
    ],
)
def test_nonsense_is_findings_never_an_exception(text: str) -> None:
    checked = validate(text, KNOWN)
    assert checked.flow is None
    assert checked.findings
    for finding in checked.findings:
        assert finding.line >= 1
        assert finding.column >= 1
        assert "\n" not in finding.message
        assert len(finding.message) < 1000


LEAVES = st.one_of(
    st.text(max_size=8), st.integers(), st.floats(allow_nan=False), st.booleans(), st.none()
)
WORDS = st.sampled_from(
    ["kind", "menu", "next", "prompts", "nodes", "start", "name", "choices", "1", "play", "bye"]
)
TREES = st.recursive(
    LEAVES | WORDS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(WORDS | st.text(max_size=4), below),
    max_leaves=25,
)


@given(TREES)
def test_any_tree_is_findings_or_a_flow(tree: object) -> None:
    checked = validate(json.dumps(tree), KNOWN)
    assert checked.flow is not None or checked.findings


@given(st.text(alphabet="abc:{}[]-&*!|>'\"#%@`?, \n\t0159~", max_size=200))
def test_any_text_is_findings_or_a_flow(text: str) -> None:
    checked = validate(text, KNOWN)
    assert checked.flow is not None or checked.findings


@given(st.integers(0, len(GOOD)), st.integers(0, 30), st.text(max_size=5))
def test_any_slip_in_a_sound_document(at: int, gone: int, put: str) -> None:
    checked = validate(GOOD[:at] + put + GOOD[at + gone :], KNOWN)
    assert checked.flow is not None or checked.findings
