"""One Asterisk as the port wants it: FastAGI brings the calls, AMI everything else."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from panoramisk.message import Message

from callcenter.kernel.clock import Clock
from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import checked
from callcenter.pbx.asterisk import events, lamps
from callcenter.pbx.asterisk.agi_server import AgiServer
from callcenter.pbx.asterisk.agi_session import AgiSession
from callcenter.pbx.asterisk.ami import ActionRefused, AmiLink
from callcenter.pbx.asterisk.arrival import read_arrival
from callcenter.pbx.asterisk.channel import NO_KEY, AsteriskChannel
from callcenter.pbx.asterisk.health import ask_channels, ask_trunk
from callcenter.pbx.asterisk.orphans import FAMILY, read_orphan
from callcenter.pbx.asterisk.saying import Saying
from callcenter.pbx.asterisk.talks import TalkControl
from callcenter.pbx.asterisk.tapes import Tapes
from callcenter.pbx.causes import Cause
from callcenter.pbx.dial_watch import DialWatch
from callcenter.pbx.node import Node
from callcenter.pbx.port import (
    DeviceState,
    DialProgress,
    Ended,
    LegEnded,
    LegId,
    LinkDown,
    LinkUp,
    LiveLeg,
    Prompt,
    Transferred,
    TrunkSeen,
)
from callcenter.pbx.sounds import Sounds

_HANGUP_GRACE = 3.0  # seconds in which the dialplan hangs up by itself
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class AsteriskLink:
    """Where an Asterisk is and how to reach it.

    ``sounds`` is the folder of the built-in prompts, ``tenant_sounds`` that of the tenants' own.
    """

    ami_host: str
    ami_port: int
    ami_user: str
    ami_secret: str = field(repr=False)
    fastagi_host: str
    fastagi_port: int
    fastagi_key: str = field(repr=False)
    sounds: Path
    tenant_sounds: Path | None = None
    node: str = "pbx1"


class AsteriskNode(Node[TalkControl]):
    """See :class:`callcenter.pbx.port.Pbx`."""

    def __init__(self, link: AsteriskLink, clock: Clock) -> None:
        super().__init__(link.node)
        self._link = link
        self._clock = clock
        self._watches: dict[LegId, DialWatch] = {}
        self._leaving: dict[LegId, asyncio.Event] = {}
        self._joined: set[LegId] = set()
        self._ending: set[LegId] = set()
        self._handed: dict[LegId, LegId] = {}  # whom phones put into the place of their second line
        self._scripts: dict[LegId, AsteriskChannel] = {}
        self._agi = AgiServer(link.fastagi_host, link.fastagi_port, link.fastagi_key, self._arrived)
        self._ami = AmiLink(
            host=link.ami_host,
            port=link.ami_port,
            user=link.ami_user,
            secret=link.ami_secret,
            on_message=self._heard,
            on_up=self._up,
            on_down=lambda why: self._tell(LinkDown(node=link.node, why=why)),
        )
        self._tapes = Tapes(self._ami, clock)
        self._saying = Saying(self._ami, Sounds(link.sounds, link.tenant_sounds))
        self._talks = TalkControl(
            link.node,
            self._ami,
            clock,
            local=self._local,
            hang_up=self._drop,
            spawn=self._spawn,
        )

    async def start(self) -> None:
        """See the port.

        Raises:
            PbxProblem: the FastAGI port cannot be had.
        """
        await self._agi.start()
        self._ami.start()

    async def stop(self) -> None:
        """See the port."""
        await self._agi.stop()
        await self._end_tasks()
        await self._ami.stop()

    async def hangup(self, leg: LegId, cause: Cause) -> bool:
        """See the port."""
        for watch in self._watches.values():
            if leg in watch.legs:
                watch.called_off = True
        try:
            await self._ami.ask(
                {"Action": "Hangup", "Channel": self._local(leg), "Cause": str(int(cause))}
            )
        except ActionRefused:
            return False
        return True

    async def legs(self) -> list[LiveLeg]:
        """See the port."""
        rows = await self._ami.ask_list({"Action": "Status", "Variables": events.LEG_VARIABLES})
        legs = (events.to_leg(row, self.node) for row in rows)
        return [leg for leg in legs if leg is not None]

    async def devices(self) -> dict[str, DeviceState]:
        """See the port."""
        rows = await self._ami.ask_list({"Action": "PJSIPShowEndpoints"})
        seen = (events.to_device(row) for row in rows)
        return {device.extension: device.state for device in seen if device is not None}

    async def trunks(self, names: Sequence[str]) -> dict[str, TrunkSeen]:
        """See the port."""
        return {name: await ask_trunk(self._ami, name) for name in names}

    async def channels(self) -> int:
        """See the port."""
        return await ask_channels(self._ami)

    async def orphans(self) -> dict[str, Ended]:
        """See the port."""
        rows = await self._ami.ask_list({"Action": "DBGetTree", "Family": FAMILY})
        return dict(read_orphan(str(row.key), str(row.val), self.node) for row in rows)

    async def forget_orphan(self, call: str) -> None:
        """See the port."""
        action = {"Action": "DBDel", "Family": FAMILY, "Key": checked.call_name(call)}
        try:
            await self._ami.ask(action)
        except ActionRefused:
            _log.debug("an ended call was forgotten already", call=call)

    async def say(self, leg: LegId, prompts: Sequence[Prompt], *, both: bool) -> bool:
        """See the port."""
        return await self._saying.say(self._local(leg), prompts, both=both)

    async def record(self, leg: LegId, path: Path) -> bool:
        """See the port."""
        return await self._tapes.record(self._local(leg), path)

    async def stop_recording(self, leg: LegId) -> bool:
        """See the port."""
        return await self._tapes.stop(self._local(leg))

    async def pause_recording(self, leg: LegId) -> bool:
        """See the port."""
        return await self._tapes.mute(self._local(leg), on=True)

    async def resume_recording(self, leg: LegId) -> bool:
        """See the port."""
        return await self._tapes.mute(self._local(leg), on=False)

    async def lamp(self, extension: str, new: int, old: int) -> None:
        """See the port."""
        await lamps.show(self._ami, extension, new, old)

    # -- for the channels ---------------------------------------------------------------------

    def watch(
        self, leg: LegId, parties: Sequence[str], on_progress: Callable[[DialProgress], None]
    ) -> DialWatch:
        """See :class:`~callcenter.pbx.asterisk.script.Switch`."""
        watch = DialWatch(parties, on_progress, lambda leg: self._spawn(self._drop(leg)))
        self._watches[leg] = watch
        return watch

    def unwatch(self, leg: LegId) -> None:
        """See :class:`~callcenter.pbx.asterisk.script.Switch`."""
        self._watches.pop(leg, None)

    async def interrupt(self, leg: LegId) -> None:
        """See :class:`~callcenter.pbx.asterisk.script.Switch`."""
        channel = self._local(leg)
        await self._ami.ask({"Action": "ControlPlayback", "Channel": channel, "Control": "stop"})
        await self._ami.ask(
            {
                "Action": "PlayDTMF",
                "Channel": channel,
                "Digit": NO_KEY,
                "Duration": "40",
                "Receive": "true",
            }
        )

    async def recording_settled(self, leg: LegId) -> None:
        """See :class:`~callcenter.pbx.asterisk.script.Switch`."""
        await self._tapes.settled(self._local(leg))

    def has_joined(self, leg: LegId) -> bool:
        """See :class:`~callcenter.pbx.asterisk.script.Switch`."""
        return leg in self._joined

    async def talks(self, leg: LegId) -> bool:
        """See :class:`~callcenter.pbx.asterisk.script.Switch`."""
        action = {"Action": "Getvar", "Channel": self._local(leg), "Variable": "BRIDGEPEER"}
        try:
            return bool(str((await self._ami.ask(action)).get("Value", "")))
        except PbxProblem:
            return False

    def see_to_hangup(self, leg: LegId, cause: Cause) -> None:
        """See :class:`~callcenter.pbx.asterisk.script.Switch`."""
        self._spawn(self._see_to_hangup(leg, cause))

    async def _see_to_hangup(self, leg: LegId, cause: Cause) -> None:
        gone = self._leaving.setdefault(leg, asyncio.Event())
        try:
            async with asyncio.timeout(_HANGUP_GRACE):
                await gone.wait()
        except TimeoutError:
            await self._drop(leg, cause)
        finally:
            self._leaving.pop(leg, None)

    async def _drop(self, leg: LegId, cause: Cause = Cause.NORMAL) -> None:
        try:
            await self.hangup(leg, cause)
        except PbxProblem as error:
            _log.error("a channel could not be hung up", leg=leg, error=str(error))

    # -- what comes in ------------------------------------------------------------------------

    def _arrived(self, session: AgiSession) -> None:
        arrival = read_arrival(session.environment, self.node, self._clock.now())
        self._scripts[arrival.leg] = channel = AsteriskChannel(
            session,
            arrival,
            switch=self,
            clock=self._clock,
            sounds=Sounds(self._link.sounds, self._link.tenant_sounds),
        )
        if arrival.leg in self._handed.values():  # it came by itself
            self._handed = {at: leg for at, leg in self._handed.items() if leg != arrival.leg}
        if arrival.leg in self._ending:
            channel.ends()
        self._channels.put_nowait(channel)

    def _heard(self, message: Message) -> None:
        if str(message.event).startswith("Dial"):
            self._heard_dial(message)
            return
        if message.event == "OriginateResponse":  # the end of a ringing of ours
            self._talks.heard_originate(message)
            return
        if message.event == "Pickup":
            self._heard_pickup(message)
            return
        if message.event == "UserEvent" and message.userevent in ("CcSaying", "CcSaid"):
            self._saying.heard(message)
            return
        if message.event == "HangupRequest":
            self._heard_end(LegId(f"{self.node}/{message.uniqueid}"))
            return
        if message.event == "ChanSpyStart":
            self._talks.heard_eavesdropping(message)
        if handed := events.handed_over(message, self.node):
            self._handed.update([handed])
        event = events.to_event(message, self.node)
        if event is None:
            return
        if isinstance(event, LegEnded):
            self._leg_ended(event.leg, event.cause)
        if isinstance(event, Transferred):
            self._joined.add(event.consult_leg)
            self._spawn(self._talks.now_of(event))
        self._tell(event)

    def _up(self) -> None:
        """Ends that were not told while the connection was away are not waited for."""
        self._ending.clear()
        self._handed.clear()
        live = ((leg, script) for leg, script in self._scripts.items() if not script.ended.done())
        self._scripts = dict(live)
        self._tell(LinkUp(node=self.node))

    def _leg_ended(self, leg: LegId, cause: Cause) -> None:
        self._talks.leg_ended(leg, cause)
        self._tapes.gone(leg.partition("/")[2])
        self._saying.gone(leg.partition("/")[2])
        self._joined.discard(leg)
        self._ending.discard(leg)
        self._scripts.pop(leg, None)
        for watch in list(self._watches.values()):
            watch.leg_ended(leg, cause, self._clock.now())
        if leg in self._leaving:
            self._leaving[leg].set()
        if handed := self._handed.pop(leg, None):  # it has taken the place of this one
            self._spawn(self._hand_over(handed))

    async def _hand_over(self, leg: LegId) -> None:
        """Whatever was recorded on either of the two channels is over with what it was of."""
        for _ in range(2):
            await self._tapes.stop(self._local(leg))
        await self._talks.hand_over(leg)

    def _heard_end(self, leg: LegId) -> None:
        """It is about to end; its script may not have come yet."""
        self._ending.add(leg)
        if leg in self._scripts:
            self._scripts[leg].ends()

    def _heard_dial(self, message: Message) -> None:
        owner = events.owner_of(message) or message.uniqueid
        watch = self._watches.get(LegId(f"{self.node}/{owner}"))
        if watch is None:
            return
        leg, now = LegId(f"{self.node}/{message.destuniqueid}"), self._clock.now()
        came_by, door = events.door_of(message.channel), events.door_of(message.destchannel)
        status = events.refusal(str(message.dialstatus))
        match message.event, message.dialstatus:
            case "DialBegin", _ if door:
                watch.door_made(door, str(message.dialstring).partition("@")[0])
            case "DialEnd", "ANSWER" if door:
                watch.joined(door, now)
            case "DialEnd", _ if door and status is not None:
                watch.door_closed(door, status, now)
            case _ if door:
                pass  # what matters happens behind it
            case "DialBegin", _:
                if came_by:
                    watch.begun_apart(came_by, leg)
                watch.begun(leg, str(message.dialstring).partition("@")[0])
            case "DialState", "RINGING":
                watch.ringing(leg, now)
            case "DialEnd", "ANSWER" if not came_by:
                watch.answered(leg, now)
            case "DialEnd", _ if status is not None and not came_by:
                watch.refuses(leg, status)

    def _heard_pickup(self, message: Message) -> None:
        """The two channels change names and ids: from now on the leg is the one that picked up."""
        leg, by = (f"{self.node}/{one}" for one in (message.targetuniqueid, message.uniqueid))
        for watch in self._watches.values():
            watch.picked_up(LegId(leg), LegId(by), events.endpoint_of(str(message.channel)))
