"""Q1, Q2: who is chosen."""

import random
from collections import Counter
from datetime import timedelta

import pytest

from callcenter.acd import Action, SeatState, Step, StrategyName
from callcenter.acd.strategies import STRATEGIES
from callcenter.cli.sim import STRATEGIES as OFFERED
from tests.support.floor import Floor, skill


def _floor(strategy: StrategyName, *seats: str | tuple[str, int], **rules: object) -> Floor:
    floor = Floor()
    numbers = [s if isinstance(s, str) else s[0] for s in seats]
    floor.seats(*numbers)
    floor.queue("q", *seats, strategy=strategy, **rules)
    floor.log_in(*numbers)
    return floor


def test_every_strategy_is_known_everywhere() -> None:
    assert set(STRATEGIES) == set(StrategyName)
    assert tuple(StrategyName) == OFFERED


def test_longest_idle() -> None:
    floor = _floor(StrategyName.LONGEST_IDLE, "b", "a")
    floor.joins("c1")
    assert floor.serves("c1") == "b"
    floor.joins("c2")
    assert floor.serves("c2") == "a"
    floor.joins("c3")
    assert floor.serves("c3") == "b"


def test_fewest_calls() -> None:
    floor = _floor(StrategyName.FEWEST_CALLS, "a", "b")
    for call, by in (("c1", "a"), ("c2", "b"), ("c3", "a")):
        floor.joins(call)
        assert floor.serves(call) == by
    floor.log_in("a")  # logging in again changes no count
    floor.joins("c4")
    assert floor.serves("c4") == "b"


def test_least_talk_time() -> None:
    floor = _floor(StrategyName.LEAST_TALK, "a", "b")
    floor.joins("long")
    assert floor.serves("long", seconds=600) == "a"
    for call in ("c1", "c2", "c3"):
        floor.joins(call)
        assert floor.serves(call, seconds=60) == "b"


def test_round_robin_goes_on_after_the_last_one_served() -> None:
    floor = _floor(StrategyName.ROUND_ROBIN, "a", "b", "c")
    served = []
    for number in range(7):
        floor.joins(f"c{number}")
        served.append(floor.serves(f"c{number}"))
    assert "".join(served) == "abcabca"


def test_linear_starts_at_the_head_of_the_list_each_time() -> None:
    floor = _floor(StrategyName.LINEAR, "b", "a", "c")
    floor.joins("c1")
    floor.joins("c2")
    assert (floor.seat_of("c1"), floor.seat_of("c2")) == ("b", "a")
    floor.serves("c1")
    floor.joins("c3")
    assert floor.seat_of("c3") == "b"


def test_random_is_fair() -> None:
    floor = _floor(StrategyName.RANDOM, "a", "b", "c", wrap_up=timedelta(0))
    floor.dispatcher._index._lot.seed(7)
    served: Counter[str] = Counter()
    for number in range(900):
        floor.joins(f"c{number}")
        served[floor.serves(f"c{number}", seconds=1)] += 1
    assert all(240 < count < 360 for count in served.values())


def test_ring_all_rings_all_and_the_first_to_answer_gets_the_call() -> None:
    floor = _floor(StrategyName.RING_ALL, "a", "b", "c", ring_most=3)
    floor.joins("c1", rings_many=True)
    lead = floor.offer("c1")
    assert {lead.seat, *(o.seat for o in lead.others)} == {"a", "b", "c"}
    other = lead.others[0]
    assert floor.dispatcher.answered(other)
    assert not floor.dispatcher.answered(lead)
    assert floor.state(other.seat) is SeatState.TALKING
    assert floor.state(lead.seat) is SeatState.IDLE
    assert floor.dispatcher.metrics.double_offers == 0


def test_ring_all_rings_one_for_who_cannot_ring_many() -> None:
    floor = _floor(StrategyName.RING_ALL, "a", "b")
    floor.joins("c1")
    assert floor.offer("c1").others == ()
    assert floor.state("b") is SeatState.IDLE


def test_skill_level_picks_the_best_and_leaves_the_others_to_others() -> None:
    floor = Floor()
    floor.seats("low", skills=[skill("ja", 2)])
    floor.seats("high", skills=[skill("ja", 5)])
    floor.queue("q", "low", "high", strategy=StrategyName.SKILL_LEVEL, needs=(skill("ja", 2),))
    floor.log_in("low", "high")
    floor.joins("c1")
    assert floor.seat_of("c1") == "high"


def test_tiers_come_before_the_strategy() -> None:
    floor = _floor(StrategyName.LONGEST_IDLE, ("second", 2), ("first", 1))
    floor.joins("c1")
    assert floor.seat_of("c1") == "first"
    floor.joins("c2")
    assert floor.seat_of("c2") == "second"


def test_a_later_tier_opens_after_its_time() -> None:
    floor = _floor(
        StrategyName.LONGEST_IDLE, ("one", 1), ("two", 2), tier_after=timedelta(seconds=30)
    )
    floor.joins("c1")
    floor.joins("c2")
    floor.passes(29)
    assert floor.seat_of("c2") == ""
    floor.passes(2)
    assert floor.seat_of("c2") == "two"


@pytest.mark.parametrize(("first", "chosen"), [(True, "specialist"), (False, "generalist")])
def test_specialists_first_so_that_generalists_stay_free(first: bool, chosen: str) -> None:
    floor = Floor()
    floor.seats("generalist", "specialist")
    floor.queue("q", "generalist", "specialist", specialists_first=first)
    floor.queue("other", "generalist")
    floor.log_in("generalist", "specialist")
    floor.joins("c1")
    assert floor.seat_of("c1") == chosen


def test_required_and_preferred_skills() -> None:
    floor = Floor()
    floor.seats("none")
    floor.seats("ja", skills=[skill("ja", 3)])
    floor.seats("both", skills=[skill("ja", 3), skill("vip")])
    floor.queue("q", "none", "ja", "both")
    floor.log_in("none", "ja", "both")
    wants = [skill("ja", 2), skill("vip", preferred=True)]
    floor.joins("c1", skills=wants)
    assert floor.seat_of("c1") == "both"
    floor.joins("c2", skills=wants)
    assert floor.seat_of("c2") == "ja"
    floor.joins("c3", skills=wants)
    assert floor.seat_of("c3") == ""
    floor.joins("c4")
    assert floor.seat_of("c4") == "none"


def test_a_requirement_is_relaxed_with_waiting() -> None:
    floor = Floor()
    floor.seats("low", skills=[skill("ja", 1)])
    floor.queue(
        "q",
        "low",
        needs=(skill("ja", 3),),
        recipe=(
            Step(after=timedelta(seconds=20), action=Action.RELAX, skill="ja", level=2),
            Step(after=timedelta(seconds=40), action=Action.RELAX, skill="ja", level=1),
        ),
    )
    floor.log_in("low")
    floor.joins("c1")
    floor.passes(39)
    assert floor.seat_of("c1") == ""
    floor.passes(2)
    assert floor.seat_of("c1") == "low"


def test_a_step_waits_for_its_conditions() -> None:
    floor = Floor()
    floor.seats("1", "2")
    floor.queue(
        "q",
        "1",
        recipe=(
            Step(
                after=timedelta(seconds=10),
                action=Action.ADD_QUEUE,
                to="backup",
                waiting_at_least=2,
            ),
        ),
    )
    floor.queue("backup", "2")
    floor.log_in("2")
    floor.joins("c1")
    floor.passes(60)
    assert floor.seat_of("c1") == ""
    floor.joins("c2")
    floor.passes(6)
    assert floor.seat_of("c1") == "2"


def test_only_one_seat_will_do_even_from_outside_the_queue() -> None:
    floor = Floor()
    floor.seats("1", "2")
    floor.queue("q", "1")
    floor.log_in("1", "2")
    floor.joins("c1", only_seat="2")
    assert floor.seat_of("c1") == "2"
    floor.joins("c2", only_seat="2")
    assert floor.seat_of("c2") == ""
    floor.serves("c1")
    assert floor.seat_of("c2") == "2"
    floor.serves("c2")
    assert len(floor.dispatcher._index.queues["q"].lines) == 1


def test_one_caller_in_two_queues_takes_the_first_seat_of_either() -> None:
    floor = Floor()
    floor.seats("1", "2")
    floor.queue("q", "1")
    floor.queue("r", "2")
    floor.joins("c1", also=["r"])
    floor.log_in("2")
    assert floor.seat_of("c1") == "2"
    assert floor.offer("c1").queue == "r"
    floor.log_in("1")
    assert floor.state("1") is SeatState.IDLE
    floor.misses("c1")
    assert floor.seat_of("c1") == "1"


def test_a_seat_serves_its_heavier_queue_first() -> None:
    floor = Floor()
    floor.seats("1")
    floor.queue("q", "1")
    floor.queue("vip", "1", weight=1)
    floor.joins("early")
    floor.passes(60)
    floor.joins("late", "vip")
    floor.log_in("1")
    assert floor.seat_of("late") == "1"


def test_priority_wins_or_ages() -> None:
    for ageing, first in ((None, "important"), (timedelta(seconds=30), "patient")):
        floor = Floor()
        floor.seats("1")
        floor.queue("q", "1", ageing=ageing)
        floor.joins("patient")
        floor.passes(45)
        floor.joins("important", priority=1)
        floor.log_in("1")
        assert floor.seat_of(first) == "1"


def test_equal_callers_are_served_in_order_of_arrival_through_any_number_of_them() -> None:
    floor = Floor()
    floor.seats("1")
    floor.queue("q", "1", wrap_up=timedelta(0))
    order = list(range(200))
    for number in order:
        floor.joins(f"c{number}")
        floor.passes(0.1)
    gone = set(random.Random(3).sample(order, 150))
    for number in gone:
        floor.dispatcher.leave(floor.dispatcher._index.callers[f"c{number}"])
    floor.log_in("1")
    for number in [n for n in order if n not in gone]:
        assert floor.seat_of(f"c{number}") == "1"
        floor.serves(f"c{number}", seconds=1)
