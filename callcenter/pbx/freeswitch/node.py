"""One FreeSWITCH as the port wants it: sockets bring the calls, the event link all else."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from callcenter.kernel.clock import Clock
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.causes import Cause
from callcenter.pbx.dial_watch import DialWatch
from callcenter.pbx.freeswitch import events
from callcenter.pbx.freeswitch.channel import FreeswitchChannel
from callcenter.pbx.freeswitch.connection import Connection
from callcenter.pbx.freeswitch.devices import Devices
from callcenter.pbx.freeswitch.esl_wire import EslEvent, Headers
from callcenter.pbx.freeswitch.facts import DialFacts
from callcenter.pbx.freeswitch.health import ask_channels, ask_trunk
from callcenter.pbx.freeswitch.hub import GeventThread
from callcenter.pbx.freeswitch.joining import Joins
from callcenter.pbx.freeswitch.lamps import Lamps
from callcenter.pbx.freeswitch.legs import Legs
from callcenter.pbx.freeswitch.notes import Notes
from callcenter.pbx.freeswitch.pause_keys import PauseKeys
from callcenter.pbx.freeswitch.script import Taken
from callcenter.pbx.freeswitch.servers import CallDoor, EventLink
from callcenter.pbx.freeswitch.talks import TalkControl
from callcenter.pbx.freeswitch.tapes import Tapes
from callcenter.pbx.freeswitch.watches import Watches
from callcenter.pbx.node import Node
from callcenter.pbx.port import (
    Arrival,
    DeviceState,
    DialProgress,
    Ended,
    LegId,
    LinkDown,
    LinkUp,
    LiveLeg,
    Prompt,
    TrunkSeen,
)
from callcenter.pbx.sounds import Sounds

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class FreeswitchLink:
    """Where a FreeSWITCH is and how to reach it.

    ``sounds`` is the folder of the built-in prompts, ``tenant_sounds`` that of the tenants' own,
    ``lamps`` the database of mod_voicemail, in which the message lamps are kept.
    """

    event_host: str
    event_port: int
    event_password: str = field(repr=False)
    call_host: str
    call_port: int
    call_key: str = field(repr=False)
    sounds: Path
    tenant_sounds: Path | None = None
    lamps: Path | None = None
    node: str = "pbx1"


class FreeswitchNode(Node[TalkControl]):
    """See :class:`callcenter.pbx.port.Pbx`."""

    def __init__(self, link: FreeswitchLink, clock: Clock) -> None:
        super().__init__(link.node)
        self._link = link
        self._clock = clock
        self._scripts: dict[LegId, FreeswitchChannel] = {}
        self._watches = Watches(link.node)
        self._thread = GeventThread()
        self._legs = Legs(link.node)
        self._joins = Joins(link.node, self._legs.call_of)
        self._devices = Devices(self._tell)
        self._keys = PauseKeys(link.node, self._devices, self._legs)
        self._door = CallDoor(
            self._thread, link.call_host, link.call_port, link.call_key, self._arrived
        )
        self._eye = EventLink(
            self._thread,
            link.event_host,
            link.event_port,
            link.event_password,
            events=events.WANTED,
            on_event=self._heard,
            on_up=lambda: self._spawn(self._up()),
            on_down=self._down,
        )
        self._tapes = Tapes(self._eye)
        self._sounds = Sounds(link.sounds, link.tenant_sounds)
        self._lamps = Lamps(self._eye, link.lamps)
        self._notes = Notes(link.node, self._eye)
        self._talks = TalkControl(
            link.node,
            self._eye,
            clock,
            local=self._local,
            spawn=self._spawn,
        )

    async def start(self) -> None:
        """See the port."""
        self._thread.start()
        await self._door.start()
        self._eye.start()

    async def stop(self) -> None:
        """See the port."""
        await self._door.stop()
        for script in list(self._scripts.values()):
            script.lost("The engine has let go of the PBX.")
        await self._end_tasks()
        await self._eye.stop()
        await self._thread.stop()

    async def hangup(self, leg: LegId, cause: Cause) -> bool:
        """See the port."""
        for watch in self._watches.of(leg):
            watch.called_off = True
        answer = await self._eye.api("uuid_kill", self._local(leg), str(int(cause)))
        return answer.startswith("+OK")

    async def legs(self) -> list[LiveLeg]:
        """See the port."""
        return self._legs.all()

    async def devices(self) -> dict[str, DeviceState]:
        """See the port."""
        return self._devices.all()

    async def orphans(self) -> dict[str, Ended]:
        """See the port."""
        return await self._notes.all()

    async def forget_orphan(self, call: str) -> None:
        """See the port."""
        await self._notes.forget(call)

    # -- acts on talks ------------------------------------------------------------------------

    async def say(self, leg: LegId, prompts: Sequence[Prompt], *, both: bool) -> bool:
        """See the port."""
        files = [file for prompt in prompts if (file := self._sounds.file(prompt))]
        return await self._tapes.say(self._local(leg), files, both=both)

    async def record(self, leg: LegId, path: Path) -> bool:
        """See the port."""
        return await self._tapes.record(self._local(leg), path)

    async def stop_recording(self, leg: LegId) -> bool:
        """See the port."""
        return await self._tapes.stop(self._local(leg))

    async def pause_recording(self, leg: LegId) -> bool:
        """See the port."""
        return await self._tapes.mask(self._local(leg), on=True)

    async def resume_recording(self, leg: LegId) -> bool:
        """See the port."""
        return await self._tapes.mask(self._local(leg), on=False)

    async def lamp(self, extension: str, new: int, old: int) -> None:
        """See the port."""
        await self._lamps.show(extension, new, old)

    async def trunks(self, names: Sequence[str]) -> dict[str, TrunkSeen]:
        """See the port."""
        return {name: await ask_trunk(self._eye, name) for name in names}

    async def channels(self) -> int:
        """See the port."""
        return await ask_channels(self._eye)

    # -- for the channels ---------------------------------------------------------------------

    def watch(
        self, leg: LegId, parties: Sequence[str], on_progress: Callable[[DialProgress], None]
    ) -> DialWatch:
        """See :class:`~callcenter.pbx.freeswitch.script.Switch`."""
        watch = DialWatch(parties, on_progress, lambda leg: self._spawn(self._drop(leg)))
        self._watches[leg] = watch
        return watch

    def unwatch(self, leg: LegId) -> None:
        """See :class:`~callcenter.pbx.freeswitch.script.Switch`."""
        self._watches.pop(leg, None)

    def forget_note(self, call: str) -> None:
        """See :class:`~callcenter.pbx.freeswitch.script.Switch`."""
        if call:
            self._spawn(self.forget_orphan(call))

    def adopted(self, leg: LegId, call: str) -> None:
        """See :class:`~callcenter.pbx.freeswitch.script.Switch`."""
        self._legs.adopted(leg, call)

    def rings_for(self, leg: LegId) -> Taken | None:
        """See :class:`~callcenter.pbx.freeswitch.script.Switch`."""
        owner = self._watches.ringing(leg)
        return self._scripts[owner].taken() if owner in self._scripts else None

    def takes(self, leg: LegId, by: Arrival) -> bool:
        """See :class:`~callcenter.pbx.freeswitch.script.Switch`."""
        taken = self.rings_for(leg)
        if taken is not None:
            self._watches[taken.owner].picked_up(leg, by.leg, by.endpoint, alone=True)
        return taken is not None

    def is_leg_of(self, call: str, leg: LegId) -> None:
        """See :class:`~callcenter.pbx.freeswitch.script.Switch`."""
        self._legs.picked_up(leg, call)

    def over(self, leg: LegId) -> None:
        """See :class:`~callcenter.pbx.freeswitch.script.Switch`."""
        self._scripts.pop(leg, None)

    async def _drop(self, leg: LegId) -> None:
        await self.hangup(leg, Cause.NORMAL)

    # -- what comes in ------------------------------------------------------------------------

    def _arrived(self, connection: Connection, about: Headers) -> None:
        arrival = events.read_arrival(about, self.node, self._clock.now())
        before = self._scripts.get(arrival.leg)
        if before is not None and before.is_dialling and not arrival.transferred_to:
            facts = DialFacts.of_variables(lambda name: about.get(f"variable_{name}", ""))
            before.came_back(connection, facts)
            return
        if before is not None:
            before.elsewhere()
        if self._legs.is_gone(arrival.leg):  # the event link was quicker
            connection.close()
            return
        state = about.get("Answer-State")
        self._legs.arrived(arrival, up=state == "answered")
        self._hand_over(connection, arrival, hears=state in ("answered", "early"))

    def _left_unasked(self, event: EslEvent) -> None:
        """Whoever was gone before the dialplan came to us is written down too."""
        arrival = events.left_unasked(event, self.node, self._clock.now())
        if arrival is not None:
            nothing = Connection(self._thread, asyncio.get_running_loop())
            self._hand_over(nothing, arrival, hears=False).hung_up(event)
            nothing.close()

    def _hand_over(
        self, connection: Connection, arrival: Arrival, *, hears: bool
    ) -> FreeswitchChannel:
        self._scripts[arrival.leg] = channel = FreeswitchChannel(
            connection,
            arrival,
            switch=self,
            clock=self._clock,
            sounds=Sounds(self._link.sounds, self._link.tenant_sounds),
            hears=hears,
        )
        self._channels.put_nowait(channel)
        return channel

    def _heard(self, event: EslEvent) -> None:
        leg = events.leg_of(event, self.node)
        known = self._legs.knows(leg)
        self._legs.heard(event)
        self._devices.heard(event)
        self._talks.heard(event)
        if event.name == "MESSAGE_QUERY":
            self._spawn(self._lamps.asked(event))
        self._watches.heard(event)
        if event.name == "CHANNEL_HANGUP_COMPLETE":
            if (script := self._scripts.get(leg)) is not None:
                script.hung_up(event)
            elif not known:
                self._left_unasked(event)
        for told in (self._keys.heard(event), events.to_event(event, self.node)):
            if told is not None:
                self._tell(told)
        if (left := self._joins.over(event)) is not None:
            self._spawn(self._drop(left))
        if (joined := self._joins.heard(event)) is not None:
            self._legs.adopted(joined.to_leg, joined.call)
            party = self._legs.endpoint_of(joined.to_leg)
            self._spawn(self._talks.now_of(joined, party))
            self._tell(joined)

    async def _up(self) -> None:
        try:
            await self._look()
        except PbxProblem as problem:
            _log.warning("phones and channels could not be asked for", why=str(problem))
        self._tell(LinkUp(node=self.node))

    def _down(self, why: str) -> None:
        self._tell(LinkDown(node=self.node, why=why))

    async def _look(self) -> None:
        """What was not told while the link was down."""
        registered = await self._rows("registrations")
        self._devices.registered({row["reg_user"] for row in registered})
        channels, known = await self._rows("channels"), set(self._legs.names)
        self._legs.listed(channels)
        self._devices.listed(channels)
        for name in self._legs.names:
            if (await self._eye.api("uuid_exists", name)).strip() == "true":
                continue
            if name in known:
                noted = LegId(f"{self.node}/{name}") in self._scripts
                call = self._legs.call_of(name)
                self._heard(await self._notes.missed_end(name, call, noted=noted))
            self._legs.forget({name})

    async def _rows(self, what: str) -> list[dict[str, str]]:
        answer = await self._eye.api("show", what, "as", "json")
        try:
            return list(json.loads(answer).get("rows", []))
        except ValueError:
            raise PbxProblem(f"FreeSWITCH does not list its {what}: {answer[:80]}.") from None
