"""Q8, S2: callers, agents, phones and an engine that dies, in any order: nobody lost or doubled.

The whole engine on the fake PBX. Rules are what people do; after each one time passes for the
engine to follow, and what must hold is looked at. In the end everybody leaves, and each caller has
one CDR and each seat is idle.
"""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from callcenter.acd import Decision, SeatPlan, SeatState, SeatStatus, save_queue, save_seat
from callcenter.acd.store import load_plan
from callcenter.calls import Cdr
from callcenter.calls.ledger import CallNote
from callcenter.calls.model import TalkEnded
from callcenter.engine import Engine
from callcenter.kernel.errors import CallCenterError
from callcenter.kernel.turned import TurnedLoop
from callcenter.numbers import Destination, Extension, HostedNumber, save_extension, save_number
from callcenter.pbx.fake import FakeCaller
from callcenter.pbx.port import Source
from tests.support.world import World

QUEUE = "4008000001"
SEATS = ("1001", "1002", "1003")
SPARE = "1009"
WRAP_UP = 8.0
SETTLES = 0.3
seats = st.sampled_from(SEATS)
which = st.integers(0, 5)


class AnyOrder(RuleBasedStateMachine):
    """What people do; ``free_from`` is the earliest moment of each seat's next offer."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._runner = asyncio.Runner(loop_factory=TurnedLoop)
        self.world: World = self._run(self._made())
        self.callers: list[FakeCaller] = []
        self.asking: dict[str, FakeCaller] = {}  # second lines, by extension
        self.free_from: dict[str, datetime] = {}
        self.wrong: list[str] = []

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    async def _made(self) -> World:
        world = World(Path(self._folder.name))
        with world.database.begin() as connection:
            for number in ("1003", SPARE):
                save_extension(connection, Extension(number=number, tenant="acme", secret="unused"))
            plan = load_plan(connection)
            save_seat(connection, SeatPlan(number="1003", tenant="acme", name="C", pin_hash=""))
            queue = replace(
                plan.queues["sales"],
                seats=tuple((number, 1) for number in SEATS),
                rest_after_miss=timedelta(seconds=2),
                most_misses=100,
            )
            save_queue(connection, queue)
            to = Destination.parse("queue:sales")
            save_number(connection, HostedNumber(number=QUEUE, tenant="acme", destination=to))
        for seat in (*SEATS, SPARE):
            world.phone(seat)
        await world.start()
        return world

    @initialize(quick=st.lists(st.sampled_from([1.0, 1.0, None]), min_size=3, max_size=3))
    def open(self, quick: list[float | None]) -> None:
        for seat, after in zip(SEATS, quick, strict=True):
            self.world.phone(seat).answers_after = after
        self._watch()
        for seat in SEATS:
            self.agent(seat, "in")
        for _ in range(2):
            self.calls(1)
        self.passes(2.0)

    @property
    def _here(self) -> Engine:
        assert self.world.engine is not None
        return self.world.engine

    def _dials(self, seat: str, code: str) -> None:
        self.asking[seat] = self.world.pbx.place_call(seat, code, source=Source.EXTENSION)

    # -- what is seen of the engine -----------------------------------------------------------

    def _watch(self) -> None:
        engine = self._here

        def chosen(made: Decision) -> None:
            if self.world.engine is engine:  # the timers of one that was killed mean nothing
                self._chosen(made)

        engine.bus.subscribe(Decision, chosen)
        engine.bus.subscribe(CallNote, self._noted)

    def _chosen(self, made: Decision) -> None:
        """Nobody who came earlier, and stays, waits unserved; no seat's wrap-up is cut short."""
        waiting = self._here.dispatcher._index.callers
        mine = waiting[made.call].joined_at
        stay = (caller for caller in self.callers if caller.is_up and not caller.sent[0])
        there = {caller.call for caller in stay} - {made.call}
        for other in waiting.values():
            if other.call in there and not other.offers and other.joined_at < mine:
                self.wrong.append(f"{made.call} overtakes {other.call}")
        if (until := self.free_from.get(made.seat)) is not None and made.at < until:
            self.wrong.append(f"wrap-up of {made.seat} is cut short")

    def _noted(self, note: CallNote) -> None:
        if isinstance(note.event, TalkEnded) and note.event.seat:
            seat = self._here.dispatcher.seat(note.event.seat)
            if seat.status is not SeatStatus.LOGGED_OUT:
                wraps = timedelta(seconds=WRAP_UP - 0.5)
                self.free_from[note.event.seat] = self.world.clock.now() + wraps

    def _act(self, work: Callable[[], object] = lambda: None, seconds: float = SETTLES) -> None:
        """Do it, and let the engine follow."""

        async def acts() -> None:
            try:
                work()
            except CallCenterError:
                return  # an agent was told that it cannot be done
            await self.world.passes(seconds=seconds)

        self._run(acts())

    # -- callers ------------------------------------------------------------------------------

    @rule(many=st.integers(1, 3))
    def calls(self, many: int) -> None:
        for _ in range(many):
            number = f"+86138{len(self.callers):08}"
            self._act(lambda number=number: self._comes(number))  # type: ignore[misc]

    def _comes(self, number: str) -> None:
        self.callers.append(self.world.pbx.place_call(number, QUEUE))

    def _caller(self, at: int) -> FakeCaller | None:
        live = [caller for caller in self.callers if caller.is_up]
        return live[at % len(live)] if live else None

    @rule(at=which)
    def caller_hangs_up(self, at: int) -> None:
        if (caller := self._caller(at)) is not None:
            self._act(caller.hangs_up)

    @rule(at=which, to=st.sampled_from(["queue-sales", "seat-1002", "1003", "extension-9999"]))
    def is_sent_by_command(self, at: int, to: str) -> None:
        if (caller := self._caller(at)) is not None:
            leg = caller.arrival.leg
            self._act(lambda: self.world.pbx.talks.transfer(leg, to))

    # -- phones -------------------------------------------------------------------------------

    @precondition(lambda self: any(map(self._rings, SEATS)))
    @rule(at=which)
    def picks_up_own(self, at: int) -> None:
        if seat := self._one_of(at, self._rings):
            self._act(self.world.phone(seat).pick_up)

    @rule(at=which)
    def puts_down(self, at: int) -> None:
        if seat := self._one_of(at, lambda seat: self.world.phone(seat).ringing is not None):
            self._act(self.world.phone(seat).hang_up)

    @rule(seat=seats, after=st.sampled_from([None, 0.1, 4.0]), rejects=st.booleans())
    def behaves(self, seat: str, after: float | None, rejects: bool) -> None:
        self.world.phone(seat).answers_after = after
        self.world.phone(seat).rejects = rejects

    @precondition(lambda self: any(map(self._talks, SEATS)))
    @rule(at=which, on=st.booleans())
    def holds(self, at: int, on: bool) -> None:
        if seat := self._one_of(at, self._talks):
            self._act(lambda: self.world.pbx.talks.holds(self.world.phone(seat), on=on))

    @precondition(lambda self: any(map(self._talks, SEATS)))
    @rule(at=which, to=st.sampled_from([*SEATS, QUEUE, "9999", "*8"]))
    def sends_blind(self, at: int, to: str) -> None:
        if seat := self._one_of(at, self._talks):
            self._act(lambda: self.world.pbx.talks.refers(self.world.phone(seat), to))

    @precondition(lambda self: any(map(self._talks, SEATS)))
    @rule(at=which, to=seats)
    def asks(self, at: int, to: str) -> None:
        seat = self._one_of(at, lambda seat: self._talks(seat) and not self._asks(seat))
        if seat and seat != to:
            self.world.phone(to).answers_after, self.world.phone(to).rejects = 0.5, False
            self._act(lambda: self._dials(seat, to), 1.5)

    @precondition(lambda self: any(map(self._asks, SEATS)))
    @rule(at=which, joins=st.booleans())
    def ends_asking(self, at: int, joins: bool) -> None:
        seat = self._one_of(at, lambda seat: self._asks(seat) is not None)
        asked = self._asks(seat)
        if asked is None:
            return
        ring = asked.ring
        if joins and self._talks(seat) and ring is not None and ring.answered_at is not None:
            self._act(lambda: self.world.pbx.talks.joins(self.world.phone(seat), asked))
        else:
            self._act(asked.hangs_up)

    @precondition(lambda self: any(map(self._talks, SEATS)) and any(map(self._is_free, SEATS)))
    @rule(at=which)
    def hands_over(self, at: int) -> None:
        """Asks a colleague who is free, and joins the two."""
        seat = self._one_of(at, lambda seat: self._talks(seat) and not self._asks(seat))
        self.asks(at, self._one_of(at, self._is_free))
        asked = self._asks(seat)
        if asked is not None and asked.ring is not None and asked.ring.answered_at is not None:
            self._act(lambda: self.world.pbx.talks.joins(self.world.phone(seat), asked))

    @precondition(lambda self: any(map(self._rings, SEATS)) or self._asks(SPARE) is not None)
    @rule(at=which)
    def a_spare_phone_picks_up(self, at: int) -> None:
        """Nobody is logged in there."""
        spare = self._asks(SPARE)
        if spare is not None:
            self._act(spare.hangs_up)
        elif seat := self._one_of(at, self._rings):
            self._act(lambda: self._dials(SPARE, f"*8{seat}"))

    @precondition(lambda self: any(map(self._rings, SEATS)))
    @rule(at=which, whose=st.sampled_from(["", "", *SEATS]))
    def picks_up_others(self, at: int, whose: str) -> None:
        seat = self._one_of(at, self._is_free)
        if seat and any(map(self._rings, SEATS)):
            self.free_from.pop(seat, None)  # who picks up has ended the wrap-up
            self._act(lambda: self._dials(seat, f"*8{whose}"))

    def _one_of(self, at: int, fits: Callable[[str], bool]) -> str:
        fitting = [seat for seat in SEATS if fits(seat)]
        return fitting[at % len(fitting)] if fitting else ""

    def _asks(self, seat: str) -> FakeCaller | None:
        asked = self.asking.get(seat)
        return asked if asked is not None and asked.is_up else None

    def _rings(self, seat: str) -> bool:
        ring = self.world.phone(seat).ringing
        return ring is not None and ring.answered_at is None

    def _talks(self, seat: str) -> bool:
        """With somebody from outside."""
        ring = self.world.phone(seat).ringing
        outside = ring is not None and ring.caller.arrival.source is Source.TRUNK
        return outside and ring is not None and ring.answered_at is not None

    def _is_free(self, seat: str) -> bool:
        phone = self.world.phone(seat)
        return phone.ringing is None and phone.registered and not self._asks(seat)

    # -- agents -------------------------------------------------------------------------------

    @rule(seat=seats, what=st.sampled_from(["in", "in", "out", "ready", "gone", "back", "back"]))
    def agent(self, seat: str, what: str) -> None:
        """Logs in or out, is ready, or the phone goes and comes."""
        desk, phone = self._here.dispatcher, self.world.phone(seat)
        match what:
            case "in":
                self._act(lambda: desk.log_in(seat, seat, by="test"))
            case "out":
                self.free_from.pop(seat, None)
                self._act(lambda: desk.log_out(seat, by="test"))
            case "ready":
                self.free_from.pop(seat, None)
                self._act(lambda: desk.ready(seat, by="test"))
            case "gone" if self._is_free(seat):
                self._act(phone.vanish)
            case "back" if not phone.registered:
                self._act(phone.come_back)

    # -- time and the engine ------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.1, 2.0, 6.0, 20.0]))
    def passes(self, seconds: float) -> None:
        self._act(seconds=seconds)

    @rule(away=st.sampled_from([0.0, 3.0, 12.0]))
    def engine_dies(self, away: float) -> None:
        self._run(self.world.engine_dies())
        self._act(seconds=away)
        self._run(self.world.start())
        self._watch()
        self._act(seconds=1.0)

    # -- what must hold -----------------------------------------------------------------------

    @invariant()
    def nothing_was_wrong(self) -> None:
        assert self.wrong == []
        metrics = self._here.dispatcher.metrics
        assert (metrics.double_offers, metrics.expired_leases) == (0, 0)

    @invariant()
    def nobody_is_lost(self) -> None:
        """Each caller on the line has one open call, and stands, rings, talks or is spoken to."""
        open_ = self._here.ledger.open
        for caller in self.callers:
            if not caller.is_up:
                continue
            assert caller.call in open_, f"{caller.arrival.caller} is on the line and not known"
            attended = self._here.conductor.attends(caller.call)
            assert attended or caller.ring is not None, f"{caller.arrival.caller} is left alone"

    @invariant()
    def seats_and_phones_agree(self) -> None:
        live = {caller.call: caller for caller in self.callers if caller.is_up}
        held: dict[str, list[str]] = {}
        for seat in self._here.dispatcher.seats():
            rung = (SeatState.RINGING, SeatState.TALKING, SeatState.ON_HOLD)
            assert (seat.state in rung) is (seat.offer is not None)
            if seat.call in live and seat.since < self.world.clock.now():  # else about to be rung
                held.setdefault(seat.call, []).append(seat.plan.number)
        for call, numbers in held.items():
            assert len(numbers) == 1, f"{numbers} have the same caller"
            ring = live[call].ring
            assert ring is not None, f"{numbers} are held for {call}, whom nobody rings"
            assert ring.phone.extension == numbers[0]

    def teardown(self) -> None:
        """Everybody leaves: every seat idle, every caller with exactly one CDR, nothing left."""
        try:
            self._run(self._all_leave())
        finally:
            self._run(self.world.stop())
            self._runner.close()
            self._folder.cleanup()

    async def _all_leave(self) -> None:
        world = self.world
        for caller in [*self.callers, *self.asking.values()]:
            caller.hangs_up()
        await world.passes(seconds=1)
        for seat in SEATS:
            world.phone(seat).hang_up()
            world.phone(seat).come_back()
        await world.passes(minutes=3)
        assert not self._here.ledger.open
        assert await world.pbx.legs() == []
        assert {world.state(seat) for seat in SEATS} == {SeatState.IDLE}
        assert self._here.dispatcher._index.callers == {}
        assert not self._here.conductor._context.ringing
        assert not self._here.conductor._context.held
        assert not self._here.conductor._context.handed
        cdrs: list[Cdr] = [cdr for cdr in await world.cdrs() if cdr.dialled == QUEUE]
        numbers = sorted(caller.arrival.caller for caller in self.callers)
        assert sorted(cdr.caller for cdr in cdrs) == numbers
        for cdr in cdrs:
            legs = [leg for leg in cdr.legs if leg.answered_at and leg.kind != "caller"]
            assert all(leg.ended_at for leg in legs)
            for before, after in pairwise(legs):
                assert before.ended_at is not None
                assert after.answered_at is not None
                assert before.ended_at <= after.answered_at, "two talk with one caller"


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a story is short enough to be read
    report_multiple_bugs=False,
)
