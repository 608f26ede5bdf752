"""The node: channels walking the dialplan, phones seen, and events for who is logged in."""

import asyncio
import contextlib
from pathlib import Path

from callcenter.pbx.embedded import templates
from callcenter.settings import PROJECT
from tests.support import switching
from tests.support.asterisk.ami import AmiConnection
from tests.support.asterisk.apps import APPLICATIONS
from tests.support.asterisk.channel import Channel, Gone
from tests.support.asterisk.dialplan import Dialplan, Step, evaluate, expand

TEMPLATE = PROJECT / "dialplans" / "asterisk" / "extensions.conf"


class FakeAsterisk(switching.Switch):
    """Runs until :meth:`stop`; an engine may come and go."""

    user, secret, key = "callcenter", "s3cret", "key"

    def __init__(self, prompts: Path) -> None:
        super().__init__()
        self.channels: dict[str, Channel] = {}
        self.connections: set[AmiConnection] = set()
        values: dict[str, object] = {"fastagi_port": self.call_port, "fastagi_key": self.key}
        text = templates.fill(TEMPLATE.read_text(), {**values, "prompts": prompts}, where="here")
        self.dialplan = Dialplan(text)
        self._seen: dict[str, str] = {}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await AmiConnection(self, reader, writer).run()

    # -- channels -----------------------------------------------------------------------------

    def channel(self, name: str) -> Channel | None:
        """By name or unique id, while it is up."""
        found = self.channels.get(name) or self.by_name(name)
        return found if found is not None and found.up else None

    def by_name(self, name: str) -> Channel | None:
        """By its name."""
        return next((one for one in self.channels.values() if one.name == name), None)

    def begin(self, channel: Channel) -> None:
        """A channel that walks the dialplan from where it stands."""
        self.channels[channel.uniqueid] = channel
        self.spawn(self._live(channel))

    def add(self, channel: Channel) -> None:
        """A channel that somebody else leads; its end is seen here."""
        self.channels[channel.uniqueid] = channel
        self.spawn(self._end_of(channel))

    async def _end_of(self, channel: Channel) -> None:
        while channel.up:
            await channel.changes()
        self.bury(channel)

    def bury(self, channel: Channel) -> None:
        """A channel that has ended is told."""
        self.channels.pop(channel.uniqueid, None)
        self.fire("Hangup", channel, Cause=str(channel.cause))
        self.states()

    async def _live(self, channel: Channel) -> None:
        while channel.up:
            channel.sent = False
            try:
                await self.follow(channel)
                channel.hang_up(16)
            except Gone:
                continue
        if self.dialplan.steps(channel.context, "h"):
            channel.exten, channel.priority = "h", 1
            channel.sent = False
            await self.follow(channel, dead=True)
        self.bury(channel)

    async def follow(self, channel: Channel, *, dead: bool = False) -> None:
        """Do what the dialplan says from where the channel stands; ``dead``: although it is gone.

        Raises:
            Gone: it was hung up, or sent elsewhere.
        """
        while True:
            steps = self.dialplan.steps(channel.context, channel.exten)
            if not 0 < channel.priority <= len(steps):
                return
            step = steps[channel.priority - 1]
            data = expand(step.data, channel.look)
            if goes := self.goes_to(channel, step, data):
                channel.context, channel.exten, channel.priority = goes
            elif step.application == "Return":
                return
            else:
                with contextlib.suppress(*([Gone] if dead else [])):
                    assert await self.execute(channel, step.application, data), step
                    channel.require()
                channel.priority += 1

    def goes_to(self, channel: Channel, step: Step, data: str) -> tuple[str, str, int] | None:
        """Where Goto or GotoIf leads."""
        if step.application == "GotoIf":
            test, _, labels = data.partition("?")
            yes, _, no = labels.partition(":")
            data = yes if evaluate(test) not in ("", "0") else no
            if not data:
                return channel.context, channel.exten, channel.priority + 1
        elif step.application != "Goto":
            return None
        place = [channel.context, channel.exten, *data.split(",")][-3:]
        place = [*[channel.context, channel.exten, ""][: 3 - len(place)], *place]
        context, exten, label = place
        return context, exten, self.dialplan.label(context, exten, label) + 1

    async def execute(self, channel: Channel, name: str, data: str) -> bool:
        """Run an application; whether there is one."""
        application = APPLICATIONS.get(name)
        if application is not None:
            await application(channel, data)
        return application is not None

    async def subroutine(self, channel: Channel, where: str) -> None:
        """Gosub on a channel that stands nowhere."""
        context, exten, priority = where.split("^") if "^" in where else (where, "s", "1")
        before = channel.context, channel.exten, channel.priority
        channel.context, channel.exten, channel.priority = context, exten, int(priority)
        await self.follow(channel)
        channel.context, channel.exten, channel.priority = before

    # -- events -------------------------------------------------------------------------------

    def fire(self, name: str, channel: Channel | None, **fields: str) -> None:
        """Tell an event to whoever is logged in."""
        rows = [("Event", name)]
        if channel is not None:
            rows += [("Channel", channel.name), ("Uniqueid", channel.uniqueid)]
            rows += channel.told_variables()
        rows += list(fields.items())
        for connection in list(self.connections):
            connection.send(rows)

    def states(self) -> None:
        """Phones that are seen in another state are told."""
        for number, seat in self.registered.items():
            if self._seen.get(number) != seat.state:
                self._seen[number] = seat.state
                self.fire("DeviceStateChange", None, Device=f"PJSIP/{number}", State=seat.state)
