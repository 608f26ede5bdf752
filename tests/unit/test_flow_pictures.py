"""Flows drawn, switchboards made, and a flow tried in a terminal."""

import asyncio
import io
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rich.console import Console

from callcenter.ivr import draw
from callcenter.ivr.draw_layout import Size, lay_out
from callcenter.ivr.model import Flow
from callcenter.ivr.switchboard import BadTable, switchboard
from callcenter.ivr.try_ import Script, try_flow
from callcenter.ivr.validate import Known, validate
from callcenter.ivr.walker import WalkEnd

FLOW = """\
name: main
start: ask
nodes:
  ask:
    kind: menu
    prompts: [menu-main]
    choices: {1: sales, 2: "no"}
    repeat: "#"
    otherwise: bye
  sales: {kind: queue, queue: sales, next: bye, full: ask}
  "no": {kind: branch, on: caller, cases: {"<&>": bye}, otherwise: ask}
  bye: {kind: hangup, prompts: [goodbye]}
"""


def _flow(text: str = FLOW) -> Flow:
    checked = validate(text)
    assert checked.flow is not None, checked.findings
    return checked.flow


def test_svg_shows_every_node_and_branch() -> None:
    picture = ET.fromstring(draw.svg(_flow()))
    words = {element.text for element in picture.iter() if element.tag.endswith("text")}
    assert {"ask", "sales", "no", "bye", "queue: sales", "full", "1", "2", "<&>"} <= words


def test_png_is_a_picture_of_the_same_size() -> None:
    picture = ET.fromstring(draw.svg(_flow()))
    with Image.open(io.BytesIO(draw.png(_flow()))) as image:
        assert abs(image.width - 2 * float(picture.get("width", 0))) <= 3
        colours = image.convert("RGB").getcolors(1 << 24)
    assert colours is not None
    assert len(colours) > 5


def test_tree_names_what_was_shown_before() -> None:
    console = Console(file=io.StringIO(), width=100)
    console.print(draw.tree(_flow()))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "1 → sales  queue: sales" in shown
    assert "ask (above)" in shown


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30), st.integers(1, 10))
def test_boxes_never_overlap(edges: list[tuple[int, int]], count: int) -> None:
    boxes = {str(n): Size(40 + 17 * n, 50) for n in range(count)}
    joined = sorted({(str(a % count), str(b % count), "x") for a, b in edges})
    laid = lay_out(boxes, joined, "0")
    places = list(laid.centres.items())
    for number, (one, (x, y)) in enumerate(places):
        assert 0 <= x - boxes[one].width / 2 <= x + boxes[one].width / 2 <= laid.width
        assert 0 <= y - 25 <= y + 25 <= laid.height
        for other, (x2, y2) in places[number + 1 :]:
            apart = (boxes[one].width + boxes[other].width) / 2
            assert abs(x - x2) >= apart or abs(y - y2) >= 50
    assert len(laid.lines) == len(joined)


LEVEL_ONE = "key,name,line1,line2\n1,Sales,1001,1002\n2,Boss,+8613800000001,\n"
LEVEL_TWO = "department,key,line1,line2,line3,line4\n" + "".join(
    f"{d},{k},{d}{k}01,{d}{k}02,{d}{k}03,{d}{k}04\n" for d in range(10) for k in range(10)
)


def _board(table: str, level: int, **more: Any) -> Flow:
    return Flow.model_validate(switchboard(table, level=level, name="board", **more))


def test_switchboard_of_ten_times_ten_times_four_is_sound() -> None:
    """I5: level two is 10 x 10 extensions with 4 lines each."""
    made = _board(LEVEL_TWO, 2)
    rings = [node for node in made.nodes.values() if node.kind == "extension"]
    assert len(rings) == 400 + 1  # and the one for dial-by-extension
    checked = validate(made.model_dump_json(exclude_defaults=True), Known())
    assert checked.findings == []


def _tried(flow: Flow, keys: str, **more: Any) -> tuple[WalkEnd | None, list[str]]:
    shown: list[str] = []
    end = asyncio.run(try_flow(flow, Script(keys.split(",")), shown.append, **more))
    return end, shown


def test_switchboard_goes_on_to_the_next_telephone() -> None:
    end, shown = _tried(_board(LEVEL_ONE, 1, operator="1009"), "1,busy,talked")
    assert end is WalkEnd.DONE
    assert "  extension 1001 rings: busy" in shown
    assert "  extension 1002 rings: talked" in shown
    end, shown = _tried(_board(LEVEL_ONE, 1, operator="1009"), ",,,talked")
    assert "  extension 1009 rings: talked" in shown


def test_switchboard_dials_an_extension_directly_and_goes_back() -> None:
    _, shown = _tried(_board(LEVEL_ONE, 1), "*,7654,talked")
    assert "  extension 7654 rings: talked" in shown
    _, shown = _tried(_board(LEVEL_TWO, 2), "3,*,4,5,no_answer,unreach,busy,talked")
    assert "  extension 4504 rings: talked" in shown


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("", "lacks the column 'key'"),
        ("key,line1\n", "no extensions"),
        ("key,line1\nx,1001\n", "Line 2: 'x' is no key"),
        ("key,line1\n1,10;01\n", "Line 2: '10;01' is neither"),
        ("key,line1\n1,\n", "Line 2: key 1 has no telephone"),
        ("key,line1\n1,1001\n1,1002\n", "Line 3: key 1 is taken"),
        ("key,line1\n,1001\n", "Line 2: a key is missing"),
        ("key,line1\n1,1001,9\n", "Line 2: more fields"),
    ],
)
def test_a_bad_table_is_one_sentence(table: str, sentence: str) -> None:
    with pytest.raises(BadTable, match=sentence):
        switchboard(table, level=1, name="board")


def test_trying_a_flow_prints_what_is_heard_in_the_language() -> None:
    end, shown = _tried(_flow(), "#,1,full,7,,", language="zh")
    assert end is WalkEnd.DONE
    assert '  "销售咨询请按一，重听请按星号键。"' in shown
    assert "  7: invalid" in shown
    assert "  nothing: timeout" in shown
    assert shown[-1] == "The call ends."


def test_trying_ends_when_the_keys_do() -> None:
    end, shown = _tried(_flow(), "#")
    assert end is None
    assert shown[-1] == "The caller hangs up."


def test_trying_shows_what_is_broken() -> None:
    end, shown = _tried(_flow("name: a\nstart: a\nnodes:\n  a: {kind: jump, flow: b}\n"), "")
    assert end is WalkEnd.BROKEN
    assert any("no published flow 'b'" in line for line in shown)
