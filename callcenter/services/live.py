"""What feeds the live feed: events of calls and seats, and a look around four times a second.

An event costs its call one row, encoded once. Figures that many events touch (a queue's) are only
noted as due and made at the next look; what no event tells is looked at in turn, a part each time.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

import structlog

from callcenter.acd import Disposed, Plan, StateChanged, StatusChanged, WrapUpSet
from callcenter.calls import CallEnded, OpenCall
from callcenter.calls.lately import Left, visits_left
from callcenter.calls.ledger import CallNote
from callcenter.calls.open_call import CallState
from callcenter.engine import Engine
from callcenter.kernel.errors import CallCenterError
from callcenter.pbx.port import DeviceState, TrunkSeen
from callcenter.services.counting import WINDOW, Counting
from callcenter.services.machine import Machine
from callcenter.services.shown import (
    call_row,
    engine_row,
    machine_row,
    queue_row,
    seat_row,
    trunk_row,
)
from callcenter.web.feed import Feed
from callcenter.web.rows import Kind

_log = structlog.get_logger(__name__)
LOOK_SECONDS = 0.25
MACHINE_SECONDS = 2.0
_AT_ONCE = 500  # visits
_TURNS = 20  # looks in which every seat, queue and call was looked at


class EngineLive:
    """Keeps the feed of one engine; subscribes at once, shows from :meth:`start` on."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.feed = Feed(engine.clock)
        self._counting = Counting(engine.clock, engine.snapshot)
        self._machine = Machine(engine.prompts.parent)
        self._states: dict[str, tuple[CallState, datetime]] = {}
        self._by_trunk: dict[str, set[str]] = defaultdict(set)
        self._due_seats: set[str] = set()
        self._due_queues: set[str] = set()
        self._plan: Plan | None = None
        self._queues_of: dict[str, list[str]] = {}
        self._turn = 0
        self._lag = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        bus = engine.bus
        bus.subscribe(CallNote, self._call_noted)
        bus.subscribe(StatusChanged, self._seat_changed)
        bus.subscribe(StateChanged, self._seat_changed)
        bus.subscribe(WrapUpSet, self._seat_changed)
        bus.subscribe(Disposed, self._seat_changed)

    async def start(self) -> None:
        """Show what there is and go on; the engine must have started."""
        open_calls = list(self._engine.ledger.open.values())
        self._counting.restore(open_calls)
        for call in open_calls:
            since = call.talk or call.events[-1]
            self._show_call(call, self._seen(call), since.at)
        self._look()
        self._tasks = [
            asyncio.create_task(self._keep_looking(), name="live"),
            asyncio.create_task(self._keep_sampling(), name="live-machine"),
            asyncio.create_task(self._remember(), name="live-levels"),
        ]

    async def stop(self) -> None:
        """Let the readers go."""
        self.feed.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- told by events -----------------------------------------------------------------------

    def _call_noted(self, note: CallNote) -> None:
        call = self._engine.ledger.open.get(note.call)
        self._counting.note(note, call)
        queue = getattr(note.event, "queue", "")
        if queue:
            self._due_queues.add(queue)
        if call is None or isinstance(note.event, CallEnded):
            self._call_over(note.call)
        else:
            self._show_call(call, call.state, note.event.at)

    def _call_over(self, call: str) -> None:
        self.feed.remove(Kind.CALL, call)
        self._states.pop(call, None)
        for calls in self._by_trunk.values():
            calls.discard(call)

    def _show_call(self, call: OpenCall, state: CallState, at: datetime) -> None:
        before = self._states.get(call.id)
        if before is None or before[0] is not state:
            before = self._states[call.id] = (state, at)
        row = call_row(call, state, before[1])
        if row.trunk:
            self._by_trunk[row.trunk].add(call.id)
        self.feed.publish(Kind.CALL, call.id, row)

    def _seen(self, call: OpenCall) -> CallState:
        """Its state, unless an earlier engine left it and nobody has it yet."""
        attended = self._engine.conductor.attends(call.id)
        return call.state if attended or call.offer or call.callback else CallState.RETURNING

    def _seat_changed(self, change: StatusChanged | StateChanged | WrapUpSet | Disposed) -> None:
        self._show_seat(change.seat)
        self._due_seats.add(change.seat)  # it may be changed further without a word
        self._due_queues.update(self._queues_of.get(change.seat, ()))

    def _show_seat(self, number: str) -> None:
        if self._plan is None or number not in self._plan.seats:
            return
        view = self._engine.dispatcher.seat(number).view()
        call = self._engine.ledger.open.get(view.call) if view.call else None
        self.feed.publish(Kind.SEAT, number, seat_row(view, call))

    # -- looked at ----------------------------------------------------------------------------

    async def _keep_looking(self) -> None:
        clock = self._engine.clock
        while True:
            due = clock.monotonic() + LOOK_SECONDS
            await clock.sleep(LOOK_SECONDS)
            self._lag = max(self._lag, clock.monotonic() - due)
            try:
                self._look()
            except Exception:
                _log.exception("the live feed missed a look")

    def _look(self) -> None:
        snapshot = self._engine.snapshot.now
        if snapshot.plan is not self._plan:
            self._follow(snapshot.plan)
        self._turn = (self._turn + 1) % _TURNS
        due_seats, self._due_seats = self._due_seats, set()
        due_queues, self._due_queues = self._due_queues, set()
        for number in due_seats.union(self._in_turn(snapshot.plan.seats)):
            self._show_seat(number)
        for name in due_queues.union(self._in_turn(snapshot.plan.queues)):
            self._show_queue(name)
        for call in self._in_turn(self._engine.ledger.open):
            found = self._engine.ledger.open[call]
            if self._states.get(call, (None,))[0] is not (seen := self._seen(found)):
                self._show_call(found, seen, self._engine.clock.now())
        self._show_engine()

    def _in_turn(self, names: Iterable[str]) -> Iterator[str]:
        return (name for at, name in enumerate(list(names)) if at % _TURNS == self._turn)

    def _follow(self, plan: Plan) -> None:
        """Seats and queues are others now."""
        self._plan = plan
        for kind, there in ((Kind.SEAT, plan.seats), (Kind.QUEUE, plan.queues)):
            for key in self.feed.keys(kind):
                if key not in there:
                    self.feed.remove(kind, key)
        self._queues_of = defaultdict(list)
        for name, queue in plan.queues.items():
            for number, _ in queue.seats:
                self._queues_of[number].append(name)
        self._due_seats = set(plan.seats)
        self._due_queues = set(plan.queues)

    def _show_queue(self, name: str) -> None:
        view = self._engine.dispatcher.queue(name)
        if view is not None:
            counting = self._counting
            row = queue_row(
                view,
                counting.of(name),
                target=counting.target(name),
                window=WINDOW.total_seconds(),
            )
            self.feed.publish(Kind.QUEUE, name, row)

    def _show_engine(self) -> None:
        engine = self._engine
        row = engine_row(
            engine.conductor.link,
            pid=os.getpid(),
            started_at=engine.started_at,
            database_ok=engine.projector.ok,
            backlog=engine.projector.backlog if not engine.projector.ok else 0,
        )
        self.feed.publish(Kind.ENGINE, "engine", row)

    # -- sampled ------------------------------------------------------------------------------

    async def _keep_sampling(self) -> None:
        while True:
            try:
                await self._sample()
            except Exception:
                _log.exception("the machine could not be looked at")
            await self._engine.clock.sleep(MACHINE_SECONDS)

    async def _sample(self) -> None:
        engine = self._engine
        sample = await asyncio.to_thread(self._machine.sample)
        trunks = engine.snapshot.now.numbers.trunks
        try:
            seen = await engine.pbx.trunks(sorted(trunks))
            channels = await engine.pbx.channels()
        except CallCenterError:
            seen, channels = {}, None
        for key in self.feed.keys(Kind.TRUNK):
            if key not in trunks:
                self.feed.remove(Kind.TRUNK, key)
        for name, trunk in trunks.items():
            row = trunk_row(trunk, seen.get(name, TrunkSeen()), len(self._by_trunk[name]))
            self.feed.publish(Kind.TRUNK, name, row)
        phones = engine.dispatcher.phones()
        extensions = engine.snapshot.now.numbers.extensions
        gone = DeviceState.UNREACHABLE
        lag, self._lag = self._lag, 0.0
        machine = machine_row(
            sample,
            lag=lag,
            channels=channels,
            calls=len(engine.ledger.open),
            phones=len(extensions),
            phones_registered=sum(phones.get(number, gone) is not gone for number in extensions),
            readers=self.feed.readers,
        )
        self.feed.publish(Kind.MACHINE, "machine", machine)

    async def _remember(self) -> None:
        """Service levels go on where an earlier engine left them."""
        await self._engine.projector.settled()
        queues, since = list(self._engine.snapshot.now.plan.queues), self._counting.midnight()

        def read() -> list[Left]:
            with self._engine.database.connect() as connection:
                return list(visits_left(connection, queues, since))

        try:
            left = await asyncio.to_thread(read)
            for begin in range(0, len(left), _AT_ONCE):  # a busy day is long; calls go between
                self._counting.fill(left[begin : begin + _AT_ONCE])
                await self._engine.clock.sleep(0)
            self._counting.filled()
        except Exception:
            _log.exception("service levels begin at nought")
        self._due_queues.update(queues)
