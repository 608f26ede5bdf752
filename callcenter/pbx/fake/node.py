"""The fake node: hands over callers, tells events, keeps what ended while nobody listened."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path

from callcenter.kernel.clock import Clock
from callcenter.pbx import checked
from callcenter.pbx.causes import Cause
from callcenter.pbx.fake.channel import FakeChannel
from callcenter.pbx.fake.phones import FakeCaller, FakePhone, Ring
from callcenter.pbx.fake.talks import FakeTalks
from callcenter.pbx.port import (
    Arrival,
    Channel,
    DeviceState,
    Dial,
    DialProgress,
    DialResult,
    DialStatus,
    EavesdropMode,
    Ended,
    LegEnded,
    LegId,
    LegRinging,
    LinkUp,
    LiveLeg,
    Outside,
    PbxEvent,
    Prompt,
    SentElsewhere,
    Source,
    TrunkSeen,
    TrunkState,
)


class FakePbx:
    """One node. Give it phones with :meth:`phone`, place calls with :meth:`place_call`."""

    node = "fake"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.phones: dict[str, FakePhone] = {}
        self.lamps: dict[str, tuple[int, int]] = {}  # new and old messages, by extension
        self.world: dict[str, FakePhone] = {}
        self.callers: dict[LegId, FakeCaller] = {}
        self._numbers = count(1)
        self._offered: asyncio.Queue[Channel] = asyncio.Queue()
        self._events: asyncio.Queue[PbxEvent] = asyncio.Queue()
        self._channels: dict[LegId, FakeChannel] = {}
        self._orphans: dict[str, Ended] = {}
        self._engine_here = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.talks = FakeTalks(self)
        self.trunks_seen: dict[str, TrunkSeen] = {}

    # -- what a test does ---------------------------------------------------------------------

    def phone(self, extension: str) -> FakePhone:
        """The phone at this extension, made when there is none."""
        return self.phones.setdefault(extension, FakePhone(self, extension))

    def outside(self, number: str) -> FakePhone:
        """The phone at this number of the world, made when there is none."""
        return self.world.setdefault(number, FakePhone(self, number, outside=True))

    def place_call(
        self, caller: str, dialled: str, *, source: Source = Source.TRUNK, name: str = ""
    ) -> FakeCaller:
        """Somebody dials in."""
        arrival = Arrival(
            leg=self.new_leg(),
            source=source,
            caller=caller,
            caller_name=name,
            dialled=dialled,
            endpoint=caller if source is Source.EXTENSION else "world",
        )
        if source is Source.EXTENSION:
            self.phone(caller).set_state(DeviceState.IN_USE)
        return self.admit(arrival)

    def admit(self, arrival: Arrival) -> FakeCaller:
        """A channel is there and handed to the engine."""
        caller = self.callers[arrival.leg] = FakeCaller(self, arrival)
        self._hand_over(caller, arrival)
        return caller

    def engine_dies(self) -> None:
        """Cut the engine off, as a kill would; callers and talks go on."""
        self._engine_here = False
        for channel in self._channels.values():
            channel.cut()
        self._channels.clear()
        self._offered = asyncio.Queue()
        self._events = asyncio.Queue()
        for caller in self.callers.values():
            if caller.ring is not None:
                caller.ring.on_progress = None

    def cut_scripts(self) -> None:
        """Break the connection of every script; the engine lives and the callers come back."""
        for channel in self._channels.values():
            channel.cut()
        self._channels.clear()
        for caller in list(self.callers.values()):
            if caller.ring is not None:
                caller.ring.on_progress = None
        self._reattach()

    # -- the port -----------------------------------------------------------------------------

    async def start(self) -> None:
        """See the port."""
        self._engine_here = True
        self.tell(LinkUp(node=self.node))
        self._reattach()

    def _reattach(self) -> None:
        for caller in list(self.callers.values()):
            if caller.ring is None:
                self._come_back(caller)
            else:
                self.spawn(self._after_dial(caller, caller.ring))

    async def stop(self) -> None:
        """See the port."""
        self.engine_dies()
        for task in list(self._tasks):
            task.cancel()

    async def calls(self) -> AsyncIterator[Channel]:
        """See the port."""
        while True:
            yield await self._offered.get()

    async def events(self) -> AsyncIterator[PbxEvent]:
        """See the port."""
        while True:
            yield await self._events.get()

    async def hangup(self, leg: LegId, cause: Cause) -> bool:
        """See the port."""
        if caller := self.callers.get(leg):
            caller.end(cause)
            return True
        for phone in [*self.phones.values(), *self.world.values()]:
            for ring in phone.rings_now:
                if ring.legs[phone] == leg:
                    ring.end(DialStatus.CANCELLED)
                    return True
        return self.talks.hang_up(leg)

    async def transfer(self, leg: LegId, to: str) -> bool:
        """See the port."""
        return self.talks.transfer(leg, to)

    async def eavesdrop(self, leg: LegId, listener: Dial, mode: EavesdropMode) -> DialResult:
        """See the port."""
        return await self.talks.eavesdrop(leg, listener, mode)

    async def say(self, leg: LegId, prompts: Sequence[Prompt], *, both: bool) -> bool:
        """See the port."""
        return await self.talks.say(leg, prompts, both=both)

    async def join_room(self, leg: LegId, room: str) -> LegId | None:
        """See the port."""
        return self.talks.join_room(leg, room)

    async def invite(self, room: str, guest: Dial) -> DialResult:
        """See the port."""
        return await self.talks.invite(room, guest)

    async def set_eavesdrop_mode(self, listener: LegId, mode: EavesdropMode) -> bool:
        """See the port."""
        return self.talks.set_mode(listener, mode)

    async def record(self, leg: LegId, path: Path) -> bool:
        """See the port."""
        caller = self.callers.get(leg)
        if caller is not None:
            caller.record(path)
        return caller is not None

    async def stop_recording(self, leg: LegId) -> bool:
        """See the port."""
        caller = self.callers.get(leg)
        return caller is not None and caller.stop_recording()

    async def pause_recording(self, leg: LegId) -> bool:
        """See the port."""
        return self._pause(leg, on=True)

    async def resume_recording(self, leg: LegId) -> bool:
        """See the port."""
        return self._pause(leg, on=False)

    def _pause(self, leg: LegId, *, on: bool) -> bool:
        caller = self.callers.get(leg)
        if caller is None or caller.tape is None:
            return False
        caller.tape.pause(on=on)
        return True

    async def message(self, sender: str, extension: str, text: str) -> bool:
        """See the port."""
        return self.talks.message(sender, extension, text)

    async def lamp(self, extension: str, new: int, old: int) -> None:
        """See the port."""
        checked.extension(extension, "its lamp was not set")
        self.lamps[extension] = (new, old)

    async def originate(self, first: Dial, *, call: str, dialled: str) -> DialResult:
        """See the port."""
        return await self.talks.originate(first, call=call, dialled=dialled)

    async def legs(self) -> list[LiveLeg]:
        """See the port."""
        found = []
        for caller in self.callers.values():
            found.append(
                LiveLeg(
                    leg=caller.arrival.leg,
                    call=caller.call,
                    endpoint=caller.arrival.endpoint,
                    inbound=True,
                    up=caller.answered,
                )
            )
            if caller.ring is not None:
                found.append(
                    LiveLeg(
                        leg=caller.ring.leg,
                        call=caller.call,
                        endpoint=caller.ring.phone.extension,
                        inbound=False,
                        up=caller.ring.answered_at is not None,
                    )
                )
        return [leg for leg in found if leg.call]

    async def devices(self) -> dict[str, DeviceState]:
        """See the port."""
        return {extension: phone.state for extension, phone in self.phones.items()}

    async def trunks(self, names: Sequence[str]) -> dict[str, TrunkSeen]:
        """See the port."""
        return {name: self.trunks_seen.get(name) or self._trunk(name) for name in names}

    def _trunk(self, name: str) -> TrunkSeen:
        """``world`` answers as soon as somebody is there; no other trunk is known."""
        if name != "world":
            return TrunkSeen()
        if not any(phone.registered for phone in self.world.values()):
            return TrunkSeen(state=TrunkState.UNREACHABLE)
        return TrunkSeen(state=TrunkState.REACHABLE, round_trip=timedelta(milliseconds=1))

    async def channels(self) -> int:
        """See the port."""
        joined = sum(caller.ring is not None for caller in self.callers.values())
        return len(self.callers) + joined

    async def orphans(self) -> dict[str, Ended]:
        """See the port."""
        return dict(self._orphans)

    async def forget_orphan(self, call: str) -> None:
        """See the port."""
        self._orphans.pop(call, None)

    # -- inside -------------------------------------------------------------------------------

    def tell(self, event: PbxEvent) -> None:
        """Queue an event for the engine, if there is one."""
        if isinstance(event, LegEnded):
            self.talks.leg_ended(event.leg)
        if self._engine_here:
            self._events.put_nowait(event)

    def party(self, party: str | Outside) -> FakePhone:
        """Who is dialled; a phone that nobody made cannot be reached."""
        if isinstance(party, Outside):
            found = self.world.get(party.number)
        else:
            found = self.phones.get(party)
        if found is None:
            found = FakePhone(self, party.number if isinstance(party, Outside) else party)
            found.registered = False
        return found

    def ring(
        self,
        phones: list[FakePhone],
        dial: Dial,
        caller: FakeCaller,
        on_progress: Callable[[DialProgress], None],
    ) -> Ring:
        """Ring phones for a caller."""
        ring = Ring(self, {phone: self.new_leg() for phone in phones}, caller, dial)
        ring.on_progress = on_progress
        for phone in phones:
            self.spawn(self._ring(ring, phone, dial))
        return ring

    def pick_up(self, leg: LegId, by: FakeCaller) -> bool:
        """A phone of ours takes what rings there."""
        rings = [caller.ring for caller in self.callers.values() if caller.ring is not None]
        if not any(ring.taken(leg, by) for ring in rings):
            return False
        self.callers.pop(by.arrival.leg, None)
        self._channels.pop(by.arrival.leg, None)
        return True

    def caller_gone(self, caller: FakeCaller, ended: Ended) -> None:
        """A caller's channel has ended; without a script its end is kept for later."""
        self.callers.pop(caller.arrival.leg, None)
        scripted = self._channels.pop(caller.arrival.leg, None)
        if caller.call and scripted is None:
            self._orphans[caller.call] = ended
        if caller.arrival.source is Source.EXTENSION:
            self.phone(caller.arrival.caller).set_state(DeviceState.IDLE)
        self.tell(LegEnded(leg=caller.arrival.leg, call=caller.call, cause=ended.cause))

    async def _ring(self, ring: Ring, phone: FakePhone, dial: Dial) -> None:
        phone.rings.append(self.clock.now())
        if phone.rejects:
            ring.refuse(phone, DialStatus.BUSY)
            return
        phone.set_state(DeviceState.RINGING)
        if ring.on_progress is not None:
            now, leg, party = self.clock.now(), ring.legs[phone], phone.extension
            ring.on_progress(LegRinging(leg=leg, at=now, party=party))
        limit = dial.ring.total_seconds()
        if phone.answers_after is not None and phone.answers_after < limit:
            await asyncio.sleep(phone.answers_after)
            if phone.rings_now and ring in phone.rings_now:
                ring.answer(phone)
        else:
            await asyncio.sleep(limit)
            if phone not in ring.picked and ring in phone.rings_now:
                ring.refuse(phone, DialStatus.NO_ANSWER)

    async def _after_dial(self, caller: FakeCaller, ring: Ring) -> None:
        result = await asyncio.shield(ring.result)
        if caller.is_up and caller.ring is ring:
            caller.ring, caller.last_dial = None, result
            self._come_back(caller)

    def send_elsewhere(self, caller: FakeCaller) -> None:
        """The caller's channel leaves its script and comes back."""
        channel = self._channels.pop(caller.arrival.leg, None)
        if channel is not None:
            channel.cut(SentElsewhere("Somebody sent the channel elsewhere."))
        self._come_back(caller)

    def _come_back(self, caller: FakeCaller) -> None:
        first = caller.arrival
        self._hand_over(
            caller,
            Arrival(
                leg=first.leg,
                source=first.source,
                caller=first.caller,
                caller_name=first.caller_name,
                dialled=first.dialled,
                endpoint=first.endpoint,
                call=caller.call,
                last_dial=caller.last_dial,
                transferred_to=caller.sent[0],
                transferred_by=caller.sent[1],
            ),
        )
        if self._engine_here:
            caller.last_dial = None

    def _hand_over(self, caller: FakeCaller, arrival: Arrival) -> None:
        if self._engine_here:
            channel = self._channels[arrival.leg] = FakeChannel(self, caller, arrival)
            self._offered.put_nowait(channel)

    def new_leg(self) -> LegId:
        """A name that was never used."""
        return LegId(f"{self.node}/{next(self._numbers)}")

    def spawn(self, work: Awaitable[None]) -> None:
        """Run something beside everything else."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
