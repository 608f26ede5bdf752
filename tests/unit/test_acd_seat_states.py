"""S4: every state of a seat with every cue, and the page that draws them."""

from collections.abc import Iterator
from itertools import product

import pytest

from callcenter.acd import Dispatcher, Plan, SeatPlan, SeatState, StateChanged
from callcenter.acd.drawn import PAGE, page
from callcenter.acd.model import TABLE, Cue
from callcenter.acd.seat import Seat
from callcenter.sim.clock import HeapClock

EXPECTED = """
                 idle         ringing  talking  on_hold  wrap_up      engaged      unreachable
offered          ringing      .        .        .        .            .            .
answered         .            talking  .        .        .            .            .
offer_failed     .            idle     .        .        .            .            .
talk_ended       .            .        wrap_up  wrap_up  .            .            .
held             .            .        on_hold  .        .            .            .
taken_off_hold   .            .        .        talking  .            .            .
wrap_up_over     .            .        .        .        idle         .            .
phone_lost       unreachable  .        .        .        unreachable  unreachable  .
phone_idle       .            .        .        .        .            idle         idle
phone_in_use     engaged      .        .        .        .            .            engaged
wrap_up_asked    wrap_up      .        .        .        .            .            .
logged_out       .            .        .        .        idle         idle         idle
adopted_ringing  ringing      .        .        .        ringing      ringing      ringing
adopted_talking  talking      .        .        .        talking      talking      talking
"""


def _expected() -> Iterator[tuple[SeatState, Cue, SeatState | None]]:
    head, *rows = [line.split() for line in EXPECTED.strip().splitlines()]
    for cue, *cells in rows:
        for state, cell in zip(head, cells, strict=True):
            yield SeatState(state), Cue(cue), None if cell == "." else SeatState(cell)


def test_the_list_here_is_whole() -> None:
    assert {(s, c) for s, c, _ in _expected()} == set(product(SeatState, Cue))


@pytest.mark.parametrize(("state", "cue", "following"), list(_expected()))
def test_every_state_with_every_cue(
    state: SeatState, cue: Cue, following: SeatState | None
) -> None:
    told: list[object] = []
    dispatcher = Dispatcher(HeapClock(), told.append)
    plan = SeatPlan(number="1", tenant="t", name="A", pin_hash="")
    dispatcher.configure(Plan(seats={"1": plan}, queues={}))
    seat: Seat = dispatcher.seat("1")
    seat.state = state
    assert seat.cue(cue) is (following is not None)
    assert seat.state is (following or state)
    said = [event.state for event in told if isinstance(event, StateChanged)]
    assert said == ([following] if following else [])


def test_no_state_is_a_trap() -> None:
    """From every state there is a way to idle."""
    home = {SeatState.IDLE}
    while more := {s for (s, _), following in TABLE.items() if following in home} - home:
        home |= more
    assert home == set(SeatState)


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m callcenter.acd.drawn"
