"""Q4-Q9: offers as leases, misses, limits, places kept, wrap-up, explanations."""

from datetime import timedelta

import pytest

from callcenter.acd import (
    Decision,
    Disposed,
    LeaseExpired,
    Limits,
    Offer,
    OfferFailure,
    OverflowReason,
    SeatState,
    SeatStatus,
)
from callcenter.acd.explain import MOST
from callcenter.kernel.errors import NotFound, Refused
from callcenter.pbx.port import DeviceState
from tests.support.floor import Floor


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.seats("1", "2")
    floor.queue("q", "1", "2")
    return floor


# -- leases ---------------------------------------------------------------------------------------


def test_a_caller_comes_back_to_the_head_with_the_first_arrival_time(floor: Floor) -> None:
    floor.log_in("1")
    floor.joins("first")
    floor.passes(1)
    floor.joins("second")
    floor.misses("first")
    assert floor.seat_of("first") == ""  # seat 1 rests after its miss
    floor.log_in("2")
    assert floor.seat_of("first") == "2"
    floor.passes(6)
    assert floor.seat_of("second") == "1"


def test_a_lease_that_nobody_ends_is_ended_and_counted(floor: Floor) -> None:
    floor.log_in("1")
    floor.joins("c1")
    old = floor.offer("c1")
    floor.passes(40)
    metrics = floor.dispatcher.metrics
    assert metrics.expired_leases == 1
    assert 10 <= metrics.stuck_seat_seconds <= 12
    assert [told.offer for told in floor.told if isinstance(told, LeaseExpired)] == [old]
    assert floor.offer("c1").token != old.token  # offered again, same seat: it was not a miss
    assert not floor.dispatcher.answered(old)
    assert floor.dispatcher.answered(floor.offer("c1"))


def test_a_renewed_lease_lasts_longer(floor: Floor) -> None:
    floor.log_in("1")
    floor.joins("c1")
    assert floor.dispatcher.renew(floor.offer("c1"), 100)
    floor.passes(90)
    assert floor.dispatcher.metrics.expired_leases == 0
    floor.passes(12)
    assert floor.dispatcher.metrics.expired_leases == 1
    assert not floor.dispatcher.renew(floor.offers["c1"][0], 100)


def test_a_ring_let_go_stays_taken(floor: Floor) -> None:
    floor.log_in("1")
    waiting = floor.joins("c1")
    floor.dispatcher.let_go(waiting)
    floor.passes(minutes=10)
    assert floor.state("1") is SeatState.RINGING
    floor.dispatcher.talk_ended(floor.offer("c1"))  # they talked while nobody watched
    assert floor.state("1") is SeatState.WRAP_UP


@pytest.mark.parametrize("answer_first", [True, False])
def test_hang_up_and_answer_in_the_same_moment_are_decided_once(
    floor: Floor, answer_first: bool
) -> None:
    floor.log_in("1")
    waiting = floor.joins("c1")
    offer = floor.offer("c1")
    if answer_first:
        assert floor.dispatcher.answered(offer)
        floor.dispatcher.leave(waiting)
        assert floor.state("1") is SeatState.TALKING
    else:
        floor.dispatcher.leave(waiting)
        assert not floor.dispatcher.answered(offer)
        assert floor.state("1") is SeatState.IDLE


def test_a_call_that_joins_twice_waits_once(floor: Floor) -> None:
    old = floor.joins("c1")
    floor.joins("c1")
    assert old.gone
    assert floor.dispatcher.queues()[0].waiting == 1


# -- misses ---------------------------------------------------------------------------------------


def test_misses_are_counted_by_cause(floor: Floor) -> None:
    floor.queue("q", "1", most_rejected=2, most_misses=3, rest_after_miss=timedelta(0))
    floor.log_in("1")
    floor.joins("c1")
    floor.misses("c1", OfferFailure.NO_ANSWER)
    floor.misses("c1", OfferFailure.REJECTED)
    floor.misses("c1", OfferFailure.NO_ANSWER)
    assert floor.dispatcher.seat("1").status is SeatStatus.READY
    floor.misses("c1", OfferFailure.REJECTED)
    view = floor.dispatcher.seat("1").view()
    assert (view.status, view.reason) == (SeatStatus.BUSY, "rejected")
    floor.dispatcher.ready("1", by="test")
    assert floor.seat_of("c1") == "1"


def test_who_logs_out_while_it_rings_stays_logged_out_after_a_miss(floor: Floor) -> None:
    floor.queue("q", "1", most_misses=1)
    floor.log_in("1")
    floor.joins("c1")
    floor.dispatcher.log_out("1", by="test")
    floor.misses("c1")
    assert floor.dispatcher.seat("1").status is SeatStatus.LOGGED_OUT
    assert floor.dispatcher.seat_at("1") is None


# -- limits ---------------------------------------------------------------------------------------


def test_a_full_queue_sends_on(floor: Floor) -> None:
    floor.queue("q", "1", limits=Limits(most_waiting=1, full_to="voicemail:sales"))
    floor.joins("c1")
    assert floor.joins("c2").gone
    (told,) = floor.overflows
    assert (told.call, told.reason, told.to) == ("c2", OverflowReason.FULL, "voicemail:sales")


def test_nobody_logged_in_sends_on_who_comes_and_who_waits(floor: Floor) -> None:
    floor.queue("q", "1", limits=Limits(needs_seat=True, no_seat_to="queue:other"))
    floor.joins("early")
    assert [(o.call, o.reason) for o in floor.overflows] == [("early", OverflowReason.NO_SEAT)]
    floor.log_in("1")
    floor.dispatcher.busy("1", "tea", by="test")
    waiting = floor.joins("c1")
    assert not waiting.gone
    floor.dispatcher.log_out("1", by="test")
    assert waiting.gone
    assert floor.overflows[-1].to == "queue:other"


def test_who_waited_too_long_is_sent_on_but_not_from_a_ring(floor: Floor) -> None:
    floor.queue("q", "1", limits=Limits(most_wait=timedelta(seconds=60), waited_to="vm"))
    waiting = floor.joins("c1")
    floor.passes(55)
    floor.log_in("1")
    floor.passes(10)
    assert not waiting.gone
    floor.misses("c1")
    floor.passes(2)
    assert waiting.gone
    assert [o.reason for o in floor.overflows] == [OverflowReason.WAITED]


def test_limits_hold_only_for_whom_somebody_can_tell(floor: Floor) -> None:
    floor.queue("q", "1", limits=Limits(most_waiting=0))
    told: list[Offer] = []
    assert not floor.dispatcher.join("c1", "q", floor.clock.now(), told.append).gone


def test_an_unknown_queue_is_said_so(floor: Floor) -> None:
    with pytest.raises(NotFound):
        floor.joins("c1", "nowhere")


# -- places kept ----------------------------------------------------------------------------------


def test_a_parked_caller_keeps_the_place_and_is_dialled_once_per_seat(floor: Floor) -> None:
    waiting = floor.joins("c1")
    floor.passes(1)
    floor.joins("c2")
    back: list[Offer] = []
    assert floor.dispatcher.park(waiting, back.append)
    floor.log_in("1")
    assert [o.call for o in back] == ["c1"]
    assert floor.offers["c1"] == []
    assert not floor.dispatcher.unpark(waiting, "c9", back.append)  # being called back right now
    assert floor.dispatcher.answered(back[0])
    assert not floor.dispatcher.park(waiting)


def test_who_comes_back_before_the_call_back_has_the_place(floor: Floor) -> None:
    waiting = floor.joins("c1")
    floor.passes(1)
    floor.joins("c2")
    floor.dispatcher.park(waiting)
    made: list[Offer] = []
    assert floor.dispatcher.unpark(waiting, "c3", made.append)
    floor.log_in("1")
    assert [o.call for o in made] == ["c3"]
    assert floor.dispatcher.answered(made[0])


@pytest.mark.parametrize(("minutes", "first"), [(4, "back"), (6, "other")])
def test_redialling_in_time_regains_the_place(floor: Floor, minutes: int, first: str) -> None:
    floor.queue("q", "1", redial=timedelta(minutes=5))
    waiting = floor.joins("c1", caller="+8613800000001")
    floor.passes(10)
    floor.joins("other")
    floor.dispatcher.leave(waiting, keep_place=True)
    floor.passes(minutes=minutes)
    floor.joins("back", caller="+8613800000001")
    floor.log_in("1")
    assert floor.seat_of(first) == "1"


# -- wrap-up --------------------------------------------------------------------------------------


def test_wrap_up_holds_in_all_queues_and_is_extended(floor: Floor) -> None:
    floor.queue("other", "1")
    floor.log_in("1")
    floor.joins("c1")
    floor.answers("c1")
    floor.hangs_up("c1")
    floor.joins("c2", "other")
    floor.passes(9)
    assert floor.seat_of("c2") == ""
    floor.dispatcher.wrap_up("1", 30)
    floor.passes(30)
    assert floor.seat_of("c2") == ""
    floor.passes(2)
    assert floor.seat_of("c2") == "1"


def test_wrap_up_outlasts_a_phone_that_blinks(floor: Floor) -> None:
    floor.log_in("1")
    floor.joins("c1")
    floor.answers("c1")
    floor.hangs_up("c1")
    floor.dispatcher.phone_seen("1", DeviceState.UNREACHABLE)
    floor.passes(3)
    floor.dispatcher.phone_seen("1", DeviceState.IDLE)
    assert floor.state("1") is SeatState.WRAP_UP
    floor.passes(7.5)
    assert floor.state("1") is SeatState.IDLE


def test_an_idle_seat_may_ask_for_wrap_up(floor: Floor) -> None:
    floor.log_in("1")
    floor.dispatcher.wrap_up("1", 15)
    floor.joins("c1")
    assert floor.seat_of("c1") == ""
    floor.passes(16)
    assert floor.seat_of("c1") == "1"
    with pytest.raises(Refused):
        floor.dispatcher.wrap_up("1", 15)


def test_a_compulsory_disposition(floor: Floor) -> None:
    floor.queue("q", "1", dispositions=("sold", "lost"), disposition_required=True)
    floor.log_in("1")
    floor.joins("c1")
    floor.joins("c2")
    floor.serves("c1")
    view = floor.dispatcher.seat("1").view()
    assert (view.status, view.reason, view.state) == ("busy", "disposition", "idle")
    with pytest.raises(Refused):
        floor.dispatcher.ready("1", by="test")
    with pytest.raises(Refused, match="sold, lost"):
        floor.dispatcher.dispose("1", "?", by="test")
    floor.dispatcher.log_out("1", by="test")
    floor.log_in("1")  # not a way round it
    assert floor.seat_of("c2") == ""
    floor.dispatcher.dispose("1", "sold", by="test")
    assert floor.seat_of("c2") == "1"
    (said,) = [told for told in floor.told if isinstance(told, Disposed)]
    assert (said.call, said.code) == ("c1", "sold")


# -- explanations ---------------------------------------------------------------------------------


def test_each_choice_says_why_not_the_others(floor: Floor) -> None:
    floor.seats("3", "4", "5", "6", "7")
    floor.queue("q", "1", "2", "3", "4", ("5", 2), "6", "7")
    floor.log_in("1", "2", "3", "5", "6", "7")
    floor.dispatcher.busy("2", "tea", by="test")
    floor.joins("c0")
    floor.misses("c0")
    floor.dispatcher.phone_seen("6", DeviceState.UNREACHABLE)
    (first, second) = [told for told in floor.told if isinstance(told, Decision)]
    assert (first.call, first.seat, first.why) == ("c0", "1", "idle longest")
    assert second.seat == "3"
    assert {passed.seat: passed.why for passed in second.passed} == {
        "1": "rests for 5 s after a miss",
        "2": "busy: tea",
        "4": "logged out",
        "5": "free; in a later tier",
        "6": "free; the strategy put another first",
        "7": "free; the strategy put another first",
    }
    assert second.unlisted == 0


def test_an_explanation_is_bounded(floor: Floor) -> None:
    numbers = [f"s{n}" for n in range(100)]
    floor.seats(*numbers)
    floor.queue("q", *numbers)
    floor.log_in("s99")
    floor.joins("c1")
    (told,) = [told for told in floor.told if isinstance(told, Decision)]
    assert len(told.passed) == MOST
    assert len(told.passed) + told.unlisted + 1 == 100


# -- announcements --------------------------------------------------------------------------------


def test_position_and_expected_wait_are_due_on_joining_and_again(floor: Floor) -> None:
    floor.queue("q", "1", announce_every=timedelta(seconds=30))
    floor.joins("c1")
    floor.joins("c2")
    floor.passes(65)
    heard = [(a.call, a.position) for a in floor.announcements]
    assert heard == [("c1", 1), ("c2", 2)] * 3
    floor.log_in("1")
    floor.passes(25)
    assert [(a.call, a.position) for a in floor.announcements][6:] == [("c2", 2)]


def test_a_seat_that_left_the_plan_finishes_its_call_and_is_gone(floor: Floor) -> None:
    floor.log_in("1")
    floor.joins("c1")
    floor.answers("c1")
    seats = {n: s for n, s in floor.plan.seats.items() if n != "1"}
    floor.dispatcher.configure(type(floor.plan)(seats=seats, queues=floor.plan.queues))
    assert floor.state("1") is SeatState.TALKING
    floor.hangs_up("c1")
    with pytest.raises(NotFound):
        floor.dispatcher.seat("1")
    assert floor.dispatcher.seat_at("1") is None
