"""Q8: whatever happens in whatever order, nobody is lost, doubled, overtaken or stuck."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from callcenter.acd import (
    Action,
    Limits,
    Offer,
    OfferFailure,
    SeatState,
    SeatStatus,
    Step,
    StrategyName,
    Waiting,
)
from callcenter.kernel.errors import Refused
from callcenter.pbx.port import DeviceState
from tests.support.floor import Floor, skill

SEATS = ("1", "2", "3", "4")
WRAP_UP = 10.0
LEASE = 20 + 10 + 2  # ring, grace, sweep
RINGS = (OfferFailure.REJECTED, OfferFailure.NO_ANSWER, OfferFailure.UNREACHABLE)


class AnyOrder(RuleBasedStateMachine):
    """Rules are what the world may do; a plain model beside it knows what must hold."""

    callers = Bundle("callers")
    offers = Bundle("offers")

    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor()
        self.calls = 0
        self.waiting: dict[str, Waiting] = {}
        self.talking: dict[str, Offer] = {}
        self.free_from: dict[str, float] = {}

    @initialize(strategy=st.sampled_from(StrategyName), ageing=st.booleans())
    def open(self, strategy: StrategyName, ageing: bool) -> None:
        floor = self.floor
        floor.seats("1", "2")
        floor.seats("3", "4", skills=[skill("ja", 2)])
        self.rules: dict[str, Any] = {
            "strategy": strategy,
            "wrap_up": timedelta(seconds=WRAP_UP),
            "ageing": timedelta(seconds=30) if ageing else None,
            "rest_after_miss": timedelta(seconds=5),
        }
        floor.queue("q", "1", ("2", 2), "3", **self.rules)
        floor.queue(
            "r",
            "2",
            "3",
            "4",
            tier_after=timedelta(seconds=9),
            limits=Limits(most_waiting=6, most_wait=timedelta(minutes=5)),
            recipe=(
                Step(after=timedelta(seconds=15), action=Action.RELAX, skill="ja"),
                Step(after=timedelta(seconds=25), action=Action.ADD_QUEUE, to="q"),
            ),
            **self.rules,
        )
        floor.log_in("1", "3")

    # -- callers ------------------------------------------------------------------------------

    @rule(
        target=callers,
        queue=st.sampled_from(["q", "r"]),
        priority=st.integers(0, 2),
        also=st.booleans(),
        japanese=st.booleans(),
        many=st.booleans(),
        limited=st.booleans(),
        only=st.sampled_from([None, None, None, "2"]),
    )
    def joins(
        self,
        queue: str,
        priority: int,
        also: bool,
        japanese: bool,
        many: bool,
        limited: bool,
        only: str | None,
    ) -> str:
        self.calls += 1
        call = f"c{self.calls}"
        floor = self.floor
        made = floor.offers.setdefault(call, [])
        waiting = floor.dispatcher.join(
            call,
            queue,
            floor.clock.now(),
            made.append,
            priority,
            also=("q", "r") if also else (),
            skills=(skill("ja", 2),) if japanese else (),
            only_seat=only,
            rings_many=many,
            on_overflow=self._overflowed if limited else None,
        )
        if not waiting.gone:
            self.waiting[call] = waiting
        return call

    def _overflowed(self, told: object) -> None:
        self.floor.overflows.append(told)  # type: ignore[arg-type]
        self.waiting.pop(told.call, None)  # type: ignore[attr-defined]

    @rule(call=consumes(callers))
    def hangs_up(self, call: str) -> None:
        if waiting := self.waiting.pop(call, None):
            self.floor.dispatcher.leave(waiting)
        elif offer := self.talking.pop(call, None):
            self._talk_over(offer)

    @rule(call=callers)
    def parks(self, call: str) -> None:
        if waiting := self.waiting.get(call):
            self.floor.dispatcher.park(waiting)

    @rule(call=callers, target=callers)
    def is_back(self, call: str) -> str:
        self.calls += 1
        fresh = f"c{self.calls}"
        waiting = self.waiting.get(call)
        made: list[Offer] = []
        if waiting and self.floor.dispatcher.unpark(waiting, fresh, made.append):
            self.floor.offers[fresh] = made
            del self.waiting[call]
            self.waiting[fresh] = waiting
        return fresh

    # -- offers -------------------------------------------------------------------------------

    def _any_offer(self, call: str, which: int) -> Offer | None:
        made = self.floor.offers.get(call, [])
        made = [each for lead in made for each in (lead, *lead.others)]
        return made[which % len(made)] if made else None

    @rule(call=callers, which=st.integers(0, 9))
    def answers(self, call: str, which: int) -> None:
        """Also offers that are long over: those must change nothing."""
        offer = self._any_offer(call, which)
        if offer is None:
            return
        live = any(
            offer.token == o.token for w in self.waiting.values() for o in w.offers if not w.gone
        )
        assert self.floor.dispatcher.answered(offer) is live
        if live:
            del self.waiting[offer.call]
            self.talking[offer.call] = offer

    @rule(call=callers, which=st.integers(0, 9), failure=st.sampled_from(RINGS))
    def misses(self, call: str, which: int, failure: OfferFailure) -> None:
        if (offer := self._any_offer(call, which)) is not None:
            self.floor.dispatcher.failed(offer, failure)

    @rule(which=st.integers(0, 9))
    def answers_now(self, which: int) -> None:
        ringing = [w for w in self.waiting.values() if w.offers]
        if ringing:
            offer = ringing[which % len(ringing)].offers[0]
            assert self.floor.dispatcher.answered(offer)
            del self.waiting[offer.call]
            self.talking[offer.call] = offer

    @rule(which=st.integers(0, 9))
    def seat_hangs_up(self, which: int) -> None:
        if self.talking:
            call = sorted(self.talking)[which % len(self.talking)]
            self._talk_over(self.talking.pop(call))

    def _talk_over(self, offer: Offer) -> None:
        seat = self.floor.dispatcher.seat(offer.seat)
        self.floor.dispatcher.talk_ended(offer)
        if seat.status is not SeatStatus.LOGGED_OUT:
            self.free_from[offer.seat] = self.floor.clock.monotonic() + WRAP_UP

    # -- seats --------------------------------------------------------------------------------

    @rule(number=st.sampled_from(SEATS), extension=st.sampled_from(SEATS))
    def logs_in(self, number: str, extension: str) -> None:
        try:
            self.floor.dispatcher.log_in(number, extension, by="test")
        except Refused:
            return

    @rule(number=st.sampled_from(SEATS))
    def logs_out(self, number: str) -> None:
        self.floor.dispatcher.log_out(number, by="test")
        self.free_from.pop(number, None)

    @rule(number=st.sampled_from(SEATS), says=st.sampled_from(["ready", "busy", "wrap"]))
    def says(self, number: str, says: str) -> None:
        dispatcher = self.floor.dispatcher
        try:
            if says == "ready":
                ended = dispatcher.seat(number).state is SeatState.WRAP_UP
                if ended:
                    self.free_from.pop(number, None)
                dispatcher.ready(number, by="test")
            elif says == "busy":
                dispatcher.busy(number, "tea", by="test")
            else:
                dispatcher.wrap_up(number, 4)
        except Refused:
            return

    @rule(
        extension=st.sampled_from(SEATS),
        state=st.sampled_from([DeviceState.IDLE, DeviceState.UNREACHABLE, DeviceState.IN_USE]),
    )
    def phone(self, extension: str, state: DeviceState) -> None:
        self.floor.dispatcher.phone_seen(extension, state)

    @rule(number=st.sampled_from(SEATS))
    def phone_blinks(self, number: str) -> None:
        extension = self.floor.dispatcher.seat(number).extension or number
        self.floor.dispatcher.phone_seen(extension, DeviceState.UNREACHABLE)
        self.floor.dispatcher.phone_seen(extension, DeviceState.IDLE)

    # -- time and plans -----------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.5, 3, 6, 11, 40]))
    def passes(self, seconds: float) -> None:
        self.floor.passes(seconds)

    @rule(
        strategy=st.sampled_from(StrategyName),
        members=st.lists(st.sampled_from(SEATS), unique=True, max_size=4),
    )
    def plan_changes(self, strategy: StrategyName, members: list[str]) -> None:
        floor = self.floor
        changed = replace(
            floor.plan.queues["q"], strategy=strategy, seats=tuple((m, 1) for m in members)
        )
        floor.plan = replace(floor.plan, queues={**floor.plan.queues, "q": changed})
        floor.dispatcher.configure(floor.plan)

    # -- what must hold -----------------------------------------------------------------------

    @invariant()
    def nobody_is_doubled(self) -> None:
        assert self.floor.dispatcher.metrics.double_offers == 0
        held: dict[str, list[str]] = {}
        for seat in self.floor.dispatcher.seats():
            if seat.call:
                held.setdefault(seat.call, []).append(seat.plan.number)
        for call, waiting in self.waiting.items():
            assert sorted(o.seat for o in waiting.offers) == sorted(held.pop(call, []))
        for call, offer in self.talking.items():
            assert held.pop(call) == [offer.seat]
        assert held == {}  # no seat rings or talks for nobody

    @invariant()
    def nobody_is_lost(self) -> None:
        index = self.floor.dispatcher._index
        assert set(index.callers) == set(self.waiting)
        for call, waiting in self.waiting.items():
            assert not waiting.gone
            assert all(index.queues[q].callers[call] is waiting for q in waiting.queues)

    @invariant()
    def nobody_waits_beside_a_free_seat(self) -> None:
        """And who is served comes first: a line with callers has no free seat."""
        for waiting in self.waiting.values():
            if waiting.offers:
                continue
            for line in waiting.lines:
                free = [n for n in line.places if self.floor.dispatcher.seat(n).takes_calls]
                assert free == []
                first = line.first()
                assert first is not None
                assert (first.order, first.ticket) <= (waiting.order, waiting.ticket)

    @invariant()
    def state_and_lease_agree(self) -> None:
        now = self.floor.clock.monotonic()
        for seat in self.floor.dispatcher.seats():
            rings_or_talks = seat.state in (SeatState.RINGING, SeatState.TALKING)
            assert rings_or_talks is (seat.offer is not None)
            assert seat.free is seat.takes_calls
            if seat.state is SeatState.RINGING:
                assert now - seat.taken_at <= LEASE

    @invariant()
    def wrap_up_is_honoured(self) -> None:
        now = self.floor.clock.monotonic()
        for number, until in self.free_from.items():
            if now < until - 1e-6:
                seat = self.floor.dispatcher.seat(number)
                assert not seat.takes_calls
                assert seat.state not in (SeatState.RINGING, SeatState.TALKING)

    def teardown(self) -> None:
        """When everything stops, every seat ends idle and everybody is served or has left."""
        if not self.calls:
            return
        floor = self.floor
        for waiting in list(self.waiting.values()):
            floor.dispatcher.leave(waiting)
        for offer in self.talking.values():
            floor.dispatcher.talk_ended(offer)
        for number in SEATS:
            floor.dispatcher.phone_seen(number, DeviceState.IDLE)
        floor.passes(minutes=3)
        assert {floor.state(number) for number in SEATS} == {SeatState.IDLE}
        assert floor.dispatcher._index.callers == {}
        for queue in floor.dispatcher._index.queues.values():
            assert queue.callers == {}
            assert all(line.callers == 0 for line in queue.lines.values())


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=150,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
