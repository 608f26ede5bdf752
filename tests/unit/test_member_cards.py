"""Members as CSV: every bad line is told with its number, and then nothing is done."""

from callcenter.lines import Line, LineGroup, LineKind, Order, choose
from callcenter.members import Member, read_cards, write_cards


def _nobody(_number: str) -> Member | None:
    return None


def test_each_bad_line_is_told_with_its_number_and_reason() -> None:
    text = (
        "number,pin,valid_to,services_left\n1,1234,,\n2,12,,\nx,1234,,\n"
        "3,1234,soon,\n4,1234,,-1\n1,1234,,\n5,\n"
    )
    cards, bad = read_cards(text, "acme", _nobody)
    assert [one.line for one in bad] == [3, 4, 5, 6, 7, 8]
    assert "PIN" in bad[0].why
    assert "line 2 already" in bad[4].why
    assert cards[0].member.number == "1"


def test_a_heading_without_number_or_with_strange_columns_is_refused() -> None:
    for heading in ("pin\n", "number,colour\n", ""):
        cards, bad = read_cards(heading, "acme", _nobody)
        assert not cards
        assert [one.line for one in bad] == [1]


def test_what_is_written_is_read_again() -> None:
    known = Member(tenant="acme", number="7", pin_hash="h", priority=2, services_left=0, failed=1)
    cards, bad = read_cards(write_cards([known]), "acme", {"7": known}.get)
    assert bad == []
    assert cards[0].member == known


def _lines(*names: str) -> tuple[Line, ...]:
    return tuple(Line(name=name, kind=LineKind.OUTSIDE, number="12345") for name in names)


def test_the_hunt_passes_over_lines_with_a_reason() -> None:
    group = LineGroup(name="g", tenant="t", lines=_lines("a", "b", "c"))
    choice = choose(group, frozenset("a"), 0, lambda line: "closed" if line.name == "b" else "")
    assert [line.name for line in choice.lines] == ["c"]
    assert choice.passed == (("b", "closed"),)
    assert choose(group, frozenset("abc"), 0, lambda _: "").lines == ()


def test_round_robin_and_all_at_once() -> None:
    group = LineGroup(name="g", tenant="t", lines=_lines("a", "b", "c"), order=Order.ROUND_ROBIN)
    firsts = [choose(group, frozenset(), turn, lambda _: "").lines[0].name for turn in range(4)]
    assert firsts == ["a", "b", "c", "a"]
    together = LineGroup(name="g", tenant="t", lines=_lines("a", "b"), order=Order.ALL)
    assert len(choose(together, frozenset(), 0, lambda _: "").lines) == 2
